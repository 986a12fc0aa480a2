/* SPDX-License-Identifier: Apache-2.0 */
/* Tar -> files for `cp`. */
#include "cli/tree-extract.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "image/tar.h"
#include "runtime/idmap.h"

#define DIRECTORIES_MAX 5000000 /* whose times are set at the end */

typedef struct DirectoryTime {
        char *path;
        struct timespec time;
} DirectoryTime;

struct Extract {
        ExtractRequest request;
        TarReader *reader;
        GArray *directories; /* of DirectoryTime */
        int parent_fd, file_fd;
        bool skips;
        char *leaf;
};

static void directory_time_clear(DirectoryTime *directory) {
        g_free(directory->path);
}

/* Relative, without "." and empty components; "" for the directory itself. */
static char *clean_name(const char *name, GError **error) {
        g_auto(GStrv) parts = g_strsplit(name, "/", -1);
        g_autoptr(GString) clean = g_string_new(NULL);
        for (char **part = parts; *part; part++) {
                if (strcmp(*part, "..") == 0) {
                        error_set_invalid(error, "the name '%s' leads out of the archive", name);
                        return NULL;
                }
                if (**part && strcmp(*part, ".") != 0)
                        g_string_append_printf(clean, "%s%s", clean->len ? "/" : "", *part);
        }
        return g_string_free(g_steal_pointer(&clean), FALSE);
}

static int open_beneath(const Extract *extract, const char *path, uint64_t flags) {
        const struct open_how how = {
                .flags = flags | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
        };
        return sys_openat2(extract->request.dir_fd, *path ? path : ".", &how);
}

/* The directory of a path, made where it is missing, as tar(1) does. -errno on failure. */
static int open_parent(const Extract *extract, const char *path) {
        const char *slash = strrchr(path, '/');
        g_autofree char *parent = g_strndup(path, slash ? (size_t) (slash - path) : 0);
        int fd = open_beneath(extract, parent, O_PATH | O_DIRECTORY);
        if (fd != -ENOENT || !*parent)
                return fd;
        autofd int above = open_parent(extract, parent);
        const char *name = strrchr(parent, '/');
        if (above < 0)
                return above;
        if (mkdirat(above, name ? name + 1 : parent, 0755) < 0 && errno != EEXIST)
                return -errno;
        return open_beneath(extract, parent, O_PATH | O_DIRECTORY);
}

static bool enter(Extract *extract, const char *path, GError **error) {
        fd_close(&extract->parent_fd);
        g_free(extract->leaf);
        const char *slash = strrchr(path, '/');
        extract->leaf = g_strdup(slash ? slash + 1 : path);
        int fd = open_parent(extract, path);
        if (fd == -ELOOP)
                return error_set_invalid(
                                error, "'%s' would be written through a symbolic link", path);
        if (fd < 0)
                return error_set_errno(error, fd, "Cannot open the directory of '%s'", path);
        extract->parent_fd = fd;
        return true;
}

/* What is there goes, so that neither a link nor another name of the file is written through. */
static bool clear_way(Extract *extract, const char *path, bool for_directory, GError **error) {
        struct stat st;
        if (fstatat(extract->parent_fd, extract->leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT || error_set_errno(error, errno, "Cannot read '%s'", path);
        if (S_ISDIR(st.st_mode) != for_directory && !extract->request.overwrites)
                return error_set_invalid(
                                error,
                                for_directory ? "cannot overwrite non-directory '%s' with a "
                                                "directory, see --overwrite"
                                              : "cannot overwrite directory '%s' with a "
                                                "non-directory, see --overwrite",
                                path);
        if (S_ISDIR(st.st_mode))
                return for_directory || file_remove_tree(extract->parent_fd, extract->leaf, error);
        return unlinkat(extract->parent_fd, extract->leaf, 0) == 0 || errno == ENOENT ||
               error_set_errno(error, errno, "Cannot remove '%s'", path);
}

static bool
owner_of(const Extract *extract, const TarEntry *entry, uid_t *uid, gid_t *gid, GError **error) {
        const ExtractRequest *request = &extract->request;
        *uid = request->has_owner ? request->uid : entry->uid;
        *gid = request->has_owner ? request->gid : entry->gid;
        if (request->has_owner)
                return true;
        bool maps_uid = request->uids && request->uids->len > 0;
        bool maps_gid = request->gids && request->gids->len > 0;
        if ((maps_uid && !id_map_to_host(request->uids, entry->uid, uid)) ||
            (maps_gid && !id_map_to_host(request->gids, entry->gid, gid)))
                return error_set_invalid(
                                error, "owner %u:%u is not in the container's user namespace",
                                entry->uid, entry->gid);
        return true;
}

/* Owner first: chown(2) takes set-user-ID bits and capabilities away. */
static bool set_file(Extract *extract, int fd, const TarEntry *entry, GError **error) {
        uid_t uid;
        gid_t gid;
        mode_t mode = entry->mode & (extract->request.keeps_set_id ? 07777 : 01777);
        if (!owner_of(extract, entry, &uid, &gid, error))
                return false;
        if (fchown(fd, uid, gid) < 0 || fchmod(fd, mode) < 0)
                return error_set_errno(
                                error, errno, "Cannot set owner and mode of '%s'", entry->name);
        for (guint i = 0; entry->xattrs && i < entry->xattrs->len; i++) {
                const TarXattr *xattr = entry->xattrs->pdata[i];
                gsize size;
                const void *value = g_bytes_get_data(xattr->value, &size);
                bool is_users = g_str_has_prefix(xattr->name, "user.") &&
                                !g_str_has_prefix(xattr->name, "user.overlay.");
                bool is_capability = strcmp(xattr->name, "security.capability") == 0;
                if (!is_users && !(is_capability && extract->request.keeps_set_id))
                        continue;
                if (fsetxattr(fd, xattr->name, value, size, 0) < 0 && errno != ENOTSUP)
                        return error_set_errno(
                                        error, errno, "Cannot set attribute '%s' of '%s'",
                                        xattr->name, entry->name);
        }
        return true;
}

static bool
make_directory(Extract *extract, const char *path, const TarEntry *entry, GError **error) {
        if (!clear_way(extract, path, true, error))
                return false;
        if (mkdirat(extract->parent_fd, extract->leaf, 0700) < 0 && errno != EEXIST)
                return error_set_errno(error, errno, "Cannot make directory '%s'", path);
        autofd int fd =
                        openat(extract->parent_fd, extract->leaf,
                               O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot open directory '%s'", path);
        DirectoryTime directory = { g_strdup(path), entry->mtime };
        g_array_append_val(extract->directories, directory);
        if (extract->directories->len > DIRECTORIES_MAX)
                return error_set_invalid(error, "more than %d directories", DIRECTORIES_MAX);
        return set_file(extract, fd, entry, error);
}

static bool make_link(Extract *extract, const char *path, const TarEntry *entry, GError **error) {
        g_autofree char *target = clean_name(entry->link, error);
        if (!target)
                return false;
        const char *slash = strrchr(target, '/');
        g_autofree char *parent = g_strndup(target, slash ? (size_t) (slash - target) : 0);
        autofd int fd = open_beneath(extract, parent, O_PATH | O_DIRECTORY);
        if (fd < 0 ||
            linkat(fd, slash ? slash + 1 : target, extract->parent_fd, extract->leaf, 0) < 0)
                return error_set_errno(
                                error, fd < 0 ? fd : errno, "Cannot link '%s' to '%s'", path,
                                target);
        return true;
}

/* No chmod(2) here, which would follow a link that the container puts in place of the file. */
static bool make_special(Extract *extract, const TarEntry *entry, GError **error) {
        dev_t device = makedev(entry->major, entry->minor);
        int r;
        uid_t uid;
        gid_t gid;
        if (entry->kind == TAR_SYMLINK)
                r = symlinkat(entry->link, extract->parent_fd, extract->leaf);
        else if (entry->kind == TAR_FIFO)
                r = mkfifoat(extract->parent_fd, extract->leaf, entry->mode & 0777);
        else
                r = mknodat(extract->parent_fd, extract->leaf,
                            (entry->kind == TAR_CHARACTER ? S_IFCHR : S_IFBLK) |
                                            (entry->mode & 0777),
                            device);
        if (r < 0)
                return error_set_errno(error, errno, "Cannot make '%s'", entry->name);
        if (!owner_of(extract, entry, &uid, &gid, error))
                return false;
        struct timespec times[2] = { entry->mtime, entry->mtime };
        if (fchownat(extract->parent_fd, extract->leaf, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 ||
            utimensat(extract->parent_fd, extract->leaf, times, AT_SYMLINK_NOFOLLOW) < 0)
                return error_set_errno(
                                error, errno, "Cannot set owner and time of '%s'", entry->name);
        return true;
}

static bool on_header(void *data, const TarEntry *entry, GError **error) {
        Extract *extract = data;
        g_autofree char *path = clean_name(entry->name, error);
        if (!path)
                return false;
        bool is_device = entry->kind == TAR_CHARACTER || entry->kind == TAR_BLOCK;
        extract->skips = !*path || (is_device && !extract->request.makes_devices);
        if (extract->skips)
                return true;
        if (!enter(extract, path, error))
                return false;
        if (entry->kind == TAR_DIRECTORY)
                return make_directory(extract, path, entry, error);
        if (!clear_way(extract, path, false, error))
                return false;
        if (entry->kind == TAR_HARDLINK)
                return make_link(extract, path, entry, error);
        if (entry->kind != TAR_REGULAR)
                return make_special(extract, entry, error);
        extract->file_fd =
                        openat(extract->parent_fd, extract->leaf,
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        return extract->file_fd >= 0 || error_set_errno(error, errno, "Cannot create '%s'", path);
}

static bool on_body(void *data, const void *bytes, size_t size, GError **error) {
        Extract *extract = data;
        int r = extract->skips ? 0 : fd_write_all(extract->file_fd, bytes, size);
        return r >= 0 || error_set_errno(error, r, "Cannot write '%s'", extract->leaf);
}

static bool on_end(void *data, const TarEntry *entry, GError **error) {
        Extract *extract = data;
        if (extract->file_fd < 0)
                return true;
        autofd int fd = fd_steal(&extract->file_fd);
        struct timespec times[2] = { entry->mtime, entry->mtime };
        return set_file(extract, fd, entry, error) &&
               (futimens(fd, times) == 0 ||
                error_set_errno(error, errno, "Cannot set the time of '%s'", entry->name));
}

static bool on_raw(void *data, const void *bytes, size_t size, GError **error) {
        return true;
}

Extract *extract_new(const ExtractRequest *request) {
        static const TarSink sink = {
                .raw = on_raw, .header = on_header, .body = on_body, .end = on_end
        };
        Extract *extract = g_new0(Extract, 1);
        extract->request = *request;
        extract->parent_fd = extract->file_fd = -1;
        extract->directories = g_array_new(FALSE, FALSE, sizeof(DirectoryTime));
        g_array_set_clear_func(extract->directories, (GDestroyNotify) directory_time_clear);
        extract->reader = tar_reader_new(&sink, extract);
        return extract;
}

void extract_free(Extract *extract) {
        if (!extract)
                return;
        fd_close(&extract->parent_fd);
        fd_close(&extract->file_fd);
        g_array_unref(extract->directories);
        tar_reader_free(extract->reader);
        g_free(extract->leaf);
        g_free(extract);
}

bool extract_push(void *data, const void *bytes, size_t size, GError **error) {
        Extract *extract = data;
        return tar_reader_push(extract->reader, bytes, size, error);
}

bool extract_finish(Extract *extract, GError **error) {
        if (!tar_reader_finish(extract->reader, error))
                return false;
        for (guint i = extract->directories->len; i > 0; i--) {
                const DirectoryTime *d = &g_array_index(extract->directories, DirectoryTime, i - 1);
                autofd int fd = open_beneath(extract, d->path, O_RDONLY | O_DIRECTORY);
                struct timespec times[2] = { d->time, d->time };
                if (fd < 0 || futimens(fd, times) < 0)
                        return error_set_errno(
                                        error, fd < 0 ? fd : errno, "Cannot set the time of '%s'",
                                        d->path);
        }
        return true;
}
