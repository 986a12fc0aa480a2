/* SPDX-License-Identifier: Apache-2.0 */
/* The container may run and change what we walk over: every step is by descriptor and follows no
 * symbolic link. */
#include "cli/layer-diff.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"

#define DEPTH_MAX   512     /* each level holds descriptors */
#define CHANGES_MAX 5000000 /* paths that we keep */

typedef struct Walk {
        GHashTable *changes;
        int lower_fd;
} Walk;

typedef struct Place {
        const char *path;
        guint depth;
        bool is_opaque; /* it or one above it: below it the lower layers are not seen */
} Place;

/* -1 when the lower layers have no such file. */
static int open_lower(const Walk *walk, const char *path) {
        const struct open_how how = {
                .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
        };
        int fd = sys_openat2(walk->lower_fd, path + 1, &how);
        return fd < 0 ? -1 : fd;
}

/* overlayfs.rst, "whiteouts and opaque directories" */
static bool is_opaque(int fd) {
        static const char *const names[] = { "trusted.overlay.opaque", "user.overlay.opaque" };
        char value[2];
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                if (fgetxattr(fd, names[i], value, sizeof value) == 1 && value[0] == 'y')
                        return true;
        return false;
}

/* What is above a path that comes or goes has changed too. */
static void note(Walk *walk, const char *path, LayerChange change) {
        g_hash_table_replace(walk->changes, g_strdup(path), GINT_TO_POINTER(change));
        g_autofree char *parent = g_path_get_dirname(path);
        if (change != LAYER_CHANGED && strcmp(parent, "/") != 0 &&
            !g_hash_table_contains(walk->changes, parent))
                note(walk, parent, LAYER_CHANGED);
}

/* An opaque directory hides all that it does not have itself. */
static void note_hidden(Walk *walk, int upper_fd, const char *path) {
        autofd int lower = open_lower(walk, path);
        int fd = lower < 0 ? -1 : openat(lower, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        struct stat st;
        for (struct dirent *d; dir && (d = readdir(dir));) {
                if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 ||
                    fstatat(upper_fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
                        continue;
                g_autofree char *hidden = g_build_filename(path, d->d_name, NULL);
                note(walk, hidden, LAYER_DELETED);
        }
        if (dir)
                closedir(dir);
        else
                fd_close(&fd);
}

/* A directory is in the upper layer also when only something below it changed. */
static bool is_same_directory(const struct stat *a, const struct stat *b) {
        return S_ISDIR(a->st_mode) && a->st_mode == b->st_mode && a->st_uid == b->st_uid &&
               a->st_gid == b->st_gid && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
               a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void note_entry(Walk *walk, const char *path, const struct stat *st) {
        if (S_ISCHR(st->st_mode) && st->st_rdev == 0) {
                note(walk, path, LAYER_DELETED);
                return;
        }
        autofd int lower = open_lower(walk, path);
        struct stat below;
        if (lower < 0 || fstat(lower, &below) < 0)
                note(walk, path, LAYER_ADDED);
        else if (!is_same_directory(st, &below) && !g_hash_table_contains(walk->changes, path))
                note(walk, path, LAYER_CHANGED);
}

static bool walk_directory(Walk *walk, int fd, const Place *place, GError **error);

static bool
walk_entry(Walk *walk, int dir_fd, const char *name, const Place *above, GError **error) {
        g_autofree char *path = g_build_filename(above->path, name, NULL);
        struct stat st;
        if (g_hash_table_size(walk->changes) > CHANGES_MAX)
                return error_set_invalid(error, "more than %d files changed", CHANGES_MAX);
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT || error_set_errno(error, errno, "Cannot read '%s'", path);
        note_entry(walk, path, &st);
        if (!S_ISDIR(st.st_mode))
                return true;
        int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT || error_set_errno(error, errno, "Cannot open '%s'", path);
        const Place place = { path, above->depth + 1, above->is_opaque || is_opaque(fd) };
        if (place.is_opaque)
                note_hidden(walk, fd, path);
        return walk_directory(walk, fd, &place, error);
}

/* Takes fd. */
static bool walk_directory(Walk *walk, int fd, const Place *place, GError **error) {
        DIR *dir = fdopendir(fd);
        if (!dir) {
                int r = errno;
                fd_close(&fd);
                return error_set_errno(error, r, "Cannot read '%s'", place->path);
        }
        bool ok = place->depth <= DEPTH_MAX ||
                  error_set_invalid(
                                  error, "'%s' is deeper than %d directories", place->path,
                                  DEPTH_MAX);
        for (struct dirent *d; ok && (d = readdir(dir));)
                if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
                        ok = walk_entry(walk, dirfd(dir), d->d_name, place, error);
        closedir(dir);
        return ok;
}

GHashTable *layer_diff(int upper_fd, int lower_fd, GError **error) {
        g_autoptr(GHashTable) changes =
                        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        Walk walk = { changes, lower_fd };
        int fd = openat(upper_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
                error_set_errno(error, errno, "Cannot open the container's layer");
                return NULL;
        }
        const Place top = { "/", 0, false };
        return walk_directory(&walk, fd, &top, error) ? g_steal_pointer(&changes) : NULL;
}
