/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The container's root file system as a detached mount: nobody else sees it, and it is gone with
 * the last mount namespace or descriptor that holds it. */

typedef struct OverlayRequest {
        const char *const *lower_paths; /* topmost first, at least one */
        const char *upper_path;         /* NULL: read-only, no upper */
        const char *work_path;
        bool is_volatile;        /* no fsync of the upper, overlayfs.rst "Volatile mount" */
        const char *attach_path; /* an empty directory, for kernels before 6.5 only */
        int userns_fd;           /* maps all layers' ids by it; -1: as on disk */
        uid_t root_uid;          /* with userns_fd: its root, outside */
        gid_t root_gid;
        bool is_user; /* mounted in a user namespace: "userxattr", overlayfs.rst */
} OverlayRequest;

/* *ret_fd is owned and close-on-exec. */
bool rootfs_mount_overlay(const OverlayRequest *request, int *ret_fd, GError **error);

/* A private copy of an existing directory's mount (--rootfs). */
bool rootfs_mount_directory(const char *path, int *ret_fd, GError **error);
