/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Files by name, from a directory or out of an archive: what oci:, dir: and the archive transports
 * read. Names from archives never become paths: each file is unpacked under a number. */
typedef struct Files Files;

Files *files_open_directory(const char *path, GError **error);

/* A new, empty set whose files live in the directory `scratch_fd` (borrowed, outlives us). */
Files *files_new_archive(int scratch_fd);
void files_free(Files *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Files, files_free)

#define ARCHIVE_FILES_MAX 100000

/* Feeds the bytes of a tar, possibly compressed. */
bool files_push(Files *files, const void *bytes, size_t size, GError **error);
bool files_push_end(Files *files, GError **error);
bool files_push_file(Files *files, int fd, GError **error); /* all of it, and the end */

bool files_has(Files *files, const char *name);

/* A descriptor for reading, or -1. Links of an archive are followed inside it. */
int files_open(Files *files, const char *name, GError **error);

/* A whole small file. */
bool files_read(Files *files, const char *name, size_t limit, GBytes **ret_bytes, GError **error);
