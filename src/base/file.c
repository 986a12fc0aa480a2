/* SPDX-License-Identifier: Apache-2.0 */
/* Whole-file reads with a limit, atomic replacement, directory trees. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

#define FILE_TREE_DEPTH_MAX 4096

bool file_read_fd(int fd, const char *what, size_t limit, GBytes **ret_bytes, GError **error) {
        struct stat st;
        if (fstat(fd, &st) < 0)
                return error_set_errno(error, errno, "Cannot stat '%s'", what);
        if (S_ISDIR(st.st_mode))
                return error_set_errno(error, EISDIR, "Cannot read '%s'", what);
        if (st.st_size > 0 && (uint64_t) st.st_size > limit)
                return error_set_errno(
                                error, EFBIG, "Cannot read '%s': more than %zu bytes", what, limit);

        size_t room = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t) st.st_size + 1 : 4096;
        g_autofree char *bytes = g_malloc(room + 1);
        size_t size = 0;
        for (;;) {
                ssize_t n = fd_read_full(fd, bytes + size, room - size);
                if (n < 0)
                        return error_set_errno(error, (int) n, "Cannot read '%s'", what);
                size += (size_t) n;
                if (size > limit)
                        return error_set_errno(
                                        error, EFBIG, "Cannot read '%s': more than %zu bytes", what,
                                        limit);
                if (size < room)
                        break;
                room *= 2;
                bytes = g_realloc(bytes, room + 1);
        }
        bytes[size] = '\0';
        *ret_bytes = g_bytes_new_take(g_steal_pointer(&bytes), size);
        return true;
}

bool file_read(int dir_fd, const char *path, size_t limit, GBytes **ret_bytes, GError **error) {
        autofd int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", path);
        return file_read_fd(fd, path, limit, ret_bytes, error);
}

bool file_read_text(int dir_fd, const char *path, size_t limit, char **ret_text, GError **error) {
        g_autoptr(GBytes) bytes = NULL;
        if (!file_read(dir_fd, path, limit, &bytes, error))
                return false;
        gsize size;
        const char *data = g_bytes_get_data(bytes, &size);
        if (size > 0 && memchr(data, '\0', size))
                return error_set_invalid(error, "'%s' is not text: it has a NUL byte", path);
        *ret_text = g_strndup(data ? data : "", size);
        return true;
}

bool file_replace(
                int dir_fd,
                const char *name,
                const void *bytes,
                size_t size,
                mode_t mode,
                FileSync sync,
                GError **error) {
        g_autofree char *parent = g_path_get_dirname(name);
        g_autofree char *base = g_path_get_basename(name);
        g_autofree char *temporary =
                        g_strdup_printf("%s/.tmp-%s.%08x", parent, base, g_random_int());

        autofd int fd =
                        openat(dir_fd, temporary,
                               O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot create '%s'", temporary);
        int r = fd_write_all(fd, bytes, size);
        if (r >= 0 && fchmod(fd, mode) < 0) /* the umask does not decide what others can read */
                r = -errno;
        if (r >= 0 && sync == FILE_DURABLE && fdatasync(fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(dir_fd, temporary, 0); /* the first error is the one to tell */
                return error_set_errno(error, r, "Cannot write '%s'", name);
        }
        if (sync == FILE_DURABLE) {
                autofd int parent_fd = openat(dir_fd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (parent_fd < 0 || fsync(parent_fd) < 0)
                        return error_set_errno(error, errno, "Cannot sync '%s'", parent);
        }
        return true;
}

bool file_make_directories(int dir_fd, const char *path, mode_t mode, GError **error) {
        if (mkdirat(dir_fd, path, mode) == 0 || errno == EEXIST)
                return true;
        if (errno != ENOENT)
                return error_set_errno(error, errno, "Cannot create directory '%s'", path);
        g_autofree char *parent = g_path_get_dirname(path);
        if (g_str_equal(parent, path) || g_str_equal(parent, "."))
                return error_set_errno(error, ENOENT, "Cannot create directory '%s'", path);
        if (!file_make_directories(dir_fd, parent, mode, error))
                return false;
        if (mkdirat(dir_fd, path, mode) < 0 && errno != EEXIST)
                return error_set_errno(error, errno, "Cannot create directory '%s'", path);
        return true;
}

/* Depth is bounded by the caller-visible limit, descriptors by closing each level's own on return.
 */
static int remove_children(int dir_fd, dev_t device, unsigned int depth) {
        if (depth > FILE_TREE_DEPTH_MAX)
                return -ELOOP;
        int list_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
        if (list_fd < 0)
                return -errno;
        DIR *dir = fdopendir(list_fd);
        if (!dir) {
                fd_close(&list_fd);
                return -errno;
        }
        int r = 0;
        for (struct dirent *e; r >= 0 && (errno = 0, e = readdir(dir));) {
                if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
                        continue;
                if (e->d_type != DT_DIR) {
                        if (unlinkat(dir_fd, e->d_name, 0) == 0 || errno == ENOENT)
                                continue;
                        if (errno != EISDIR) {
                                r = -errno;
                                break;
                        }
                }
                autofd int sub_fd = openat(
                                dir_fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                struct stat st;
                if (sub_fd < 0 || fstat(sub_fd, &st) < 0)
                        r = errno == ENOENT ? 0 : -errno;
                else if (st.st_dev != device)
                        r = -EXDEV;
                else {
                        r = remove_children(sub_fd, device, depth + 1);
                        if (r >= 0 && unlinkat(dir_fd, e->d_name, AT_REMOVEDIR) < 0 &&
                            errno != ENOENT)
                                r = -errno;
                }
        }
        closedir(dir);
        return r;
}

bool file_remove_tree(int dir_fd, const char *path, GError **error) {
        if (unlinkat(dir_fd, path, 0) == 0 || errno == ENOENT)
                return true;
        if (errno != EISDIR && errno != EPERM)
                return error_set_errno(error, errno, "Cannot remove '%s'", path);
        autofd int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", path);
        int r = remove_children(fd, st.st_dev, 0);
        if (r >= 0 && unlinkat(dir_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
                r = -errno;
        if (r < 0)
                return error_set_errno(error, r, "Cannot remove '%s'", path);
        return true;
}
