/* SPDX-License-Identifier: Apache-2.0 */
/* Directories to tar and back. */
#include "image/tree-archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "image/inflate.h"
#include "image/tar.h"
#include "image/unpack.h"

#define BUFFER_SIZE (256u << 10)
#define XATTR_MAX   65536 /* of a list and of a value, xattr(7) */
#define DEPTH_MAX   1000

typedef struct Packer {
        struct archive *archive;
        GHashTable *links; /* "dev:ino" of files with several names -> the first of them */
        char *buffer;
} Packer;

static void packer_clear(Packer *packer) {
        g_clear_pointer(&packer->archive, archive_write_free);
        g_clear_pointer(&packer->links, g_hash_table_unref);
        g_free(packer->buffer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Packer, packer_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DIR, closedir)
typedef struct archive_entry ArchiveEntry;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveEntry, archive_entry_free)

static bool archive_failed(const Packer *packer, const char *name, GError **error) {
        return error_set_invalid(
                        error, "Cannot write '%s' to the archive: %s", name,
                        archive_error_string(packer->archive));
}

/* /proc/self/fd: the only way to the attributes of an O_PATH descriptor, xattr(7) */
static void add_xattrs(int fd, ArchiveEntry *entry) {
        char path[48];
        g_autofree char *names = g_malloc(XATTR_MAX), *value = g_malloc(XATTR_MAX);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t n = listxattr(path, names, XATTR_MAX);
        for (const char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
                ssize_t size = getxattr(path, name, value, XATTR_MAX);
                if (size >= 0)
                        archive_entry_xattr_add_entry(entry, name, value, (size_t) size);
        }
}

/* A further name of a file that is in the archive already. */
static bool
is_known_link(Packer *packer, const struct stat *st, const char *path, ArchiveEntry *e) {
        if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
                return false;
        g_autofree char *key =
                        g_strdup_printf("%ju:%ju", (uintmax_t) st->st_dev, (uintmax_t) st->st_ino);
        const char *first = g_hash_table_lookup(packer->links, key);
        if (first) {
                archive_entry_set_hardlink(e, first);
                archive_entry_set_size(e, 0);
                return true;
        }
        g_hash_table_insert(packer->links, g_steal_pointer(&key), g_strdup(path));
        return false;
}

/* Exactly size bytes, whatever the file has become meanwhile: the header has promised them. */
static bool add_body(Packer *packer, int fd, const char *path, int64_t size, GError **error) {
        while (size > 0) {
                ssize_t n = read(fd, packer->buffer, (size_t) MIN(size, BUFFER_SIZE));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(error, errno, "Cannot read '%s'", path);
                if (n == 0) {
                        n = (ssize_t) MIN(size, BUFFER_SIZE);
                        memset(packer->buffer, 0, (size_t) n);
                }
                if (archive_write_data(packer->archive, packer->buffer, (size_t) n) < 0)
                        return archive_failed(packer, path, error);
                size -= n;
        }
        return true;
}

static bool set_target(int fd, const char *path, ArchiveEntry *entry, GError **error) {
        char target[PATH_MAX + 1];
        ssize_t n = readlinkat(fd, "", target, PATH_MAX);
        if (n < 0)
                return error_set_errno(error, errno, "Cannot read the link '%s'", path);
        target[n] = '\0';
        archive_entry_set_symlink(entry, target);
        return true;
}

static bool add_directory(Packer *packer, int fd, const char *path, int depth, GError **error);

/* fd: opened with O_PATH, what is looked at and nothing else */
static bool add(Packer *packer, int fd, const char *path, int depth, GError **error) {
        struct stat st;
        g_autoptr(ArchiveEntry) entry = archive_entry_new();
        if (fstat(fd, &st) < 0)
                return error_set_errno(error, errno, "Cannot stat '%s'", path);
        if (S_ISSOCK(st.st_mode))
                return true;
        archive_entry_copy_stat(entry, &st);
        archive_entry_set_pathname(entry, path);
        add_xattrs(fd, entry);
        bool linked = is_known_link(packer, &st, path, entry);
        if (S_ISLNK(st.st_mode) && !linked && !set_target(fd, path, entry, error))
                return false;
        char self[48];
        snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
        bool has_body = S_ISREG(st.st_mode) && !linked;
        bool is_directory = S_ISDIR(st.st_mode);
        autofd int readable = has_body || is_directory ? open(self, O_RDONLY | O_CLOEXEC) : -1;
        if ((has_body || is_directory) && readable < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", path);
        if (archive_write_header(packer->archive, entry) != ARCHIVE_OK)
                return archive_failed(packer, path, error);
        if (has_body)
                return add_body(packer, readable, path, st.st_size, error);
        return !is_directory || add_directory(packer, readable, path, depth + 1, error);
}

static int compare_names(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static bool list_names(int fd, const char *path, GPtrArray **ret_names, GError **error) {
        autofd int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_autoptr(DIR) dir = copy < 0 ? NULL : fdopendir(copy);
        if (!dir)
                return error_set_errno(error, errno, "Cannot list '%s'", path);
        (void) fd_steal(&copy);
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        errno = 0;
        for (struct dirent *e; (e = readdir(dir)); errno = 0)
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                        g_ptr_array_add(names, g_strdup(e->d_name));
        if (errno != 0)
                return error_set_errno(error, errno, "Cannot list '%s'", path);
        g_ptr_array_sort(names, compare_names);
        *ret_names = g_steal_pointer(&names);
        return true;
}

static bool add_directory(Packer *packer, int fd, const char *path, int depth, GError **error) {
        g_autoptr(GPtrArray) names = NULL;
        if (depth > DEPTH_MAX)
                return error_set_invalid(error, "'%s' is too deep", path);
        if (!list_names(fd, path, &names, error))
                return false;
        for (guint i = 0; i < names->len; i++) {
                const char *name = names->pdata[i];
                g_autofree char *inner = strcmp(path, ".") == 0
                                                         ? g_strdup(name)
                                                         : g_build_filename(path, name, NULL);
                autofd int entry_fd = openat(fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
                if (entry_fd < 0 && errno == ENOENT)
                        continue; /* gone meanwhile */
                if (entry_fd < 0)
                        return error_set_errno(error, errno, "Cannot open '%s'", inner);
                if (!add(packer, entry_fd, inner, depth, error))
                        return false;
        }
        return true;
}

bool tree_archive_write(int root_fd, int output_fd, GError **error) {
        g_auto(Packer) packer = { .archive = archive_write_new(),
                                  .links = g_hash_table_new_full(
                                                  g_str_hash, g_str_equal, g_free, g_free),
                                  .buffer = g_malloc(BUFFER_SIZE) };
        archive_write_set_format_pax_restricted(packer.archive);
        if (archive_write_open_fd(packer.archive, output_fd) != ARCHIVE_OK)
                return archive_failed(&packer, ".", error);
        if (!add_directory(&packer, root_fd, ".", 0, error))
                return false;
        return archive_write_close(packer.archive) == ARCHIVE_OK ||
               archive_failed(&packer, ".", error);
}

static bool drop_raw(void *data, const void *bytes, size_t size, GError **error) {
        return true;
}

static bool on_header(void *data, const TarEntry *entry, GError **error) {
        return unpacker_header(data, entry, error);
}

static bool on_body(void *data, const void *bytes, size_t size, GError **error) {
        return unpacker_body(data, bytes, size, error);
}

static bool on_end(void *data, const TarEntry *entry, GError **error) {
        return unpacker_end(data, entry, error);
}

static bool on_plain(void *data, const void *bytes, size_t size, GError **error) {
        return tar_reader_push(data, bytes, size, error);
}

static bool feed(int input_fd, Inflater *inflater, GError **error) {
        g_autofree char *buffer = g_malloc(BUFFER_SIZE);
        for (;;) {
                ssize_t n = read(input_fd, buffer, BUFFER_SIZE);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(error, errno, "Cannot read the archive");
                if (n == 0)
                        return inflater_finish(inflater, error);
                if (!inflater_push(inflater, buffer, (size_t) n, error))
                        return false;
        }
}

bool tree_archive_read(int input_fd, int root_fd, GError **error) {
        static const TarSink sink = {
                .raw = drop_raw, .header = on_header, .body = on_body, .end = on_end
        };
        g_autoptr(Unpacker) unpacker = unpacker_new(root_fd, root_fd, error);
        if (!unpacker)
                return false;
        unpacker_set_plain(unpacker);
        g_autoptr(TarReader) reader = tar_reader_new(&sink, unpacker);
        g_autoptr(Inflater) inflater = inflater_new(on_plain, reader);
        return feed(input_fd, inflater, error) && tar_reader_finish(reader, error) &&
               unpacker_finish(unpacker, error);
}
