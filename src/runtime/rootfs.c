/* SPDX-License-Identifier: Apache-2.0 */
/* Overlay mounts by the new mount API, and by mount(2) where a kernel lacks "lowerdir+". */
#include "runtime/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"

#define ROOTFS_LAYERS_MAX 500 /* overlayfs's own limit, OVL_MAX_STACK */

static int set_layers(int fs, const OverlayRequest *request) {
        int r = 0;
        for (const char *const *lower = request->lower_paths; *lower && r >= 0; lower++)
                r = sys_fsconfig_string(fs, "lowerdir+", *lower);
        if (r >= 0 && request->upper_path)
                r = sys_fsconfig_string(fs, "upperdir", request->upper_path);
        if (r >= 0 && request->upper_path)
                r = sys_fsconfig_string(fs, "workdir", request->work_path);
        if (r >= 0 && request->upper_path && request->is_volatile)
                r = sys_fsconfig_flag(fs, "volatile");
        return r;
}

/* Kernels before 6.5 take one option string of a page: every layer is opened and named by its
 * descriptor, which fits 200 of them. The mount is seen at attach_path for a moment, then cloned
 * off. Drop when the oldest kernel is 6.5. */
static int mount_by_string(const OverlayRequest *request, int *ret_fd, GError **error) {
        g_autoptr(GString) options = g_string_new("lowerdir=");
        g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));
        g_array_set_clear_func(fds, (GDestroyNotify) fd_close);
        char name[32];
        for (const char *const *lower = request->lower_paths; *lower; lower++) {
                int fd = open(*lower, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (fd < 0)
                        return error_set_errno(error, errno, "Cannot open layer '%s'", *lower);
                g_array_append_val(fds, fd);
                g_string_append_printf(options, "%s%s", fds->len > 1 ? ":" : "", fd_path(fd, name));
        }
        if (request->upper_path)
                g_string_append_printf(
                                options, ",upperdir=%s,workdir=%s%s", request->upper_path,
                                request->work_path, request->is_volatile ? ",volatile" : "");
        if (options->len >= 4096)
                return error_set_errno(
                                error, E2BIG, "Cannot mount %u layers on this kernel", fds->len);
        if (mount("overlay", request->attach_path, "overlay", 0, options->str) < 0)
                return error_set_errno(error, errno, "Cannot mount the root file system");
        int fd = sys_open_tree(AT_FDCWD, request->attach_path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        (void) umount2(request->attach_path, MNT_DETACH); /* the clone is what we keep */
        if (fd < 0)
                return error_set_errno(error, fd, "Cannot clone the root mount");
        *ret_fd = fd;
        return true;
}

bool rootfs_mount_overlay(const OverlayRequest *request, int *ret_fd, GError **error) {
        guint n = g_strv_length((char **) request->lower_paths);
        if (n > ROOTFS_LAYERS_MAX)
                return error_set_invalid(
                                error, "Cannot mount %u layers, the limit is %d", n,
                                ROOTFS_LAYERS_MAX);
        autofd int fs = sys_fsopen("overlay", FSOPEN_CLOEXEC);
        if (fs < 0)
                return error_set_errno(
                                error, fs, "Cannot use overlay, is the kernel module loaded?");
        int r = set_layers(fs, request);
        if (r == -EINVAL && request->attach_path)
                return mount_by_string(request, ret_fd, error);
        if (r >= 0)
                r = sys_fsconfig_create(fs);
        int mounted = r >= 0 ? sys_fsmount(fs, FSMOUNT_CLOEXEC, 0) : r;
        if (mounted < 0) {
                char why[256];
                sys_fs_message(fs, why, sizeof why);
                return error_set_errno(
                                error, mounted, "Cannot mount the root file system over '%s'%s%s%s",
                                request->upper_path ? request->upper_path : request->lower_paths[0],
                                *why ? " (" : "", why, *why ? ")" : "");
        }
        *ret_fd = mounted;
        return true;
}

bool rootfs_mount_directory(const char *path, int *ret_fd, GError **error) {
        int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | AT_RECURSIVE | OPEN_TREE_CLOEXEC);
        if (fd < 0)
                return error_set_errno(error, fd, "Cannot use '%s' as root file system", path);
        *ret_fd = fd;
        return true;
}
