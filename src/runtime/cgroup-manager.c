/* SPDX-License-Identifier: Apache-2.0 */
/* The version 2 tree: cgroups(7), cgroup-v2.rst. */
#include "runtime/cgroup-manager.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "runtime/cgroup-resources.h"
#include "runtime/unit-limits.h"
#include "systemd/bus.h"
#include "systemd/cgroup.h"

#define FREEZE_TIMEOUT_MSEC 10000
#define REMOVE_TRIES        200

static char *full_path(const char *path, GError **error) {
        const char *mount = cgroup_mount_path();
        if (!mount) {
                error_set_invalid(
                                error,
                                "No cgroup version 2 hierarchy is mounted on /sys/fs/cgroup");
                return NULL;
        }
        return g_strconcat(mount, path, NULL);
}

static int write_file(const char *directory, const char *file, const char *value) {
        g_autofree char *path = g_build_filename(directory, file, NULL);
        autofd int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        return fd < 0 ? -errno : fd_write_all(fd, value, strlen(value));
}

char *cgroup_read(const char *path, const char *file) {
        g_autofree char *full = path ? full_path(path, NULL) : NULL;
        g_autofree char *name = full ? g_build_filename(full, file, NULL) : NULL;
        char *text = NULL;
        return name && file_read_text(AT_FDCWD, name, 1 << 20, &text, NULL) ? text : NULL;
}

static bool lists_word(const char *text, const char *word) {
        g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \n", -1);
        return g_strv_contains((const char *const *) words, word);
}

/* Controllers must be enabled from the root down to the parent, cgroup-v2.rst "Enabling and
 * Disabling". */
static bool enable_controllers(const char *path, const GPtrArray *rows, GError **error) {
        g_auto(GStrv) parts = g_strsplit(path, "/", -1);
        g_autoptr(GString) at = g_string_new("");
        for (char **part = parts; *part; part++) {
                g_autofree char *directory = full_path(at->str, error);
                g_autofree char *available = cgroup_read(at->str, "cgroup.controllers");
                g_autofree char *enabled = cgroup_read(at->str, "cgroup.subtree_control");
                if (!directory)
                        return false;
                for (guint i = 0; part[1] && i < rows->len; i++) {
                        const char *controller = ((ResourceRow *) rows->pdata[i])->controller;
                        g_autofree char *word = g_strconcat("+", controller, NULL);
                        if (*controller == '\0' || lists_word(enabled, controller))
                                continue;
                        if (!lists_word(available, controller))
                                return error_set_invalid(
                                                error,
                                                "the requested cgroup controller `%s` is not "
                                                "available",
                                                controller);
                        int r = write_file(directory, "cgroup.subtree_control", word);
                        if (r < 0)
                                return error_set_errno(
                                                error, r,
                                                "Cannot enable the controller `%s` in '%s'",
                                                controller, directory);
                }
                if (part[1] && *part[1])
                        g_string_append_printf(at, "/%s", part[1]);
        }
        return true;
}

static bool apply(const char *path, const GPtrArray *rows, bool skip_properties, GError **error) {
        g_autofree char *directory = full_path(path, error);
        if (!directory)
                return false;
        for (guint i = 0; i < rows->len; i++) {
                const ResourceRow *row = rows->pdata[i];
                if (skip_properties && row->property)
                        continue;
                int r = write_file(directory, row->file, row->value);
                if (r < 0)
                        return error_set_errno(
                                        error, r, "Cannot write '%s' to '%s' of cgroup '%s'",
                                        row->value, row->file, path);
        }
        return true;
}

/* "slice:prefix:name"; as runc and crun read it, all parts may be empty. */
static bool
scope_names(const char *path, const char *id, char **slice, char **scope, GError **error) {
        g_auto(GStrv) parts = g_strsplit(path ? path : "", ":", -1);
        guint n = g_strv_length(parts);
        if (path && *path && n != 3)
                return error_set_invalid(
                                error,
                                "expected cgroupsPath to be of format \"slice:prefix:name\" for "
                                "systemd cgroups, got \"%s\" instead",
                                path);
        const char *prefix = n == 3 && *parts[1] ? parts[1] : NULL;
        const char *name = n == 3 && *parts[2] ? parts[2] : id;
        *slice = g_strdup(n == 3 && *parts[0] ? parts[0] : "system.slice");
        *scope = g_str_has_suffix(name, ".scope") ? g_strdup(name)
                 : prefix                         ? g_strdup_printf("%s-%s.scope", prefix, name)
                                                  : g_strdup_printf("%s.scope", name);
        return true;
}

/* A scope is made around a process; ours is not it, and the container's is not there yet. */
static pid_t start_holder(void) {
        pid_t pid = fork();
        if (pid == 0) {
                (void) fd_close_from(0);
                for (;;)
                        (void) pause();
        }
        return pid;
}

void cgroup_release_holder(pid_t holder) {
        if (holder <= 0)
                return;
        (void) kill(holder, SIGKILL); /* our child, not reaped yet: the pid is its */
        while (waitpid(holder, NULL, 0) < 0 && errno == EINTR)
                continue;
}

static bool
create_scope(const CgroupRequest *request,
             char **ret_path,
             char **ret_scope,
             pid_t *ret_holder,
             GError **error) {
        g_autofree char *slice = NULL;
        g_autofree char *scope = NULL;
        if (!scope_names(request->path, request->id, &slice, &scope, error))
                return false;
        g_autoptr(Bus) bus = bus_open(error);
        if (!bus)
                return false;
        g_autoptr(UnitProperties) properties = unit_properties_new();
        if (!unit_limits_add(request->resources, properties, error))
                return false;
        pid_t holder = start_holder();
        if (holder < 0)
                return error_set_errno(error, errno, "Cannot start a process");
        g_autofree char *description = g_strdup_printf("Container %s", request->id);
        unit_properties_string(properties, "Description", description);
        unit_properties_string(properties, "Slice", slice);
        unit_properties_bool(properties, "Delegate", true);
        unit_properties_string(properties, "CollectMode", "inactive-or-failed");
        unit_properties_pid(properties, "PIDs", (uint32_t) holder);
        char *path = bus_start_transient(bus, scope, properties, error) ? cgroup_of(holder, error)
                                                                        : NULL;
        if (!path) {
                cgroup_release_holder(holder);
                return false;
        }
        *ret_path = path;
        *ret_scope = g_steal_pointer(&scope);
        *ret_holder = holder;
        return true;
}

bool cgroup_create(
                const CgroupRequest *request,
                char **ret_path,
                char **ret_scope,
                int *ret_fd,
                pid_t *ret_holder,
                GError **error) {
        g_autoptr(GPtrArray) rows = resource_rows(request->resources, error);
        g_autofree char *path = NULL;
        g_autofree char *scope = NULL;
        pid_t holder = 0;
        if (!rows)
                return false;
        if (request->use_systemd) {
                if (!create_scope(request, &path, &scope, &holder, error))
                        return false;
        } else {
                const char *wanted = request->path && *request->path ? request->path : request->id;
                path = g_canonicalize_filename(wanted, "/"); /* ".." does not leave the tree */
                g_autofree char *directory = full_path(path, error);
                if (!directory || !file_make_directories(AT_FDCWD, directory, 0755, error) ||
                    !enable_controllers(path, rows, error))
                        return false;
        }
        g_autofree char *directory = full_path(path, error);
        int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (fd < 0 || !apply(path, rows, scope != NULL, error)) {
                if (directory && fd < 0)
                        error_set_errno(error, errno, "Cannot open the cgroup '%s'", path);
                fd_close(&fd);
                cgroup_release_holder(holder);
                return false;
        }
        *ret_path = g_steal_pointer(&path);
        *ret_scope = g_steal_pointer(&scope);
        *ret_fd = fd;
        *ret_holder = holder;
        return true;
}

bool cgroup_update(const char *path, const char *scope, JsonNode *resources, GError **error) {
        g_autoptr(GPtrArray) rows = resource_rows(resources, error);
        if (!rows)
                return false;
        if (rows->len > 0 && !path)
                return error_set_invalid(error, "the container has no cgroup");
        g_autoptr(UnitProperties) properties = unit_properties_new();
        if (scope && !unit_limits_add(resources, properties, error))
                return false;
        if (!unit_properties_is_empty(properties)) {
                g_autoptr(Bus) bus = bus_open(error);
                if (!bus || !bus_set_properties(bus, scope, properties, error))
                        return false;
        } else if (!enable_controllers(path, rows, error)) {
                return false;
        }
        return apply(path, rows, scope != NULL, error);
}

bool cgroup_write_rest(const char *path, JsonNode *resources, GError **error) {
        g_autoptr(GPtrArray) rows = resource_rows(resources, error);
        return rows && apply(path, rows, true, error);
}

/* What is on the unit already: rows with a property, and those of devices, whose properties are
 * lists. */
static bool is_residue(const ResourceRow *row) {
        return !row->property && strcmp(row->file, "io.max") != 0 &&
               strcmp(row->file, "io.weight") != 0 && !g_str_has_prefix(row->file, "cpuset.");
}

bool cgroup_apply_residue(
                const char *unit_path, const char *path, JsonNode *resources, GError **error) {
        g_autoptr(GPtrArray) rows = resource_rows(resources, error);
        if (!rows)
                return false;
        for (guint i = rows->len; i > 0; i--)
                if (!is_residue(rows->pdata[i - 1]))
                        g_ptr_array_remove_index(rows, i - 1);
        if (rows->len == 0)
                return true;
        g_autofree char *unit = full_path(unit_path, error);
        g_autofree char *directory = full_path(path, error);
        g_autofree char *available = cgroup_read(unit_path, "cgroup.controllers");
        if (!unit || !directory)
                return false;
        int r = write_file(directory, "cgroup.procs", "0");
        if (r < 0)
                return error_set_errno(error, r, "Cannot enter the cgroup '%s'", path);
        for (guint i = 0; i < rows->len; i++) {
                const char *controller = ((ResourceRow *) rows->pdata[i])->controller;
                g_autofree char *word = g_strconcat("+", controller, NULL);
                if (*controller == '\0')
                        continue;
                if (!lists_word(available, controller))
                        return error_set_invalid(
                                        error,
                                        "the requested cgroup controller `%s` is not available in "
                                        "the unit's cgroup, see Delegate= in "
                                        "systemd.resource-control(5)",
                                        controller);
                r = write_file(unit, "cgroup.subtree_control", word);
                if (r < 0)
                        return error_set_errno(
                                        error, r, "Cannot enable the controller `%s` in '%s'",
                                        controller, unit_path);
        }
        return apply(path, rows, false, error);
}

/* Calls visit for the cgroup and all below it, children first; -errno ends it. */
static int walk(const char *directory, int (*visit)(const char *, void *), void *data) {
        DIR *dir = opendir(directory);
        if (!dir)
                return errno == ENOENT ? 0 : -errno;
        int r = 0;
        for (struct dirent *e; r >= 0 && (e = readdir(dir));) {
                if (e->d_type != DT_DIR || e->d_name[0] == '.')
                        continue;
                g_autofree char *below = g_build_filename(directory, e->d_name, NULL);
                r = walk(below, visit, data);
        }
        closedir(dir);
        return r < 0 ? r : visit(directory, data);
}

static int collect_processes(const char *directory, void *data) {
        g_autofree char *path = g_build_filename(directory, "cgroup.procs", NULL);
        g_autofree char *text = NULL;
        if (!file_read_text(AT_FDCWD, path, 16 << 20, &text, NULL))
                return 0; /* removed meanwhile, or threaded */
        for (char *at = text, *end; *at; at = *end ? end + 1 : end) {
                pid_t pid = (pid_t) strtol(at, &end, 10);
                if (end == at)
                        break;
                g_array_append_val((GArray *) data, pid);
        }
        return 0;
}

GArray *cgroup_processes(const char *path, GError **error) {
        g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
        g_autofree char *directory = path ? full_path(path, error) : NULL;
        if (path && !directory)
                return NULL;
        int r = directory ? walk(directory, collect_processes, pids) : 0;
        if (r < 0) {
                error_set_errno(error, r, "Cannot read the processes of cgroup '%s'", path);
                return NULL;
        }
        return g_steal_pointer(&pids);
}

bool cgroup_signal(const char *path, int signal_number, GError **error) {
        g_autoptr(GArray) pids = cgroup_processes(path, error);
        for (guint i = 0; pids && i < pids->len; i++) {
                pid_t pid = g_array_index(pids, pid_t, i);
                autofd int pid_fd = sys_pidfd_open(pid, 0);
                g_autofree char *now = pid_fd >= 0 ? cgroup_of(pid, NULL) : NULL;
                /* held by the descriptor and still of this cgroup: nobody else's pid */
                if (now && g_str_has_prefix(now, path))
                        (void) sys_pidfd_send_signal(pid_fd, signal_number);
        }
        return pids;
}

bool cgroup_kill(const char *path, GError **error) {
        g_autofree char *directory = full_path(path, error);
        if (!directory)
                return false;
        int r = write_file(directory, "cgroup.kill", "1");
        if (r == -ENOENT && access(directory, F_OK) == 0) /* before 5.14 */
                return cgroup_signal(path, SIGKILL, error);
        return r >= 0 || r == -ENOENT ||
               error_set_errno(error, r, "Cannot end the processes of cgroup '%s'", path);
}

bool cgroup_is_frozen(const char *path) {
        g_autofree char *events = path ? cgroup_read(path, "cgroup.events") : NULL;
        return events && strstr(events, "frozen 1");
}

bool cgroup_freeze(const char *path, bool freeze, GError **error) {
        g_autofree char *directory = path ? full_path(path, error) : NULL;
        if (!directory)
                return path ? false : error_set_invalid(error, "the container has no cgroup");
        g_autofree char *events = g_build_filename(directory, "cgroup.events", NULL);
        autofd int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (watch < 0 || inotify_add_watch(watch, events, IN_MODIFY) < 0)
                return error_set_errno(error, errno, "Cannot watch '%s'", events);
        int r = write_file(directory, "cgroup.freeze", freeze ? "1" : "0");
        if (r < 0)
                return error_set_errno(
                                error, r, "Cannot %s cgroup '%s'", freeze ? "freeze" : "thaw",
                                path);
        while (cgroup_is_frozen(path) != freeze) {
                struct pollfd polled = { .fd = watch, .events = POLLIN };
                char event[4096];
                int n = poll(&polled, 1, FREEZE_TIMEOUT_MSEC);
                if (n == 0)
                        return error_set_errno(
                                        error, ETIMEDOUT, "Cannot %s cgroup '%s'",
                                        freeze ? "freeze" : "thaw", path);
                if (n > 0)
                        (void) !read(watch, event, sizeof event); /* that it came is all */
        }
        return true;
}

static int remove_directory(const char *directory, void *data) {
        /* a process that was killed leaves its cgroup only when it is reaped */
        for (int i = 0; i < REMOVE_TRIES; i++) {
                if (rmdir(directory) == 0 || errno == ENOENT)
                        return 0;
                if (errno != EBUSY)
                        return -errno;
                (void) poll(NULL, 0, 10);
        }
        return -EBUSY;
}

static void stop_scope(const char *scope) {
        g_autofree char *job = NULL;
        g_autoptr(Bus) bus = bus_open(NULL);
        if (bus && bus_stop_unit_begin(bus, scope, &job, NULL))
                (void) bus_stop_unit_wait(bus, scope, job, NULL); /* gone already is as good */
}

bool cgroup_destroy(const char *path, const char *scope, GError **error) {
        if (!path || strcmp(path, "/") == 0)
                return true;
        if (!cgroup_kill(path, error))
                return false;
        if (scope)
                stop_scope(scope);
        g_autofree char *directory = full_path(path, error);
        int r = directory ? walk(directory, remove_directory, NULL) : 0;
        return r >= 0 || error_set_errno(error, r, "Cannot remove the cgroup '%s'", path);
}
