/* SPDX-License-Identifier: Apache-2.0 */
/* Copies an image's merged tree, entry by entry, owners by the map. */
#include "runtime/rootfs-mapped.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "runtime/child-steps.h"
#include "runtime/idmap.h"
#include "runtime/rootfs.h"

#define DEPTH_MAX       256
#define XATTR_NAMES_MAX 65536
#define XATTR_VALUE_MAX 65536

typedef struct Copy {
        const GArray *uids, *gids;
} Copy;

static int own_entry(const Copy *copy, int dir_fd, const char *name, const struct stat *st) {
        uint32_t uid, gid;
        if (!id_map_to_host(copy->uids, st->st_uid, &uid) ||
            !id_map_to_host(copy->gids, st->st_gid, &gid))
                return -EOVERFLOW;
        if (fchownat(dir_fd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        /* after the owner, whose change clears set-id bits, chown(2) */
        if (!S_ISLNK(st->st_mode) && fchmodat(dir_fd, name, st->st_mode & 07777, 0) < 0)
                return -errno;
        const struct timespec times[2] = { st->st_atim, st->st_mtim };
        return utimensat(dir_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* File capabilities and user attributes; overlay's own are of the layers, not of the copy. */
static int copy_xattrs(int from_fd, int to_fd) {
        g_autofree char *names = g_malloc(XATTR_NAMES_MAX);
        g_autofree char *value = g_malloc(XATTR_VALUE_MAX);
        ssize_t n = flistxattr(from_fd, names, XATTR_NAMES_MAX);
        for (ssize_t at = 0; at < n; at += (ssize_t) strlen(names + at) + 1) {
                const char *name = names + at;
                if (g_str_has_prefix(name, "user.overlay.") || g_str_has_prefix(name, "trusted.") ||
                    g_str_has_prefix(name, "security.selinux"))
                        continue;
                ssize_t size = fgetxattr(from_fd, name, value, XATTR_VALUE_MAX);
                if (size >= 0 && fsetxattr(to_fd, name, value, (size_t) size, 0) < 0 &&
                    errno != EOPNOTSUPP)
                        return -errno;
        }
        return 0;
}

static int copy_file(int from_dir, int to_dir, const char *name) {
        autofd int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        autofd int to = openat(
                        to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (from < 0 || to < 0)
                return -errno;
        int r = copy_bytes_in_child(from, to);
        return r < 0 ? r : copy_xattrs(from, to);
}

static int copy_directory(const Copy *copy, int from_fd, int to_fd, unsigned int depth);

static int
copy_entry(const Copy *copy,
           int from_dir,
           int to_dir,
           const char *name,
           const struct stat *st,
           unsigned int depth) {
        int r = 0;
        if (S_ISDIR(st->st_mode)) {
                if (mkdirat(to_dir, name, 0700) < 0)
                        return -errno;
                autofd int from = openat(
                                from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                autofd int to = openat(
                                to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                r = from < 0 || to < 0 ? -errno : copy_directory(copy, from, to, depth + 1);
        } else if (S_ISREG(st->st_mode)) {
                r = copy_file(from_dir, to_dir, name);
        } else if (S_ISLNK(st->st_mode)) {
                char target[PATH_MAX];
                ssize_t n = readlinkat(from_dir, name, target, sizeof target - 1);
                if (n < 0)
                        return -errno;
                target[n] = '\0';
                r = symlinkat(target, to_dir, name) < 0 ? -errno : 0;
        } else if (S_ISFIFO(st->st_mode)) {
                r = mknodat(to_dir, name, S_IFIFO | 0600, 0) < 0 ? -errno : 0;
        } else {
                return 0; /* a device, which we may not make, or a socket without its server */
        }
        return r < 0 ? r : own_entry(copy, to_dir, name, st);
}

static int copy_directory(const Copy *copy, int from_fd, int to_fd, unsigned int depth) {
        if (depth > DEPTH_MAX)
                return -ELOOP;
        int dup_fd = fcntl(from_fd, F_DUPFD_CLOEXEC, 3);
        DIR *dir = dup_fd >= 0 ? fdopendir(dup_fd) : NULL;
        if (!dir) {
                fd_close(&dup_fd);
                return -errno;
        }
        int r = 0;
        for (struct dirent *e; r >= 0 && (e = readdir(dir));) {
                struct stat st;
                if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
                        continue;
                r = fstatat(from_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0
                                    ? -errno
                                    : copy_entry(copy, from_fd, to_fd, e->d_name, &st, depth);
        }
        closedir(dir);
        return r;
}

static bool fill(const MappedRequest *request, const char *path, GError **error) {
        autofd int merged = -1;
        const OverlayRequest overlay = {
                .lower_paths = request->lower_paths,
                .attach_path = request->attach_path,
                .userns_fd = -1,
                .is_user = true,
        };
        bool single = !request->lower_paths[1]; /* overlayfs wants two, or an upper */
        if (single) {
                merged = open(request->lower_paths[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (merged < 0)
                        return error_set_errno(
                                        error, errno, "Cannot open layer '%s'",
                                        request->lower_paths[0]);
        } else if (!rootfs_mount_overlay(&overlay, &merged, error)) {
                return false;
        }
        autofd int from = openat(merged, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        autofd int to = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat st;
        const Copy copy = { request->uids, request->gids };
        int r = from < 0 || to < 0 || fstat(from, &st) < 0 ? -errno : 0;
        if (r >= 0)
                r = copy_directory(&copy, from, to, 0);
        if (r >= 0)
                r = own_entry(&copy, to, ".", &st);
        return r >= 0 || error_set_errno(error, r,
                                         "Cannot copy the image's files for the id map of the user "
                                         "namespace to '%s'",
                                         path);
}

char *rootfs_mapped_copy(const MappedRequest *request, GError **error) {
        g_autofree char *uids = id_map_format(request->uids);
        g_autofree char *gids = id_map_format(request->gids);
        g_autofree char *both = g_strconcat(uids, "/", gids, NULL);
        g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, both, -1);
        g_autofree char *path = g_strdup_printf(
                        "%s/%.12s-%.12s", request->directory, request->image_id, hash);
        if (faccessat(AT_FDCWD, path, F_OK, 0) == 0)
                return g_steal_pointer(&path);
        g_autofree char *fresh = g_strdup_printf("%s.%08x", path, g_random_int());
        if (!file_make_directories(AT_FDCWD, fresh, 0700, error))
                return NULL;
        bool ok = fill(request, fresh, error);
        if (ok && rename(fresh, path) == 0)
                return g_steal_pointer(&path);
        int saved = errno;
        (void) file_remove_tree(AT_FDCWD, fresh, NULL); /* the first error is the one to tell */
        if (!ok)
                return NULL;
        if (saved == EEXIST || saved == ENOTEMPTY) /* another start made it meanwhile */
                return g_steal_pointer(&path);
        error_set_errno(error, saved, "Cannot keep '%s'", path);
        return NULL;
}

bool rootfs_mapped_forget(const char *graph_root, const char *image_id, GError **error) {
        g_autofree char *directory = g_build_filename(graph_root, "berth", "mapped", NULL);
        g_autofree char *prefix = g_strdup_printf("%.12s-", image_id);
        autofd int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd >= 0 ? fdopendir(dup(fd)) : NULL;
        bool ok = true;
        for (struct dirent *e; dir && ok && (e = readdir(dir));)
                if (g_str_has_prefix(e->d_name, prefix))
                        ok = file_remove_tree(fd, e->d_name, error);
        if (dir)
                closedir(dir);
        return ok;
}
