/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* A tree of files as a tar stream: ustar with pax records where those do not suffice
 * (POSIX.1-2001). Sockets are left out. */

typedef bool (*TreeTarWrite)(void *data, const void *bytes, size_t size, GError **error);

typedef struct TreeTar {
        TreeTarWrite write;
        void *data;
        const GArray *uids, *gids; /* of OciIdMapping: written ids are the inner ones; or NULL */
        bool one_mount;            /* of what is mounted in the tree only the mount point */
        GHashTable *links;         /* "DEV:INODE" -> name, made on first use */
} TreeTar;

void tree_tar_clear(TreeTar *tar);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TreeTar, tree_tar_clear)

/* The file or directory name in dir_fd, under the name `as`. Symbolic links are written as such. */
bool tree_tar_add(TreeTar *tar, int dir_fd, const char *name, const char *as, GError **error);

/* The same, of a directory itself alone. */
bool tree_tar_add_one(TreeTar *tar, int dir_fd, const char *name, const char *as, GError **error);

/* The mark that `as` of the layers below is gone, image-spec layer.md "Whiteouts". */
bool tree_tar_add_whiteout(TreeTar *tar, const char *as, GError **error);

/* What is in a directory; prefix "" or "name/". */
bool tree_tar_add_contents(TreeTar *tar, int dir_fd, const char *prefix, GError **error);

bool tree_tar_end(TreeTar *tar, GError **error);

/* For TreeTar.write; data: int *, a descriptor. */
bool tree_tar_write_fd(void *data, const void *bytes, size_t size, GError **error);
