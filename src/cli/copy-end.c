/* SPDX-License-Identifier: Apache-2.0 */
/* Where `cp` reads and writes. The container may be hostile and run: its root is opened once, and
 * everything else is resolved inside that by openat2(2). */
#include "cli/copy-end.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "runtime/idmap.h"
#include "runtime/rootless.h"

#define LINKS_MAX 40   /* path_resolution(7) */
#define DEPTH_MAX 2048 /* PATH_MAX holds no deeper path */

void copy_end_clear(CopyEnd *end) {
        g_free(end->given);
        g_free(end->path);
        g_free(end->leaf);
        fd_close(&end->fd);
        g_clear_pointer(&end->uids, g_array_unref);
        g_clear_pointer(&end->gids, g_array_unref);
        container_clear(&end->loaded);
}

void copy_end_parse(char *text, CopyEnd *end) {
        char *colon = *text == '/' || *text == '.' ? NULL : strchr(text, ':');
        if (colon) {
                *colon = '\0';
                end->container = text;
        }
        end->given = g_strdup(colon ? colon + 1 : text);
        end->wants_contents = strcmp(end->given, ".") == 0 || g_str_has_suffix(end->given, "/.");
        end->wants_directory = g_str_has_suffix(end->given, "/");
}

static bool not_found(const CopyEnd *end, int r, GError **error) {
        r = r < 0 ? -r : r;
        g_autofree char *where = end->container ? g_strconcat("container ", end->container, NULL)
                                                : g_strdup("the host");
        return error_set(
                        error, ERROR_ERRNO, r, "\"%s\" could not be found on %s: %s", end->given,
                        where, r == ENOENT ? "no such file or directory" : g_strerror(r));
}

/* Before we enter a user namespace: from inside it would be another's process, ptrace(2). */
static bool open_running_root(ContainerRecord *record, int *ret_fd, GError **error) {
        g_autofree char *path = g_strdup_printf("/proc/%d/root", (int) record->pid);
        autofd int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || record_status(record) != CONTAINER_RUNNING) /* the pid was not reused */
                return error_set_errno(
                                error, fd < 0 ? errno : ESRCH,
                                "Cannot open the root of container '%s'", record->name);
        *ret_fd = fd_steal(&fd);
        return true;
}

static bool open_running(Runtime *runtime, ContainerRecord *record, CopyEnd *end, GError **error) {
        g_autofree char *uid_path = g_strdup_printf("/proc/%d/uid_map", (int) record->pid);
        g_autofree char *gid_path = g_strdup_printf("/proc/%d/gid_map", (int) record->pid);
        end->loaded.spec = record_load_spec(runtime->records, record, error);
        return end->loaded.spec && open_running_root(record, &end->loaded.root_fd, error) &&
               rootless_enter(error) && id_map_read(uid_path, &end->uids, error) &&
               id_map_read(gid_path, &end->gids, error);
}

static bool is_inside_fd(int inner_fd, int directory_fd) {
        struct stat wanted, st;
        if (fstat(directory_fd, &wanted) < 0)
                return false;
        autofd int fd = openat(inner_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        ino_t below = 0;
        for (int depth = 0; fd >= 0 && depth < DEPTH_MAX && fstat(fd, &st) == 0; depth++) {
                if (st.st_dev == wanted.st_dev && st.st_ino == wanted.st_ino)
                        return true;
                if (st.st_ino == below) /* ".." of a root is itself */
                        return false;
                below = st.st_ino;
                int above = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
                fd_close(&fd);
                fd = above;
        }
        return false;
}

static bool is_in_mount(const CopyEnd *end, const OciMount *m, const char *canonical) {
        size_t size = strlen(m->destination);
        if (g_str_has_prefix(canonical, m->destination) &&
            (canonical[size] == '\0' || canonical[size] == '/'))
                return true;
        /* by way of a symbolic link */
        autofd int fd = sys_open_in_root(
                        end->loaded.root_fd, m->destination, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        return fd >= 0 && is_inside_fd(end->fd, fd);
}

/* A stopped container's volumes are not mounted, and what is written to the directory below would
 * never be seen. */
static bool check_mounts(const CopyEnd *end, GError **error) {
        g_autofree char *canonical = g_canonicalize_filename(end->path, "/");
        for (guint i = 0; i < end->loaded.spec->mounts->len; i++) {
                const OciMount *m = end->loaded.spec->mounts->pdata[i];
                if (m->source && *m->source == '/' && is_in_mount(end, m, canonical))
                        return error_set_invalid(
                                        error,
                                        "\"%s\" is in '%s', which is mounted only while "
                                        "container %s runs: start it, or copy to or from '%s'",
                                        end->given, m->destination, end->container, m->source);
        }
        return true;
}

static bool
open_stopped(Runtime *runtime, const ContainerRecord *record, CopyEnd *end, GError **error) {
        if (!container_load(runtime, record->id, &end->loaded, error))
                return false;
        end->is_stopped = true;
        end->uids = g_array_ref(end->loaded.spec->uid_mappings);
        end->gids = g_array_ref(end->loaded.spec->gid_mappings);
        return true;
}

static bool open_container(Runtime *runtime, CopyEnd *end, GError **error) {
        GError *inner = NULL;
        g_autoptr(ContainerRecord) record = record_find(runtime->records, end->container, &inner);
        if (g_error_matches(inner, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER)) {
                g_clear_error(&inner);
                return error_set_invalid(error, "container \"%s\" does not exist", end->container);
        }
        if (!record) {
                g_propagate_error(error, inner);
                return false;
        }
        bool runs = record_status(record) == CONTAINER_RUNNING;
        if (!(runs ? open_running(runtime, record, end, error)
                   : open_stopped(runtime, record, end, error)))
                return false;
        const OciSpec *spec = end->loaded.spec;
        end->uid = spec->uid;
        end->gid = spec->gid;
        if (end->uids->len > 0)
                (void) id_map_to_host(end->uids, spec->uid, &end->uid); /* run checked it */
        if (end->gids->len > 0)
                (void) id_map_to_host(end->gids, spec->gid, &end->gid);
        end->path = g_build_filename("/", *end->given == '/' ? "" : spec->cwd, end->given, NULL);
        return true;
}

bool copy_end_open(Runtime *runtime, CopyEnd *end, GError **error) {
        if (end->container)
                return open_container(runtime, end, error);
        g_autofree char *here = g_get_current_dir();
        end->path = *end->given == '/' ? g_strdup(end->given)
                                       : g_build_filename(here, end->given, NULL);
        end->uid = geteuid();
        end->gid = getegid();
        end->loaded.root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return end->loaded.root_fd >= 0 || error_set_errno(error, errno, "Cannot open '/'");
}

/* Follows the links of the last component ourselves: we need the directory that has the file, as
 * it may be missing or be replaced. -errno on failure. */
static int find_leaf(CopyEnd *end) {
        g_autofree char *path = g_strdup(end->path);
        for (int i = 0; i < LINKS_MAX; i++) {
                for (size_t n = strlen(path); n > 1 && path[n - 1] == '/';)
                        path[--n] = '\0';
                g_autofree char *parent = g_path_get_dirname(path);
                g_autofree char *leaf = g_path_get_basename(path);
                struct stat st;
                if (strcmp(leaf, "..") == 0 || strcmp(leaf, ".") == 0)
                        return -ENOENT;
                autofd int fd = sys_open_in_root(
                                end->loaded.root_fd, parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
                if (fd < 0)
                        return fd;
                bool missing = fstatat(fd, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0;
                if (missing && errno != ENOENT)
                        return -errno;
                if (missing || !S_ISLNK(st.st_mode)) {
                        end->exists = !missing;
                        end->fd = fd_steal(&fd);
                        end->leaf = g_steal_pointer(&leaf);
                        return 0;
                }
                char target[4096];
                ssize_t n = readlinkat(fd, leaf, target, sizeof target - 1);
                if (n <= 0)
                        return n < 0 ? -errno : -ENOENT;
                target[n] = '\0';
                g_free(path);
                path = *target == '/' ? g_strdup(target) : g_build_filename(parent, target, NULL);
        }
        return -ELOOP;
}

bool copy_end_is_inside(const CopyEnd *end, const CopyEnd *directory) {
        return directory->is_directory && is_inside_fd(end->fd, directory->fd);
}

static bool find_path(CopyEnd *end, bool may_miss, GError **error) {
        end->fd = sys_open_in_root(
                        end->loaded.root_fd, end->path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        if (end->fd >= 0) {
                end->exists = end->is_directory = true;
                return true;
        }
        if (end->fd != -ENOENT && end->fd != -ENOTDIR)
                return not_found(end, end->fd, error);
        bool is_file = end->fd == -ENOTDIR;
        end->fd = -1;
        if (end->wants_contents && may_miss && !is_file) /* "new/." is the directory "new" */
                end->path[strlen(end->path) - 1] = '\0';
        int r = find_leaf(end);
        if (r >= 0 && !end->exists && !may_miss)
                r = -ENOENT;
        if (r >= 0 && (end->wants_directory || (end->wants_contents && end->exists)))
                r = end->exists ? -ENOTDIR : -ENOENT;
        return r >= 0 || not_found(end, r, error);
}

/* The mount of a stopped container that has the path, by its name alone; NULL: none. */
static const OciMount *find_mount(const OciSpec *spec, const char *canonical) {
        const OciMount *best = NULL;
        for (guint i = 0; i < spec->mounts->len; i++) {
                const OciMount *m = spec->mounts->pdata[i];
                size_t size = strlen(m->destination);
                if (g_str_has_prefix(canonical, m->destination) &&
                    (canonical[size] == '\0' || canonical[size] == '/') &&
                    (!best || size >= strlen(best->destination)))
                        best = m;
        }
        return best;
}

/* A volume is where the host has it. Its ids are those of the container only where these are the
 * host's; a link in it leads nowhere out of it. */
static bool enter_volume(CopyEnd *end, bool is_destination, GError **error) {
        g_autofree char *canonical = g_canonicalize_filename(end->path, "/");
        const OciMount *m = find_mount(end->loaded.spec, canonical);
        if (!m || !m->source || *m->source != '/' || end->uids->len > 0)
                return true;
        if (is_destination && m->options && g_strv_contains((const char *const *) m->options, "ro"))
                return error_set_invalid(
                                error, "\"%s\" is in '%s', which is read-only", end->given,
                                m->destination);
        int fd = open(m->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno == ENOTDIR)
                return true; /* a single file, refused below */
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot open volume '%s'", m->source);
        fd_close(&end->loaded.root_fd);
        end->loaded.root_fd = fd;
        g_autofree char *whole = g_steal_pointer(&end->path);
        end->path = g_strconcat("/", canonical + strlen(m->destination), NULL);
        if (end->wants_contents) { /* "." at its end says so, and was resolved */
                g_autofree char *bare = g_steal_pointer(&end->path);
                end->path = g_build_filename(bare, ".", NULL);
        }
        end->in_volume = true;
        return true;
}

bool copy_end_resolve(CopyEnd *end, bool may_miss, GError **error) {
        return (!end->is_stopped || enter_volume(end, may_miss, error)) &&
               find_path(end, may_miss, error) &&
               (!end->is_stopped || end->in_volume || check_mounts(end, error));
}
