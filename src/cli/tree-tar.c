/* SPDX-License-Identifier: Apache-2.0 */
/* Files -> tar. The tree may be a running container's and change under us: each step is by
 * descriptor, no symbolic link is followed, and a file's body is exactly as long as announced. */
#include "cli/tree-tar.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/id-inside.h"

#define BLOCK_SIZE      512
#define DEPTH_MAX       400 /* each level holds a descriptor */
#define XATTR_NAMES_MAX 65536
#define XATTR_VALUE_MAX 65536
#define OCTAL_MAX       UINT64_C(077777777777) /* 11 digits: 8 GiB - 1 */

typedef struct Header { /* POSIX.1-2001, pax, "ustar Interchange Format" */
        char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], kind;
        char link[100], magic[6], version[2], user[32], group[32], major[8], minor[8];
        char prefix[155], padding[12];
} Header;
G_STATIC_ASSERT(sizeof(Header) == BLOCK_SIZE);

void tree_tar_clear(TreeTar *tar) {
        g_clear_pointer(&tar->links, g_hash_table_unref);
}

static bool pad(TreeTar *tar, uint64_t size, GError **error) {
        static const char zeros[BLOCK_SIZE];
        size_t rest = (size_t) (size % BLOCK_SIZE);
        return rest == 0 || tar->write(tar->data, zeros, BLOCK_SIZE - rest, error);
}

static void octal(char *field, size_t n, uint64_t value) {
        field[n - 1] = '\0';
        for (size_t i = n - 1; i > 0; i--, value >>= 3)
                field[i - 1] = (char) ('0' + (value & 7));
}

static bool write_header(TreeTar *tar, Header *h, GError **error) {
        memcpy(h->magic, "ustar", 6);
        memcpy(h->version, "00", 2);
        memset(h->checksum, ' ', sizeof h->checksum);
        unsigned int sum = 0;
        for (size_t i = 0; i < sizeof *h; i++)
                sum += ((const unsigned char *) h)[i];
        octal(h->checksum, 7, sum);
        return tar->write(tar->data, h, sizeof *h, error);
}

/* "27 path=…\n": the number counts its own digits. */
static void pax_record(GString *records, const char *key, const void *value, size_t size) {
        size_t rest = strlen(key) + size + 3, length = rest + 1;
        for (size_t digits = 1;; digits++) {
                g_autofree char *text = g_strdup_printf("%zu", rest + digits);
                length = rest + digits;
                if (strlen(text) == digits)
                        break;
        }
        g_string_append_printf(records, "%zu %s=", length, key);
        g_string_append_len(records, value, (gssize) size);
        g_string_append_c(records, '\n');
}

static bool write_pax(TreeTar *tar, const GString *records, GError **error) {
        if (records->len == 0)
                return true;
        Header h = { .kind = 'x' };
        strcpy(h.name, "PaxHeaders/entry");
        octal(h.mode, sizeof h.mode, 0644);
        octal(h.uid, sizeof h.uid, 0);
        octal(h.gid, sizeof h.gid, 0);
        octal(h.size, sizeof h.size, records->len);
        octal(h.mtime, sizeof h.mtime, 0);
        return write_header(tar, &h, error) &&
               tar->write(tar->data, records->str, records->len, error) &&
               pad(tar, records->len, error);
}

/* Capabilities and what users set; labels and overlayfs's own are the place's, not the file's. */
static void add_xattrs(int fd, GString *records) {
        g_autofree char *names = g_malloc(XATTR_NAMES_MAX);
        g_autofree char *value = g_malloc(XATTR_VALUE_MAX);
        ssize_t n = fd < 0 ? -1 : flistxattr(fd, names, XATTR_NAMES_MAX);
        for (ssize_t at = 0; at < n; at += (ssize_t) strlen(names + at) + 1) {
                const char *name = names + at;
                if (strcmp(name, "security.capability") != 0 &&
                    (!g_str_has_prefix(name, "user.") || g_str_has_prefix(name, "user.overlay.")))
                        continue;
                ssize_t size = fgetxattr(fd, name, value, XATTR_VALUE_MAX);
                g_autofree char *key = g_strconcat("SCHILY.xattr.", name, NULL);
                if (size >= 0)
                        pax_record(records, key, value, (size_t) size);
        }
}

static void put_text(char *field, size_t n, const char *text, const char *key, GString *records) {
        size_t size = strlen(text);
        if (size > n) {
                pax_record(records, key, text, size);
                size = n;
        }
        memcpy(field, text, size);
}

static void
put_number(char *field, size_t n, uint64_t value, uint64_t max, const char *key, GString *records) {
        g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);
        if (value > max)
                pax_record(records, key, text, strlen(text));
        octal(field, n, value > max ? 0 : value);
}

/* fd: of the file, for its attributes, or -1. link: target, or NULL. */
static bool
write_entry(TreeTar *tar,
            const char *name,
            const struct stat *st,
            char kind,
            const char *link,
            int fd,
            GError **error) {
        Header h = { .kind = kind };
        g_autoptr(GString) records = g_string_new(NULL);
        put_text(h.name, sizeof h.name, name, "path", records);
        if (link)
                put_text(h.link, sizeof h.link, link, "linkpath", records);
        octal(h.mode, sizeof h.mode, st->st_mode & 07777);
        put_number(h.uid, sizeof h.uid, id_inside(tar->uids, st->st_uid), 07777777, "uid", records);
        put_number(h.gid, sizeof h.gid, id_inside(tar->gids, st->st_gid), 07777777, "gid", records);
        put_number(h.size, sizeof h.size, kind == '0' ? (uint64_t) st->st_size : 0, OCTAL_MAX,
                   "size", records);
        octal(h.mtime, sizeof h.mtime, st->st_mtim.tv_sec < 0 ? 0 : (uint64_t) st->st_mtim.tv_sec);
        if (kind == '3' || kind == '4') {
                octal(h.major, sizeof h.major, major(st->st_rdev));
                octal(h.minor, sizeof h.minor, minor(st->st_rdev));
        }
        if (st->st_mtim.tv_nsec != 0 && st->st_mtim.tv_sec >= 0) {
                g_autofree char *time =
                                g_strdup_printf("%" G_GINT64_FORMAT ".%09ld",
                                                (int64_t) st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
                pax_record(records, "mtime", time, strlen(time));
        }
        add_xattrs(fd, records);
        return write_pax(tar, records, error) && write_header(tar, &h, error);
}

static bool write_body(TreeTar *tar, int fd, const char *name, uint64_t size, GError **error) {
        static char buffer[256 << 10];
        for (uint64_t left = size; left > 0;) {
                size_t want = (size_t) MIN(left, sizeof buffer);
                ssize_t n = fd_read_full(fd, buffer, want);
                if (n < 0)
                        return error_set_errno(error, (int) n, "Cannot read '%s'", name);
                memset(buffer + n, 0, want - (size_t) n); /* it became shorter */
                if (!tar->write(tar->data, buffer, want, error))
                        return false;
                left -= want;
        }
        return pad(tar, size, error);
}

/* The name under which another link to this file was written, or NULL; remembers this one. */
static const char *earlier_link(TreeTar *tar, const struct stat *st, const char *name) {
        if (st->st_nlink < 2)
                return NULL;
        if (!tar->links)
                tar->links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_autofree char *key = g_strdup_printf(
                        "%lu:%lu", (unsigned long) st->st_dev, (unsigned long) st->st_ino);
        const char *earlier = g_hash_table_lookup(tar->links, key);
        if (!earlier)
                g_hash_table_insert(tar->links, g_steal_pointer(&key), g_strdup(name));
        return earlier;
}

static bool add_file(TreeTar *tar, int dir_fd, const char *name, const char *as, GError **error) {
        autofd int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat st;
        if (fd < 0 && errno == ENOENT)
                return true; /* removed meanwhile */
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", as);
        if (!S_ISREG(st.st_mode))
                return error_set_invalid(error, "'%s' changed while it was read", as);
        const char *earlier = earlier_link(tar, &st, as);
        if (earlier)
                return write_entry(tar, as, &st, '1', earlier, -1, error);
        return write_entry(tar, as, &st, '0', NULL, fd, error) &&
               write_body(tar, fd, as, (uint64_t) st.st_size, error);
}

/* statx(2), STATX_ATTR_MOUNT_ROOT */
static bool is_mount_point(int dir_fd, const char *name) {
        struct statx st;
        return statx(dir_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &st) == 0 &&
               (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* What is mounted there is not the tree's. */
static bool add_mount_point(TreeTar *tar, const char *as, struct stat *st, GError **error) {
        st->st_size = 0;
        if (!S_ISDIR(st->st_mode))
                return write_entry(tar, as, st, '0', NULL, -1, error);
        g_autofree char *name = g_strconcat(as, "/", NULL);
        return write_entry(tar, name, st, '5', NULL, -1, error);
}

static bool
add_link(TreeTar *tar,
         int dir_fd,
         const char *name,
         const char *as,
         const struct stat *st,
         GError **error) {
        char target[4096];
        ssize_t n = readlinkat(dir_fd, name, target, sizeof target - 1);
        if (n < 0)
                return error_set_errno(error, errno, "Cannot read the link '%s'", as);
        target[n] = '\0';
        return write_entry(tar, as, st, '2', target, -1, error);
}

/* All but a directory's contents; *ret_fd: the directory, or -1. */
static bool
add_entry(TreeTar *tar,
          int dir_fd,
          const char *name,
          const char *as,
          const struct stat *st,
          int *ret_fd,
          GError **error) {
        *ret_fd = -1;
        if (S_ISREG(st->st_mode))
                return add_file(tar, dir_fd, name, as, error);
        if (S_ISLNK(st->st_mode))
                return add_link(tar, dir_fd, name, as, st, error);
        if (S_ISSOCK(st->st_mode))
                return true;
        if (!S_ISDIR(st->st_mode)) {
                char kind = S_ISCHR(st->st_mode) ? '3' : S_ISBLK(st->st_mode) ? '4' : '6';
                return write_entry(tar, as, st, kind, NULL, -1, error);
        }
        autofd int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", as);
        g_autofree char *full = g_strconcat(as, "/", NULL);
        if (!write_entry(tar, full, st, '5', NULL, fd, error))
                return false;
        *ret_fd = fd_steal(&fd);
        return true;
}

static bool add_contents(TreeTar *tar, int fd, const char *prefix, guint depth, GError **error);

static bool
add(TreeTar *tar, int dir_fd, const char *name, const char *as, guint depth, GError **error) {
        struct stat st;
        int fd;
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return (errno == ENOENT && depth > 0) ||
                       error_set_errno(error, errno, "Cannot read '%s'", as);
        if (tar->one_mount && depth > 0 && is_mount_point(dir_fd, name))
                return add_mount_point(tar, as, &st, error);
        if (!add_entry(tar, dir_fd, name, as, &st, &fd, error))
                return false;
        g_autofree char *prefix = g_strconcat(as, "/", NULL);
        return fd < 0 || add_contents(tar, fd, prefix, depth + 1, error);
}

/* Takes fd. */
static bool add_contents(TreeTar *tar, int fd, const char *prefix, guint depth, GError **error) {
        DIR *dir = fdopendir(fd);
        if (!dir) {
                int r = errno;
                fd_close(&fd);
                return error_set_errno(error, r, "Cannot read '%s'", prefix);
        }
        bool ok = depth <= DEPTH_MAX ||
                  error_set_invalid(error, "'%s' is deeper than %d directories", prefix, DEPTH_MAX);
        for (struct dirent *d; ok && (d = readdir(dir));) {
                if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
                        continue;
                g_autofree char *as = g_strconcat(prefix, d->d_name, NULL);
                ok = add(tar, dirfd(dir), d->d_name, as, depth, error);
        }
        closedir(dir);
        return ok;
}

bool tree_tar_add(TreeTar *tar, int dir_fd, const char *name, const char *as, GError **error) {
        return add(tar, dir_fd, name, as, 0, error);
}

bool tree_tar_add_one(TreeTar *tar, int dir_fd, const char *name, const char *as, GError **error) {
        struct stat st;
        autofd int fd = -1;
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT || error_set_errno(error, errno, "Cannot read '%s'", as);
        return add_entry(tar, dir_fd, name, as, &st, &fd, error);
}

bool tree_tar_add_whiteout(TreeTar *tar, const char *as, GError **error) {
        static const struct stat nothing = { .st_mode = S_IFREG };
        g_autofree char *directory = g_path_get_dirname(as);
        g_autofree char *name = g_path_get_basename(as);
        g_autofree char *mark = strcmp(directory, ".") == 0
                                                ? g_strconcat(".wh.", name, NULL)
                                                : g_strconcat(directory, "/.wh.", name, NULL);
        return write_entry(tar, mark, &nothing, '0', NULL, -1, error);
}

bool tree_tar_add_contents(TreeTar *tar, int dir_fd, const char *prefix, GError **error) {
        int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot open the directory");
        return add_contents(tar, fd, prefix, 1, error);
}

bool tree_tar_end(TreeTar *tar, GError **error) {
        static const char zeros[2 * BLOCK_SIZE];
        return tar->write(tar->data, zeros, sizeof zeros, error);
}

bool tree_tar_write_fd(void *data, const void *bytes, size_t size, GError **error) {
        const int *fd = data;
        int r = fd_write_all(*fd, bytes, size);
        return r >= 0 || error_set_errno(error, r, "Cannot write the archive");
}
