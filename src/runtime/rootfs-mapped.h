/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* A copy of an image's files with other owners, for maps that no id-mapped mount can give: an
 * unprivileged user may not map a host's file system. Made once for an image and a map. */

typedef struct MappedRequest {
        const char *const *lower_paths; /* topmost first */
        const char *attach_path;        /* as in OverlayRequest */
        const char *directory;          /* where copies are kept */
        const char *image_id;
        const GArray *uids, *gids; /* container id -> id in our namespace */
} MappedRequest;

/* The copy's directory, to be the only lower layer. Caller frees. */
char *rootfs_mapped_copy(const MappedRequest *request, GError **error);

/* Removes all copies of an image that was removed. */
bool rootfs_mapped_forget(const char *graph_root, const char *image_id, GError **error);
