/* SPDX-License-Identifier: Apache-2.0 */
/* Paths inside the container's root, always resolved by openat2(RESOLVE_IN_ROOT) and walked by
 * descriptor: an image or a volume may change under us, strings are never checked and then used. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "runtime/child-steps.h"

#define COPY_DEPTH_MAX 64

/* Copies the directory part of path into parent (PATH_MAX bytes); *ret_name is the last component.
 */
static int split_path(const char *path, char *parent, const char **ret_name) {
        size_t n = strlen(path);
        if (n == 0 || n >= PATH_MAX)
                return -ENAMETOOLONG;
        const char *slash = strrchr(path, '/');
        *ret_name = slash ? slash + 1 : path;
        size_t length = slash ? (size_t) (slash - path) : 0;
        memcpy(parent, path, length);
        parent[length] = '\0';
        if ((*ret_name)[0] == '\0' || strcmp(*ret_name, ".") == 0 || strcmp(*ret_name, "..") == 0)
                return -EINVAL;
        return 0;
}

/* Opens the directory at path below root_fd, making the missing components 0755 one by one. */
static int open_directories(int root_fd, const char *path) {
        if (path[0] == '\0')
                return sys_open_in_root(root_fd, ".", O_PATH | O_DIRECTORY, 0);
        int fd = sys_open_in_root(root_fd, path, O_PATH | O_DIRECTORY, 0);
        if (fd != -ENOENT)
                return fd;
        char parent[PATH_MAX];
        const char *name;
        int r = split_path(path, parent, &name);
        if (r < 0)
                return r;
        autofd int parent_fd = open_directories(root_fd, parent);
        if (parent_fd < 0)
                return parent_fd;
        if (mkdirat(parent_fd, name, 0755) < 0 && errno != EEXIST)
                return -errno;
        return sys_open_in_root(root_fd, path, O_PATH | O_DIRECTORY, 0);
}

int open_parent_in_child(int root_fd, const char *path, const char **ret_name) {
        char parent[PATH_MAX];
        int r = split_path(path, parent, ret_name);
        return r < 0 ? r : open_directories(root_fd, parent);
}

int open_target_in_child(int root_fd, const char *path, bool is_file) {
        int fd = sys_open_in_root(root_fd, path, O_PATH, 0);
        if (fd != -ENOENT)
                return fd;
        if (!is_file)
                return open_directories(root_fd, path);
        const char *name;
        autofd int parent_fd = open_parent_in_child(root_fd, path, &name);
        if (parent_fd < 0)
                return parent_fd;
        autofd int made =
                        openat(parent_fd, name,
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (made < 0 && errno != EEXIST)
                return -errno;
        return sys_open_in_root(root_fd, path, O_PATH, 0);
}

int copy_bytes_in_child(int from_fd, int to_fd) {
        for (;;) {
                ssize_t n = copy_file_range(from_fd, NULL, to_fd, NULL, 1 << 30, 0);
                if (n == 0)
                        return 0;
                if (n > 0)
                        continue;
                if (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS)
                        return -errno;
                break; /* not between these file systems: by hand */
        }
        char buffer[16384];
        for (;;) {
                ssize_t n = read(from_fd, buffer, sizeof buffer);
                if (n == 0)
                        return 0;
                if (n < 0 && errno == EINTR)
                        continue;
                int r = n < 0 ? -errno : fd_write_all(to_fd, buffer, (size_t) n);
                if (r < 0)
                        return r;
        }
}

static int copy_attributes(int to_dir_fd, const char *name, const struct stat *st) {
        if (fchownat(to_dir_fd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (!S_ISLNK(st->st_mode) && fchmodat(to_dir_fd, name, st->st_mode & 07777, 0) < 0)
                return -errno;
        const struct timespec times[2] = { st->st_atim, st->st_mtim };
        return utimensat(to_dir_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int
copy_entry(int from_fd, int to_fd, const char *name, const struct stat *st, unsigned int depth) {
        if (S_ISDIR(st->st_mode)) {
                if (mkdirat(to_fd, name, 0700) < 0 && errno != EEXIST)
                        return -errno;
                autofd int sub_from = openat(
                                from_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                autofd int sub_to = openat(
                                to_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (sub_from < 0 || sub_to < 0)
                        return -errno;
                int r = copy_tree_in_child(sub_from, sub_to, depth + 1);
                return r < 0 ? r : copy_attributes(to_fd, name, st);
        }
        if (S_ISREG(st->st_mode)) {
                autofd int source = openat(from_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
                autofd int copy =
                                openat(to_fd, name,
                                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
                if (source < 0 || copy < 0)
                        return -errno;
                int r = copy_bytes_in_child(source, copy);
                return r < 0 ? r : copy_attributes(to_fd, name, st);
        }
        if (S_ISLNK(st->st_mode)) {
                char target[PATH_MAX];
                ssize_t n = readlinkat(from_fd, name, target, sizeof target - 1);
                if (n < 0)
                        return -errno;
                target[n] = '\0';
                if (symlinkat(target, to_fd, name) < 0)
                        return -errno;
                return copy_attributes(to_fd, name, st);
        }
        if (S_ISFIFO(st->st_mode)) {
                if (mknodat(to_fd, name, S_IFIFO | 0600, 0) < 0)
                        return -errno;
                return copy_attributes(to_fd, name, st);
        }
        return 0; /* devices and sockets are not content to copy */
}

struct linux_dirent64 { /* getdents64(2) */
        uint64_t d_ino;
        int64_t d_off;
        uint16_t d_reclen;
        uint8_t d_type;
        char d_name[];
};

int copy_tree_in_child(int from_fd, int to_fd, unsigned int depth) {
        if (depth > COPY_DEPTH_MAX)
                return -ELOOP;
        union {
                struct linux_dirent64 align;
                char bytes[8192];
        } buffer;
        for (;;) {
                long n = syscall(SYS_getdents64, from_fd, &buffer, sizeof buffer);
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return 0;
                for (long at = 0; at < n;) {
                        const struct linux_dirent64 *e = (void *) (buffer.bytes + at);
                        at += e->d_reclen;
                        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
                                continue;
                        struct stat st;
                        if (fstatat(from_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                                return -errno;
                        int r = copy_entry(from_fd, to_fd, e->d_name, &st, depth);
                        if (r < 0)
                                return r;
                }
        }
}
