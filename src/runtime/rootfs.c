/* SPDX-License-Identifier: Apache-2.0 */
/* Overlay mounts by the new mount API, and by mount(2) where a kernel lacks "lowerdir+". */
#include "runtime/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "runtime/apart.h"
#include "runtime/idmap.h"

#define ROOTFS_LAYERS_MAX 500 /* overlayfs's own limit, OVL_MAX_STACK */

/* The layers as overlayfs is told of them: by path, or, id-mapped, by descriptors of detached
 * mounts whose ids are the container's (upper and work too, so that on disk all is as the image has
 * it and the range may be another the next time). */
typedef struct Layers {
        GArray *fds; /* of int */
        GPtrArray *lower;
        char *upper, *work;
} Layers;

static void layers_clear(Layers *layers) {
        g_clear_pointer(&layers->fds, g_array_unref);
        g_clear_pointer(&layers->lower, g_ptr_array_unref);
        g_clear_pointer(&layers->upper, g_free);
        g_clear_pointer(&layers->work, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Layers, layers_clear)

static bool open_mapped(const char *path, int userns_fd, Layers *layers, int *ret, GError **error) {
        int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (fd < 0)
                return error_set_errno(error, fd, "Cannot open layer '%s'", path);
        g_array_append_val(layers->fds, fd);
        int r = id_map_mount(fd, userns_fd, false);
        if (r < 0)
                return error_set_errno(
                                error, r,
                                "Cannot map the ids of layer '%s': a user namespace needs a kernel "
                                "and a file system with id-mapped mounts, mount_setattr(2)",
                                path);
        *ret = fd;
        return true;
}

static bool open_layers(const OverlayRequest *request, Layers *layers, GError **error) {
        char name[32];
        int fd = -1;
        layers->fds = g_array_new(FALSE, FALSE, sizeof(int));
        g_array_set_clear_func(layers->fds, (GDestroyNotify) fd_close);
        layers->lower = g_ptr_array_new_with_free_func(g_free);
        bool mapped = request->userns_fd >= 0;
        for (const char *const *lower = request->lower_paths; *lower; lower++) {
                if (mapped && !open_mapped(*lower, request->userns_fd, layers, &fd, error))
                        return false;
                g_ptr_array_add(layers->lower, g_strdup(mapped ? fd_path(fd, name) : *lower));
        }
        if (!request->upper_path || !mapped) {
                layers->upper = g_strdup(request->upper_path);
                layers->work = g_strdup(request->work_path);
                return true;
        }
        /* both below one mount, as overlayfs wants it */
        g_autofree char *parent = g_path_get_dirname(request->upper_path);
        g_autofree char *upper = g_path_get_basename(request->upper_path);
        g_autofree char *work = g_path_get_basename(request->work_path);
        if (!open_mapped(parent, request->userns_fd, layers, &fd, error))
                return false;
        layers->upper = g_build_filename(fd_path(fd, name), upper, NULL);
        layers->work = g_build_filename(fd_path(fd, name), work, NULL);
        return true;
}

static int set_layers(int fs, const OverlayRequest *request, const Layers *layers) {
        int r = 0;
        for (guint i = 0; i < layers->lower->len && r >= 0; i++)
                r = sys_fsconfig_string(fs, "lowerdir+", layers->lower->pdata[i]);
        if (r >= 0 && layers->upper)
                r = sys_fsconfig_string(fs, "upperdir", layers->upper);
        if (r >= 0 && layers->upper)
                r = sys_fsconfig_string(fs, "workdir", layers->work);
        if (r >= 0 && layers->upper && request->is_volatile)
                r = sys_fsconfig_flag(fs, "volatile");
        if (r >= 0 && request->is_user)
                r = sys_fsconfig_flag(fs, "userxattr");
        return r;
}

/* Kernels before 6.5 take one option string of a page: every layer is opened and named by its
 * descriptor, which fits 200 of them. Drop when the oldest kernel is 6.5. */
static char *option_string(const OverlayRequest *request, const Layers *layers, GError **error) {
        g_autoptr(GString) options = g_string_new("lowerdir=");
        char name[32];
        for (guint i = 0; i < layers->lower->len; i++) {
                const char *path = layers->lower->pdata[i];
                if (request->userns_fd < 0) {
                        int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
                        if (fd < 0) {
                                error_set_errno(error, errno, "Cannot open layer '%s'", path);
                                return NULL;
                        }
                        g_array_append_val(layers->fds, fd);
                        path = fd_path(fd, name);
                }
                g_string_append_printf(options, "%s%s", i > 0 ? ":" : "", path);
        }
        if (layers->upper)
                g_string_append_printf(
                                options, ",upperdir=%s,workdir=%s%s", layers->upper, layers->work,
                                request->is_volatile ? ",volatile" : "");
        if (request->is_user)
                g_string_append(options, ",userxattr");
        if (options->len < 4096)
                return g_string_free(g_steal_pointer(&options), FALSE);
        error_set_errno(error, E2BIG, "Cannot mount %u layers on this kernel", layers->lower->len);
        return NULL;
}

/* mount(2), in a namespace of our own: the clone is private, as a new mount would be, which
 * pivot_root(2) wants of a root. */
static int
mount_by_string(const OverlayRequest *request, const Layers *layers, int *ret_fd, GError **error) {
        static const struct mount_attr private = { .propagation = MS_PRIVATE };
        g_autofree char *options = option_string(request, layers, error);
        if (!options)
                return -E2BIG;
        if (mkdir("root", 0700) < 0 || mount("overlay", "root", "overlay", 0, options) < 0)
                return -errno;
        autofd int fd = sys_open_tree(AT_FDCWD, "root", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        int r = fd < 0 ? fd : sys_mount_setattr(fd, "", AT_EMPTY_PATH, &private);
        if (r >= 0)
                *ret_fd = fd_steal(&fd);
        return r;
}

static int
mount_by_calls(const OverlayRequest *request, const Layers *layers, int *ret_fd, char why[256]) {
        autofd int fs = sys_fsopen("overlay", FSOPEN_CLOEXEC);
        *why = '\0';
        int r = fs < 0 ? fs : set_layers(fs, request, layers);
        if (r >= 0)
                r = sys_fsconfig_create(fs);
        int mounted = r >= 0 ? sys_fsmount(fs, FSMOUNT_CLOEXEC, 0) : r;
        if (mounted < 0 && fs >= 0)
                sys_fs_message(fs, why, 256);
        else
                *ret_fd = mounted;
        return mounted < 0 ? mounted : 0;
}

/* Detached mounts are attached here, under names of one letter or a few: so many fit an option. */
static bool attach(const Layers *layers, Layers *attached, GError **error) {
        attached->lower = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < layers->fds->len; i++) {
                g_autofree char *name = g_strdup_printf("%u", i);
                int fd = g_array_index(layers->fds, int, i);
                int r = mkdir(name, 0755) < 0 ? -errno
                                              : sys_move_mount(fd, "", AT_FDCWD, name,
                                                               MOVE_MOUNT_F_EMPTY_PATH);
                if (r < 0)
                        return error_set_errno(error, r, "Cannot attach a layer");
                if (i < layers->lower->len) {
                        g_ptr_array_add(attached->lower, g_steal_pointer(&name));
                        continue;
                }
                g_autofree char *upper = g_path_get_basename(layers->upper);
                g_autofree char *work = g_path_get_basename(layers->work);
                attached->upper = g_build_filename(name, upper, NULL);
                attached->work = g_build_filename(name, work, NULL);
        }
        return true;
}

static bool enter_ids(const OverlayRequest *request, FileIds *ids, GError **error) {
        /* overlayfs makes its files with the mounter's ids, and through an idmapped upper it must
         * be one that the map has: the work directory could not be made, and the mount would
         * silently be read-only */
        return request->userns_fd < 0 ||
               file_ids_enter(request->root_uid, request->root_gid, ids, error);
}

typedef struct Apart {
        const OverlayRequest *request;
        const Layers *layers;
} Apart;

static bool mount_apart(void *data, GArray *fds, GError **error) {
        const Apart *apart = data;
        g_auto(Layers) attached = { 0 };
        g_auto(FileIds) ids = { 0 };
        bool mapped = apart->request->userns_fd >= 0;
        const Layers *used = mapped ? &attached : apart->layers;
        char why[256];
        int fd = -1;
        if ((mapped && !attach(apart->layers, &attached, error)) ||
            !enter_ids(apart->request, &ids, error))
                return false;
        int r = mount_by_calls(apart->request, used, &fd, why);
        if (r == -EINVAL || r == -ENOSYS)
                r = mount_by_string(apart->request, used, &fd, error);
        if (r < 0 && !*error)
                error_set_errno(error, r, "Cannot mount the root file system");
        if (r >= 0)
                g_array_append_val(fds, fd);
        return r >= 0;
}

/* For kernels before 6.5, which have no "lowerdir+" and, worse, take any option of overlayfs and
 * refuse at the end; and before 6.15, whose overlayfs wants its layers attached somewhere, which
 * id-mapped ones are not. */
static bool
mount_elsewhere(const OverlayRequest *request, const Layers *layers, int *ret_fd, GError **error) {
        g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));
        Apart apart = { request, layers };
        if (!apart_run(request->attach_path, mount_apart, &apart, fds, error))
                return false;
        *ret_fd = g_array_index(fds, int, 0);
        return true;
}

static bool
mount_here(const OverlayRequest *request,
           const Layers *layers,
           int *ret_fd,
           int *ret_result,
           char why[256],
           GError **error) {
        g_auto(FileIds) ids = { 0 };
        if (!enter_ids(request, &ids, error))
                return false;
        *ret_result = mount_by_calls(request, layers, ret_fd, why);
        return true;
}

/* One layer with nothing over it is no overlay, which wants two: a copy of its mount does. */
static bool mount_single(const OverlayRequest *request, int *ret_fd, GError **error) {
        static const struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY,
                                                    .propagation = MS_PRIVATE };
        const char *path = request->lower_paths[0];
        autofd int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        int r = fd >= 0 && request->userns_fd >= 0 ? id_map_mount(fd, request->userns_fd, false)
                                                   : 0;
        if (fd >= 0 && r >= 0)
                r = sys_mount_setattr(fd, "", AT_EMPTY_PATH, &readonly);
        if (fd < 0 || r < 0)
                return error_set_errno(error, fd < 0 ? fd : r, "Cannot show layer '%s'", path);
        *ret_fd = fd_steal(&fd);
        return true;
}

bool rootfs_mount_overlay(const OverlayRequest *request, int *ret_fd, GError **error) {
        guint n = g_strv_length((char **) request->lower_paths);
        if (n > ROOTFS_LAYERS_MAX)
                return error_set_invalid(
                                error, "Cannot mount %u layers, the limit is %d", n,
                                ROOTFS_LAYERS_MAX);
        if (n == 1 && !request->upper_path)
                return mount_single(request, ret_fd, error);
        g_auto(Layers) layers = { 0 };
        char why[256];
        int r;
        if (!open_layers(request, &layers, error))
                return false;
        if (!mount_here(request, &layers, ret_fd, &r, why, error))
                return false;
        if ((r == -EINVAL || r == -ENOSYS) && request->attach_path)
                return mount_elsewhere(request, &layers, ret_fd, error);
        if (r == -ENODEV)
                return error_set_errno(
                                error, r, "Cannot use overlay, is the kernel module loaded?");
        return r >= 0 ||
               error_set_errno(error, r, "Cannot mount the root file system over '%s'%s%s%s",
                               request->upper_path ? request->upper_path : request->lower_paths[0],
                               *why ? " (" : "", why, *why ? ")" : "");
}

bool rootfs_mount_directory(const char *path, int *ret_fd, GError **error) {
        autofd int fd = sys_open_tree(
                        AT_FDCWD, path, OPEN_TREE_CLONE | AT_RECURSIVE | OPEN_TREE_CLOEXEC);
        if (fd < 0)
                return error_set_errno(error, fd, "Cannot use '%s' as root file system", path);
        /* a clone is a peer of what it was cloned from: without this every mount of the container
         * would appear on the host's directory, mount_namespaces(7) */
        const struct mount_attr slave = { .propagation = MS_SLAVE };
        int r = sys_mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &slave);
        if (r < 0)
                return error_set_errno(error, r, "Cannot detach '%s' from the host's mounts", path);
        *ret_fd = fd_steal(&fd);
        return true;
}
