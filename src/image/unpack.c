/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of a layer -> files. Every name is resolved by openat2(2) inside the layer's own root, so
 * that "..", absolute names and symlinks (which may be ordinary parts of an image) cannot lead out
 * of it; then only *at() calls with a single component follow. Existing files are never opened:
 * what is in the way is unlinked first, so that a hard link made before is not written through. */
#include "image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "base/text.h"

#define WHITEOUT_PREFIX     ".wh."
#define WHITEOUT_META       ".wh..wh."
#define WHITEOUT_OPAQUE     ".wh..wh..opq"
#define TIMES_BUFFER        (256u << 10)
#define IDS_MAX             65536u
#define WRITE_BACK_SIZE_MIN (256u << 10)

struct Unpacker {
        int root_fd; /* borrowed */
        bool initial_userns;
        uid_t uid; /* ours: files are born with it */
        gid_t gid;

        char *parent; /* the directory of the last entry: most follow each other */
        int parent_fd;
        bool parent_setgid;

        int file_fd; /* of the entry whose body comes */
        bool skip;   /* this entry has no file here */
        bool plain;  /* whiteouts mean nothing */
        char *leaf;

        int times_fd; /* directories' times, until the end */
        GByteArray *times;
        GHashTable *uids, *gids;
};

/* The kernel lets mknod(2) and trusted.* only the initial user namespace do. */
static bool in_initial_userns(void) {
        g_autofree char *map = NULL;
        unsigned int inside, outside, count;
        return file_read_text(AT_FDCWD, "/proc/self/uid_map", 65536, &map, NULL) &&
               sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && outside == 0 &&
               count == UINT32_MAX;
}

Unpacker *unpacker_new(int root_fd, int scratch_fd, GError **error) {
        g_autoptr(Unpacker) unpacker = g_new0(Unpacker, 1);
        unpacker->root_fd = root_fd;
        unpacker->parent_fd = unpacker->file_fd = -1;
        unpacker->uid = geteuid();
        unpacker->gid = getegid();
        unpacker->initial_userns = in_initial_userns() && unpacker->uid == 0;
        unpacker->uids = g_hash_table_new(NULL, NULL);
        unpacker->gids = g_hash_table_new(NULL, NULL);
        unpacker->times = g_byte_array_new();
        unpacker->times_fd = openat(scratch_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (unpacker->times_fd < 0) {
                error_set_errno(error, errno, "Cannot make a temporary file in the store");
                return NULL;
        }
        return g_steal_pointer(&unpacker);
}

void unpacker_set_plain(Unpacker *unpacker) {
        unpacker->plain = true;
}

void unpacker_free(Unpacker *unpacker) {
        if (!unpacker)
                return;
        fd_close(&unpacker->parent_fd);
        fd_close(&unpacker->file_fd);
        fd_close(&unpacker->times_fd);
        g_free(unpacker->parent);
        g_free(unpacker->leaf);
        g_byte_array_unref(unpacker->times);
        g_hash_table_unref(unpacker->uids);
        g_hash_table_unref(unpacker->gids);
        g_free(unpacker);
}

static void forget_parent(Unpacker *unpacker) {
        fd_close(&unpacker->parent_fd);
        g_clear_pointer(&unpacker->parent, g_free);
}

/* "./usr//bin/" -> "usr/bin"; "" for the root itself. */
static bool clean_name(const char *name, char **ret_clean, GError **error) {
        g_autoptr(GString) clean = g_string_new(NULL);
        for (const char *at = name; *at;) {
                size_t n = strcspn(at, "/");
                if (n == 2 && memcmp(at, "..", 2) == 0)
                        return error_set_invalid(error, "the name leads out of the layer");
                if (n > NAME_MAX)
                        return error_set_invalid(error, "name component of %zu bytes", n);
                if (n > 0 && !(n == 1 && *at == '.')) {
                        if (clean->len > 0)
                                g_string_append_c(clean, '/');
                        g_string_append_len(clean, at, (gssize) n);
                }
                at += n;
                at += strspn(at, "/");
        }
        if (clean->len >= PATH_MAX)
                return error_set_invalid(error, "the name is too long");
        *ret_clean = g_string_free(g_steal_pointer(&clean), FALSE);
        return true;
}

static int open_directory(Unpacker *unpacker, const char *path) {
        return sys_open_in_root(unpacker->root_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
}

/* Opens a directory, making missing ones on the way (0755, root), as containers/storage does. */
static int make_directory(Unpacker *unpacker, const char *path, GError **error) {
        int fd = open_directory(unpacker, path);
        if (fd >= 0)
                return fd;
        if (fd != -ENOENT) {
                error_set_errno(error, fd, "Cannot open directory '%s'", path);
                return -1;
        }
        g_autofree char *above = g_path_get_dirname(path);
        autofd int above_fd = g_str_equal(above, ".") ? open_directory(unpacker, ".")
                                                      : make_directory(unpacker, above, error);
        if (above_fd < 0)
                return -1;
        const char *slash = strrchr(path, '/');
        const char *leaf = slash ? slash + 1 : path;
        if (mkdirat(above_fd, leaf, 0755) < 0) {
                error_set_errno(error, errno, "Cannot make directory '%s'", path);
                return -1;
        }
        fd = open_directory(unpacker, path);
        if (fd < 0)
                error_set_errno(error, fd, "Cannot open directory '%s'", path);
        return fd;
}

static bool enter_parent(Unpacker *unpacker, const char *path, GError **error) {
        const char *slash = strrchr(path, '/');
        g_autofree char *parent = slash ? g_strndup(path, (size_t) (slash - path)) : g_strdup(".");
        g_free(unpacker->leaf);
        unpacker->leaf = g_strdup(slash ? slash + 1 : path);
        if (unpacker->parent_fd >= 0 && g_str_equal(parent, unpacker->parent))
                return true;
        forget_parent(unpacker);
        unpacker->parent_fd = make_directory(unpacker, parent, error);
        if (unpacker->parent_fd < 0)
                return false;
        struct stat st;
        unpacker->parent_setgid = fstat(unpacker->parent_fd, &st) < 0 || (st.st_mode & S_ISGID);
        unpacker->parent = g_steal_pointer(&parent);
        return true;
}

/* Clears the way for an entry. The parent that is cached stays right: its path may lead through a
 * symlink that goes now, but then it is not this entry's parent, and the next one asks again. */
static bool remove_existing(Unpacker *unpacker, GError **error) {
        if (!file_remove_tree(unpacker->parent_fd, unpacker->leaf, error))
                return false;
        g_clear_pointer(&unpacker->parent, g_free);
        unpacker->parent = g_strdup(""); /* matches no path: looked up anew next time */
        return true;
}

static void note_owner(Unpacker *unpacker, const TarEntry *entry) {
        if (g_hash_table_size(unpacker->uids) < IDS_MAX)
                g_hash_table_add(unpacker->uids, GUINT_TO_POINTER(entry->uid));
        if (g_hash_table_size(unpacker->gids) < IDS_MAX)
                g_hash_table_add(unpacker->gids, GUINT_TO_POINTER(entry->gid));
}

/* "/proc/self/fd/N/leaf" for the calls that have no *at() form. */
static char *leaf_path(const Unpacker *unpacker) {
        return g_strdup_printf("/proc/self/fd/%d/%s", unpacker->parent_fd, unpacker->leaf);
}

static bool set_opaque(Unpacker *unpacker, const char *path, GError **error) {
        const char *name =
                        unpacker->initial_userns ? "trusted.overlay.opaque" : "user.overlay.opaque";
        return setxattr(path, name, "y", 1, 0) == 0 ||
               error_set_errno(error, errno, "Cannot mark a directory opaque");
}

static bool owner_error(const TarEntry *entry, GError **error) {
        if (errno == EINVAL)
                return error_set_invalid(
                                error,
                                "owner %u:%u is not in the user namespace: potentially "
                                "insufficient UIDs or GIDs (see subuid(5))",
                                entry->uid, entry->gid);
        return error_set_errno(error, errno, "Cannot set the owner");
}

static bool needs_chown(const Unpacker *unpacker, const TarEntry *entry) {
        return entry->uid != unpacker->uid || entry->gid != unpacker->gid ||
               unpacker->parent_setgid;
}

/* overlayfs would obey these: an image could make a directory opaque or point a file at another
 * layer's. */
static bool xattr_is_overlays(const char *name) {
        return g_str_has_prefix(name, "trusted.overlay.") ||
               g_str_has_prefix(name, "user.overlay.");
}

static bool
set_xattrs(Unpacker *unpacker, const TarEntry *entry, const char *path, GError **error) {
        for (guint i = 0; entry->xattrs && i < entry->xattrs->len; i++) {
                const TarXattr *xattr = entry->xattrs->pdata[i];
                if (xattr_is_overlays(xattr->name))
                        return error_set_invalid(
                                        error, "attribute '%s' is overlayfs's own", xattr->name);
                if (g_str_equal(xattr->name, "security.selinux"))
                        continue; /* the host's policy labels containers */
                gsize size;
                const void *value = g_bytes_get_data(xattr->value, &size);
                if (lsetxattr(path, xattr->name, value, size, 0) == 0 || errno == ENOTSUP)
                        continue;
                if (errno == EPERM && !unpacker->initial_userns)
                        continue;
                return error_set_errno(error, errno, "Cannot set attribute '%s'", xattr->name);
        }
        return true;
}

/* Owner, mode, attributes, times of what has no descriptor; in this order: chown(2) clears
 * set-user-ID bits and capabilities. */
static bool set_attributes(Unpacker *unpacker, const TarEntry *entry, GError **error) {
        const char *leaf = unpacker->leaf;
        if (needs_chown(unpacker, entry) &&
            fchownat(unpacker->parent_fd, leaf, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
                return owner_error(entry, error);
        if (entry->kind != TAR_SYMLINK && fchmodat(unpacker->parent_fd, leaf, entry->mode, 0) < 0)
                return error_set_errno(error, errno, "Cannot set the mode");
        if (entry->xattrs) {
                g_autofree char *path = leaf_path(unpacker);
                if (!set_xattrs(unpacker, entry, path, error))
                        return false;
        }
        struct timespec times[2] = { entry->mtime, entry->mtime };
        if (utimensat(unpacker->parent_fd, leaf, times, AT_SYMLINK_NOFOLLOW) < 0)
                return error_set_errno(error, errno, "Cannot set the time");
        return true;
}

static bool flush_times(Unpacker *unpacker, GError **error) {
        int r = fd_write_all(unpacker->times_fd, unpacker->times->data, unpacker->times->len);
        if (r < 0)
                return error_set_errno(error, r, "Cannot write a temporary file in the store");
        g_byte_array_set_size(unpacker->times, 0);
        return true;
}

typedef struct TimeRecord {
        struct timespec mtime;
        uint32_t n_path;
} TimeRecord;

static bool
defer_times(Unpacker *unpacker, const char *path, const TarEntry *entry, GError **error) {
        TimeRecord record = { .mtime = entry->mtime, .n_path = (uint32_t) strlen(path) };
        g_byte_array_append(unpacker->times, (const guint8 *) &record, sizeof record);
        g_byte_array_append(unpacker->times, (const guint8 *) path, record.n_path);
        return unpacker->times->len < TIMES_BUFFER || flush_times(unpacker, error);
}

static bool
unpack_directory(Unpacker *unpacker, const char *path, const TarEntry *entry, GError **error) {
        bool hides = false;
        if (mkdirat(unpacker->parent_fd, unpacker->leaf, 0700) < 0) {
                struct stat st;
                if (errno != EEXIST)
                        return error_set_errno(error, errno, "Cannot make the directory");
                if (fstatat(unpacker->parent_fd, unpacker->leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        return error_set_errno(error, errno, "Cannot stat what was there");
                if (!S_ISDIR(st.st_mode)) {
                        /* A whiteout of this layer that becomes a directory goes on hiding what
                         * lower layers have there. */
                        hides = S_ISCHR(st.st_mode) && st.st_rdev == 0;
                        if (!remove_existing(unpacker, error))
                                return false;
                        if (mkdirat(unpacker->parent_fd, unpacker->leaf, 0700) < 0)
                                return error_set_errno(error, errno, "Cannot make the directory");
                }
        }
        if (!set_attributes(unpacker, entry, error))
                return false;
        if (hides) {
                g_autofree char *at = leaf_path(unpacker);
                if (!set_opaque(unpacker, at, error))
                        return false;
        }
        /* What is cached about a parent may be about this directory. */
        if (unpacker->parent && g_str_has_prefix(unpacker->parent, path))
                forget_parent(unpacker);
        return defer_times(unpacker, path, entry, error);
}

static bool unpack_file(Unpacker *unpacker, const TarEntry *entry, GError **error) {
        int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
        for (int attempt = 0; attempt < 2; attempt++) {
                unpacker->file_fd = openat(
                                unpacker->parent_fd, unpacker->leaf, flags, entry->mode & 0777);
                if (unpacker->file_fd >= 0)
                        return true;
                if (errno != EEXIST || attempt > 0)
                        break;
                if (!remove_existing(unpacker, error))
                        return false;
        }
        return error_set_errno(error, errno, "Cannot create the file");
}

static bool link_once(Unpacker *unpacker, const char *target, GError **error) {
        const char *slash = strrchr(target, '/');
        g_autofree char *directory =
                        slash ? g_strndup(target, (size_t) (slash - target)) : g_strdup(".");
        autofd int fd = open_directory(unpacker, directory);
        int r = fd;
        if (fd >= 0)
                r = linkat(fd, slash ? slash + 1 : target, unpacker->parent_fd, unpacker->leaf, 0) <
                                                    0
                                    ? -errno
                                    : 0;
        if (r == -ENOENT)
                return error_set_errno(
                                error, r, "Hard link to '%s', which is not in this layer", target);
        return r >= 0 || error_set_errno(error, r, "Cannot link to '%s'", target);
}

static bool unpack_hardlink(Unpacker *unpacker, const TarEntry *entry, GError **error) {
        g_autofree char *target = NULL;
        if (!clean_name(entry->link, &target, error))
                return false;
        g_autoptr(GError) inner = NULL;
        if (link_once(unpacker, target, &inner))
                return true;
        if (!g_error_matches(inner, ERROR_ERRNO, EEXIST)) {
                g_propagate_error(error, g_steal_pointer(&inner));
                return false;
        }
        return remove_existing(unpacker, error) && link_once(unpacker, target, error);
}

static int make_special(Unpacker *unpacker, const TarEntry *entry) {
        dev_t device = makedev(entry->major, entry->minor);
        switch (entry->kind) {
        case TAR_SYMLINK:
                return symlinkat(entry->link, unpacker->parent_fd, unpacker->leaf);
        case TAR_CHARACTER:
                return mknodat(unpacker->parent_fd, unpacker->leaf, S_IFCHR | 0600, device);
        case TAR_BLOCK:
                return mknodat(unpacker->parent_fd, unpacker->leaf, S_IFBLK | 0600, device);
        default:
                return mkfifoat(unpacker->parent_fd, unpacker->leaf, 0600);
        }
}

static bool unpack_special(Unpacker *unpacker, const TarEntry *entry, GError **error) {
        bool device = entry->kind == TAR_CHARACTER || entry->kind == TAR_BLOCK;
        if (device && !unpacker->initial_userns)
                return true; /* not allowed there; the runtime makes /dev itself */
        if (entry->kind == TAR_CHARACTER && entry->major == 0 && entry->minor == 0)
                return error_set_invalid(error, "a device 0:0 would be a whiteout");
        int r = make_special(unpacker, entry);
        if (r < 0 && errno == EEXIST) {
                if (!remove_existing(unpacker, error))
                        return false;
                r = make_special(unpacker, entry);
        }
        if (r < 0)
                return error_set_errno(error, errno, "Cannot create it");
        return set_attributes(unpacker, entry, error);
}

/* image-spec layer.md, "Whiteouts": they hide what lower layers have, never siblings in this one.
 */
static bool unpack_whiteout(Unpacker *unpacker, const TarEntry *entry, GError **error) {
        g_autofree char *name = g_strdup(unpacker->leaf + strlen(WHITEOUT_PREFIX));
        if (g_str_equal(unpacker->leaf, WHITEOUT_OPAQUE)) {
                g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", unpacker->parent_fd);
                return set_opaque(unpacker, path, error);
        }
        if (g_str_has_prefix(unpacker->leaf, WHITEOUT_META))
                return true; /* leftovers of aufs must not become files */
        if (!*name || g_str_equal(name, ".") || g_str_equal(name, ".."))
                return error_set_invalid(error, "a whiteout of nothing");
        g_free(unpacker->leaf);
        unpacker->leaf = g_steal_pointer(&name);
        if (mknodat(unpacker->parent_fd, unpacker->leaf, S_IFCHR, 0) == 0) {
                if (needs_chown(unpacker, entry) &&
                    fchownat(unpacker->parent_fd, unpacker->leaf, entry->uid, entry->gid,
                             AT_SYMLINK_NOFOLLOW) < 0)
                        return owner_error(entry, error);
                return true;
        }
        struct stat st;
        if (errno != EEXIST ||
            fstatat(unpacker->parent_fd, unpacker->leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return error_set_errno(error, errno, "Cannot make a whiteout");
        if (!S_ISDIR(st.st_mode))
                return true;
        g_autofree char *path = leaf_path(unpacker);
        return set_opaque(unpacker, path, error);
}

bool unpacker_header(Unpacker *unpacker, const TarEntry *entry, GError **error) {
        g_autofree char *path = NULL;
        unpacker->skip = true;
        if (!clean_name(entry->name, &path, error))
                return false;
        if (!*path)
                return true; /* "./": the root keeps 0555, as in containers/storage */
        if (!enter_parent(unpacker, path, error))
                return false;
        if (!unpacker->plain && g_str_has_prefix(unpacker->leaf, WHITEOUT_PREFIX))
                return unpack_whiteout(unpacker, entry, error);
        note_owner(unpacker, entry);
        switch (entry->kind) {
        case TAR_REGULAR:
                unpacker->skip = false;
                return unpack_file(unpacker, entry, error);
        case TAR_DIRECTORY:
                return unpack_directory(unpacker, path, entry, error);
        case TAR_HARDLINK:
                return unpack_hardlink(unpacker, entry, error);
        default:
                return unpack_special(unpacker, entry, error);
        }
}

bool unpacker_body(Unpacker *unpacker, const void *bytes, size_t size, GError **error) {
        if (unpacker->skip)
                return true;
        int r = fd_write_all(unpacker->file_fd, bytes, size);
        return r >= 0 || error_set_errno(error, r, "Cannot write the file");
}

bool unpacker_end(Unpacker *unpacker, const TarEntry *entry, GError **error) {
        if (unpacker->skip)
                return true;
        autofd int fd = fd_steal(&unpacker->file_fd);
        if (needs_chown(unpacker, entry) && fchown(fd, entry->uid, entry->gid) < 0)
                return owner_error(entry, error);
        /* open(2) gave the plain bits already, except those that writing or chown would clear */
        if ((entry->mode & 07000) && fchmod(fd, entry->mode) < 0)
                return error_set_errno(error, errno, "Cannot set the mode");
        if (entry->xattrs) {
                g_autofree char *path = leaf_path(unpacker);
                if (!set_xattrs(unpacker, entry, path, error))
                        return false;
        }
        struct timespec times[2] = { entry->mtime, entry->mtime };
        if (futimens(fd, times) < 0)
                return error_set_errno(error, errno, "Cannot set the time");
        /* The commit waits for the disk: what is complete may go there while more comes in. A hint:
         * errors come back at the commit's syncfs(2). */
        if (entry->size >= WRITE_BACK_SIZE_MIN)
                (void) sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
        return true;
}

static void apply_time(Unpacker *unpacker, const char *path, const struct timespec *mtime) {
        autofd int fd = sys_open_in_root(
                        unpacker->root_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
        if (fd < 0)
                return; /* a later entry replaced the directory */
        char link[32];
        struct timespec times[2] = { *mtime, *mtime };
        (void) utimensat(AT_FDCWD, fd_path(fd, link), times, 0); /* only a time */
}

bool unpacker_finish(Unpacker *unpacker, GError **error) {
        if (!flush_times(unpacker, error))
                return false;
        if (lseek(unpacker->times_fd, 0, SEEK_SET) < 0)
                return error_set_errno(error, errno, "Cannot rewind a temporary file");
        autofd int copy = fcntl(unpacker->times_fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return error_set_errno(error, errno, "Cannot duplicate a descriptor");
        FILE *stream = fdopen(copy, "r");
        if (!stream)
                return error_set_errno(error, errno, "Cannot read a temporary file");
        (void) fd_steal(&copy); /* the stream owns it now */
        TimeRecord record;
        char path[PATH_MAX];
        while (fread(&record, sizeof record, 1, stream) == 1 && record.n_path < sizeof path &&
               fread(path, 1, record.n_path, stream) == record.n_path) {
                path[record.n_path] = '\0';
                apply_time(unpacker, path, &record.mtime);
        }
        fclose(stream);
        return true;
}

static gint compare_ids(gconstpointer a, gconstpointer b) {
        uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;
        return x < y ? -1 : x > y;
}

static GArray *sorted_ids(GHashTable *ids) {
        GArray *array = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        GHashTableIter iter;
        gpointer key;
        g_hash_table_iter_init(&iter, ids);
        while (g_hash_table_iter_next(&iter, &key, NULL)) {
                uint32_t id = GPOINTER_TO_UINT(key);
                g_array_append_val(array, id);
        }
        g_array_sort(array, compare_ids);
        return array;
}

GArray *unpacker_uids(const Unpacker *unpacker) {
        return sorted_ids(unpacker->uids);
}

GArray *unpacker_gids(const Unpacker *unpacker) {
        return sorted_ids(unpacker->gids);
}
