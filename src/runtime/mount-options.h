/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The option words of a mount of the runtime specification (config.md, "Linux mount options"),
 * sorted by who takes them. */

typedef struct MountOptions {
        uint64_t attributes_set; /* MOUNT_ATTR_*, mount_setattr(2) */
        uint64_t attributes_clear;
        uint64_t recursive_set; /* from the r-forms: rro, rnosuid, … */
        uint64_t recursive_clear;
        uint64_t propagation; /* MS_PRIVATE, …; 0: not given */
        bool propagation_recursive;
        bool is_bind;
        bool is_recursive_bind;
        bool copy_up;
        bool is_idmap; /* "idmap", "ridmap": ids by the container's user namespace */
        bool is_recursive_idmap;
        GPtrArray *data; /* of char *: "size=64k", what the file system itself reads */
} MountOptions;

/* Words that mean nothing to a mount ("U", "z", "Z") are an error here: they are dealt with before.
 */
bool mount_options_parse(
                const char *const *words,
                const char *what,
                MountOptions *ret_options,
                GError **error);
void mount_options_clear(MountOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MountOptions, mount_options_clear)

/* "rslave" -> MS_SLAVE and recursive; false if it is not a propagation word. */
bool mount_propagation_from_text(const char *text, uint64_t *ret_flag, bool *ret_recursive);

/* All words that mount_options_parse() knows. Caller frees. */
char **mount_options_known(void);
