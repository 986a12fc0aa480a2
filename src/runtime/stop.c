/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a container: signals, waiting, forgetting. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "runtime/cgroup-manager.h"
#include "runtime/container.h"
#include "runtime/event.h"
#include "runtime/mount-point.h"
#include "runtime/network.h"
#include "runtime/pin.h"
#include "runtime/pod.h"
#include "runtime/rootfs-mapped.h"
#include "runtime/rootless.h"
#include "runtime/service-result.h"
#include "store/writer.h"
#include "systemd/bus.h"
#include "systemd/cgroup.h"

#define KILL_TIMEOUT_MSEC 10000
#define FINISH_TRIES      500
#define FINISH_PAUSE_USEC 20000

/* True when the process is gone within msec; -1 waits for ever. */
static bool wait_gone(int pid_fd, int msec) {
        struct pollfd polled = { .fd = pid_fd, .events = POLLIN };
        struct timespec start, now;
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (int left = msec;;) {
                int n = poll(&polled, 1, left);
                if (n > 0)
                        return true;
                if (n == 0)
                        return false;
                clock_gettime(CLOCK_MONOTONIC, &now);
                int64_t passed = (now.tv_sec - start.tv_sec) * 1000 +
                                 (now.tv_nsec - start.tv_nsec) / 1000000;
                left = msec < 0 ? -1 : (int) MAX(0, msec - passed);
        }
}

/* Gives it timeout_sec, then SIGKILL. */
static bool
await_end(const ContainerRecord *record, int pid_fd, int64_t timeout_sec, GError **error) {
        int64_t msec = MIN(timeout_sec, INT32_MAX / 1000) * 1000;
        if (timeout_sec > 0 && wait_gone(pid_fd, (int) msec))
                return true;
        int r = sys_pidfd_send_signal(pid_fd, SIGKILL);
        if (r < 0 && r != -ESRCH)
                return error_set_errno(error, r, "Cannot kill container '%s'", record->name);
        if (!wait_gone(pid_fd, KILL_TIMEOUT_MSEC))
                return error_set_errno(
                                error, ETIMEDOUT, "Container '%s' does not die", record->name);
        return true;
}

static bool
stop_process(const ContainerRecord *record, int pid_fd, int64_t timeout_sec, GError **error) {
        int r = sys_pidfd_send_signal(pid_fd, timeout_sec == 0 ? SIGKILL : record->stop_signal);
        if (r < 0 && r != -ESRCH)
                return error_set_errno(error, r, "Cannot signal container '%s'", record->name);
        return await_end(record, pid_fd, timeout_sec, error);
}

/* A container of a unit is stopped by stopping the unit, so that systemctl tells the same story;
 * but not from within that unit (ExecStop=), which is being stopped already. */
static bool belongs_to_other_unit(const ContainerRecord *record) {
        if (!record->unit || !g_str_has_suffix(record->unit, ".service"))
                return false; /* a scope has no main process that could be sent the signal */
        g_autofree char *cgroup = cgroup_of(0, NULL);
        g_autofree char *own = cgroup ? cgroup_unit(cgroup) : NULL;
        return g_strcmp0(own, record->unit) != 0;
}

bool container_stop(
                Runtime *runtime, ContainerRecord *record, int64_t timeout_sec, GError **error) {
        autofd int pid_fd = record_open_pidfd(record);
        if (pid_fd < 0)
                return true;
        if (record_is_paused(record) && !container_freeze(record, false, error))
                return false; /* what is frozen does not end */
        if (timeout_sec < 0)
                timeout_sec = record->stop_timeout_sec;
        g_autoptr(Bus) bus = belongs_to_other_unit(record) ? bus_open(NULL) : NULL;
        if (!bus) /* our own unit, none, or no manager any more: the process is what is left */
                return stop_process(record, pid_fd, timeout_sec, error);
        /* the manager sends the stop signal; its own patience may be longer than what was asked for
         */
        g_autofree char *job = NULL;
        return bus_stop_unit_begin(bus, record->unit, &job, error) &&
               await_end(record, pid_fd, timeout_sec, error) &&
               bus_stop_unit_wait(bus, record->unit, job, error);
}

ContainerRecord *container_await_end(Runtime *runtime, const char *id, GError **error) {
        for (int i = 0;; i++) {
                g_autoptr(ContainerRecord) record = record_find(runtime->records, id, error);
                if (!record)
                        return NULL;
                bool noted = record->started_nsec == 0 || record->has_exit_code;
                if (record_status(record) != CONTAINER_RUNNING && noted)
                        return g_steal_pointer(&record);
                if (i == FINISH_TRIES) {
                        error_set_errno(error, ETIMEDOUT, "Cannot learn how container '%s' ended",
                                        record->name);
                        return NULL;
                }
                g_usleep(FINISH_PAUSE_USEC);
        }
}

static bool remove_volumes(Runtime *runtime, const ContainerRecord *record, GError **error) {
        for (char **name = record->anonymous_volumes; name && *name; name++) {
                g_autofree char *path = g_build_filename(
                                store_graph_root(runtime->store), "volumes", *name, NULL);
                if (!file_remove_tree(AT_FDCWD, path, error))
                        return false;
        }
        return true;
}

/* ExecStop= and ExecStopPost=, systemd.exec(5): the unit stays, and comes back for its image. */
static bool is_between_starts(const ContainerRecord *record) {
        g_autofree char *transient = record_transient_unit(record);
        return getenv("SERVICE_RESULT") && g_strcmp0(record->unit, transient) != 0;
}

typedef struct Removal {
        Runtime *runtime;
        const ContainerRecord *record;
        bool volumes;
} Removal;

/* What is on disk: some of it belongs to ids that only root of the user's namespace may touch. */
/* --rmi; an image that others use, or that went already, is none of ours to remove. */
static bool remove_image(Runtime *runtime, const ContainerRecord *record, GError **error) {
        GError *inner = NULL;
        if (store_image_remove(runtime->store, record->image_id, &inner))
                return rootfs_mapped_forget(
                                store_graph_root(runtime->store), record->image_id, error);
        if (g_error_matches(inner, STORE_ERROR, STORE_ERROR_IN_USE) ||
            g_error_matches(inner, STORE_ERROR, STORE_ERROR_NOT_FOUND)) {
                g_error_free(inner);
                return true;
        }
        g_propagate_error(error, inner);
        return false;
}

static bool remove_files(void *data, GError **error) {
        const Removal *r = data;
        if (r->volumes && !remove_volumes(r->runtime, r->record, error))
                return false;
        if (!record_remove(r->runtime->records, r->record, error))
                return false;
        if (!r->record->image_id || is_between_starts(r->record))
                return true;
        return pin_release(r->runtime, r->record->image_id, error) &&
               (!r->record->remove_image || remove_image(r->runtime, r->record, error));
}

/* In ExecStop= the manager has not told yet how it ended; it knows. */
static int exit_code_of_service(const ContainerRecord *record) {
        int code = 0;
        if (!service_result_from_environment(&code))
                (void) service_result_of_unit(record, &code); /* 0 where it knows nothing either */
        return code;
}

static bool
remove_stopped(Runtime *runtime, ContainerRecord *record, bool volumes, GError **error) {
        if (!network_detach(runtime, record, error) ||
            !mount_point_release(runtime, record, true, error))
                return false;
        Removal removal = { runtime, record, volumes || record->remove };
        if (!rootless_call(remove_files, &removal, error))
                return false;
        for (char **name = removal.volumes ? record->anonymous_volumes : NULL; name && *name;
             name++)
                runtime_event(runtime, "volume", "remove", NULL, *name);
        container_event(runtime, record, "remove");
        return true;
}

bool container_remove(
                Runtime *runtime,
                ContainerRecord *record,
                bool force,
                bool volumes,
                int64_t timeout_sec,
                GError **error) {
        if (record_status(record) == CONTAINER_RUNNING) {
                if (!force)
                        return error_set(
                                        error, RUNTIME_ERROR, RUNTIME_ERROR_STATE,
                                        "cannot remove container %s as it is running - running or "
                                        "paused "
                                        "containers cannot be removed without force: container "
                                        "state improper",
                                        record->id);
                if (!container_stop(runtime, record, timeout_sec, error))
                        return false;
        }
        if (getenv("SERVICE_RESULT")) /* ExecStop=, ExecStopPost=: it ran until now */
                container_event_ended(runtime, record, "died", exit_code_of_service(record));
        if (!remove_stopped(runtime, record, volumes, error))
                return false;
        if (getenv("SERVICE_RESULT"))
                pod_container_ended(runtime, record);
        return true;
}

/* cgroup-v2.rst "memory.events", of the unit: what was below it counts, and the payload's own is
 * gone by now. */
static bool was_oom_killed(const ContainerRecord *record) {
        if (g_strcmp0(getenv("SERVICE_RESULT"), "oom-kill") == 0)
                return true;
        g_autofree char *unit = record->cgroup ? g_path_get_dirname(record->cgroup) : NULL;
        g_autofree char *events = unit ? cgroup_read(unit, "memory.events") : NULL;
        const char *line = events ? strstr(events, "oom_kill ") : NULL;
        return line && line[strlen("oom_kill ")] != '0';
}

bool container_finish(Runtime *runtime, ContainerRecord *record, int exit_code, GError **error) {
        if (record_status(record) == CONTAINER_RUNNING)
                return true;
        container_event_ended(runtime, record, "died", exit_code);
        if (record->remove) {
                if (!remove_stopped(runtime, record, true, error))
                        return false;
                pod_container_ended(runtime, record);
                return true;
        }
        if (!network_detach(runtime, record, error))
                return false;
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        record->finished_nsec = (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
        record->has_exit_code = true;
        record->oom_killed = was_oom_killed(record);
        record->exit_code = exit_code;
        if (!record_save(runtime->records, record, error))
                return false;
        container_event(runtime, record, "cleanup");
        pod_container_ended(runtime, record);
        return true;
}
