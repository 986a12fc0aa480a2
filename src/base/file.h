/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef enum FileSync {
        FILE_VOLATILE, /* temp + rename: readers see old or new, a power cut may lose it */
        FILE_DURABLE,  /* temp + fdatasync + rename + fsync of the directory */
} FileSync;

/* Reads a whole regular file below dir_fd (or AT_FDCWD), at most limit bytes: a larger file is an
 * error (EFBIG), never cut. *ret_bytes is NUL-terminated behind its length. Follows symlinks:
 * callers with paths from outside open with sys_open_in_root() and use file_read_fd(). */
bool file_read(int dir_fd, const char *path, size_t limit, GBytes **ret_bytes, GError **error);
bool file_read_fd(int fd, const char *what, size_t limit, GBytes **ret_bytes, GError **error);
bool file_read_text(int dir_fd, const char *path, size_t limit, char **ret_text, GError **error);

/* Replaces dir_fd/name atomically by a temporary file ".tmp-NAME.XXXXXX" in the same directory. */
bool file_replace(
                int dir_fd,
                const char *name,
                const void *bytes,
                size_t size,
                mode_t mode,
                FileSync sync,
                GError **error);

/* mkdir -p below dir_fd (or AT_FDCWD); existing directories are left as they are. */
bool file_make_directories(int dir_fd, const char *path, mode_t mode, GError **error);

/* Removes a tree below dir_fd, never following symlinks nor crossing into another file system. A
 * tree that is not there is success. */
bool file_remove_tree(int dir_fd, const char *path, GError **error);
