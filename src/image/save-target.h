/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Where `save` puts files: a tar archive or a directory. Names are our own ("blobs/sha256/…"). */
typedef struct SaveTarget SaveTarget;

SaveTarget *save_target_new_archive(int fd); /* borrowed */

/* Made when it is missing; one with anything in it is refused. */
SaveTarget *save_target_new_directory(const char *path, GError **error);
void save_target_free(SaveTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SaveTarget, save_target_free)

/* Announces a file of exactly size bytes, which save_target_bytes() then brings. */
bool save_target_begin(SaveTarget *target, const char *name, int64_t size, GError **error);
bool save_target_bytes(SaveTarget *target, const void *bytes, size_t size, GError **error);
bool save_target_end(SaveTarget *target, GError **error);

bool save_target_file(SaveTarget *target, const char *name, GBytes *bytes, GError **error);
bool save_target_finish(SaveTarget *target, GError **error);

/* Takes away what was written to a directory that could not be finished. */
void save_target_drop(SaveTarget *target);
