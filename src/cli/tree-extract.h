/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A tar stream -> files below a directory. Nothing outside of it is touched, whatever the names
 * say: no "..", and no symbolic link is followed, neither one of the archive nor one that is
 * there. The process runs with umask 0. */

typedef struct ExtractRequest {
        int dir_fd;        /* borrowed */
        bool overwrites;   /* directories by other files and the reverse */
        bool has_owner;    /* all files are these ids' (as we see them) */
        bool keeps_set_id; /* set-user-ID bits and capabilities too */
        bool makes_devices;
        uid_t uid;
        gid_t gid;
        const GArray *uids, *gids; /* without has_owner: from the archive's ids to ours; or NULL */
} ExtractRequest;

typedef struct Extract Extract;

Extract *extract_new(const ExtractRequest *request); /* copied; the maps are borrowed */
void extract_free(Extract *extract);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Extract, extract_free)

/* data: an Extract; fits TreeTar.write. */
bool extract_push(void *data, const void *bytes, size_t size, GError **error);
bool extract_finish(Extract *extract, GError **error);
