/* SPDX-License-Identifier: Apache-2.0 */
/* berth pod start, stop, restart, kill, pause, unpause: what a verb does to each container of a
 * pod, and to its namespaces. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/pod-remove.h"
#include "cli/pod-select.h"
#include "cli/transient.h"
#include "cli/verbs.h"
#include "runtime/event.h"
#include "systemd/bus.h"
#include "systemd/cgroup.h"

typedef struct ControlOptions {
        PodSelection selection;
        int64_t time;
        char *signal;
        int number;
} ControlOptions;

/* The pod's own service, when it is not from there that we are called. */
static Bus *open_unit_bus(const Pod *pod) {
        g_autofree char *cgroup = pod->unit ? cgroup_of(0, NULL) : NULL;
        g_autofree char *own = cgroup ? cgroup_unit(cgroup) : NULL;
        return pod->unit && g_strcmp0(own, pod->unit) != 0 ? bus_open(NULL) : NULL;
}

static bool start_one(Runtime *runtime, Pod *pod, void *data, GError **error) {
        g_autoptr(GPtrArray) containers = pod_containers(runtime, pod, error);
        if (!containers || !pod_start(runtime, pod, error))
                return false;
        for (guint i = 0; i < containers->len; i++)
                if (record_status(containers->pdata[i]) != CONTAINER_RUNNING &&
                    !transient_start(runtime, containers->pdata[i], error))
                        return false;
        pod_event(runtime, pod, "start");
        return true;
}

static bool stop_one(Runtime *runtime, Pod *pod, void *data, GError **error) {
        const ControlOptions *options = data;
        g_autoptr(Bus) bus = open_unit_bus(pod);
        g_autofree char *job = NULL;
        pod_event(runtime, pod, "stop");
        if (!pod_stop_all(runtime, pod, options->time, error))
                return false;
        return !bus || (bus_stop_unit_begin(bus, pod->unit, &job, error) &&
                        bus_stop_unit_wait(bus, pod->unit, job, error));
}

static bool restart_one(Runtime *runtime, Pod *pod, void *data, GError **error) {
        const ControlOptions *options = data;
        g_autoptr(Bus) bus = open_unit_bus(pod);
        pod_event(runtime, pod, "restart");
        if (bus)
                return bus_restart_unit(bus, pod->unit, error);
        return pod_stop_all(runtime, pod, options->time, error) &&
               start_one(runtime, pod, data, error);
}

static bool
for_running(Runtime *runtime,
            Pod *pod,
            const char *event,
            bool (*act)(ContainerRecord *record, void *data, GError **error),
            void *data,
            GError **error) {
        g_autoptr(GPtrArray) containers = pod_containers(runtime, pod, error);
        pod_event(runtime, pod, event);
        for (guint i = 0; containers && i < containers->len; i++) {
                if (record_status(containers->pdata[i]) != CONTAINER_RUNNING)
                        continue;
                if (!act(containers->pdata[i], data, error))
                        return false;
                container_event(runtime, containers->pdata[i], event);
        }
        return containers;
}

static bool signal_container(ContainerRecord *record, void *data, GError **error) {
        const ControlOptions *options = data;
        autofd int pid_fd = record_open_pidfd(record);
        int r = pid_fd < 0 ? 0 : sys_pidfd_send_signal(pid_fd, options->number);
        return r >= 0 || r == -ESRCH ||
               error_set_errno(error, r, "Cannot signal container '%s'", record->name);
}

static bool kill_one(Runtime *runtime, Pod *pod, void *data, GError **error) {
        return for_running(runtime, pod, "kill", signal_container, data, error);
}

static bool freeze_container(ContainerRecord *record, void *data, GError **error) {
        return record_is_paused(record) || container_freeze(record, true, error);
}

static bool thaw_container(ContainerRecord *record, void *data, GError **error) {
        return !record_is_paused(record) || container_freeze(record, false, error);
}

static bool pause_one(Runtime *runtime, Pod *pod, void *data, GError **error) {
        return for_running(runtime, pod, "pause", freeze_container, data, error);
}

static bool unpause_one(Runtime *runtime, Pod *pod, void *data, GError **error) {
        return for_running(runtime, pod, "unpause", thaw_container, data, error);
}

static bool check_signal(void *data, GError **error) {
        ControlOptions *options = data;
        if (options->signal)
                options->number = text_parse_signal(options->signal);
        return options->number >= 0 ||
               error_set_invalid(error, "invalid signal: %s", options->signal);
}

#define ROW_TIME                                                                                   \
        {                                                                                          \
                "time", 't', OPTION_INT, offsetof(ControlOptions, time), "SECONDS",                \
                                "Time before SIGKILL"                                              \
        }

static int control(const OptionTable *table, int argc, char **argv, bool by_name, PodAct act) {
        ControlOptions options = { .time = -1, .number = SIGKILL };
        int status = pod_selection_verb(
                        table, argc, argv, &options, &options.selection, check_signal, by_name,
                        act);
        pod_selection_clear(&options.selection);
        g_free(options.signal);
        return status;
}

int verb_pod_start(int argc, char **argv) {
        static const OptionRow rows[] = {
                POD_ROW_ALL(ControlOptions, "All pods"),
                POD_ROW_LATEST(ControlOptions),
                POD_ROW_ID_FILE(ControlOptions),
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth pod start [options] POD...",
                .description = "Make the namespaces of pods and start their containers",
                .rows = rows,
                .operands_max = -1,
        };
        return control(&table, argc, argv, true, start_one);
}

int verb_pod_stop(int argc, char **argv) {
        static const OptionRow rows[] = {
                POD_ROW_ALL(ControlOptions, "All pods"),
                POD_ROW_IGNORE(ControlOptions),
                POD_ROW_LATEST(ControlOptions),
                POD_ROW_ID_FILE(ControlOptions),
                ROW_TIME,
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth pod stop [options] POD...",
                .description = "Stop the containers of pods and let their namespaces go",
                .rows = rows,
                .operands_max = -1,
        };
        return control(&table, argc, argv, true, stop_one);
}

int verb_pod_restart(int argc, char **argv) {
        static const OptionRow rows[] = {
                POD_ROW_ALL(ControlOptions, "All pods"),
                POD_ROW_LATEST(ControlOptions),
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth pod restart [options] POD...",
                .description = "Stop pods and start them again",
                .rows = rows,
                .operands_max = -1,
        };
        return control(&table, argc, argv, false, restart_one);
}

int verb_pod_kill(int argc, char **argv) {
        static const OptionRow rows[] = {
                POD_ROW_ALL(ControlOptions, "All pods"),
                POD_ROW_LATEST(ControlOptions),
                { "signal", 's', OPTION_STRING, offsetof(ControlOptions, signal), "SIGNAL",
                  "KILL if not given" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth pod kill [options] POD...",
                .description = "Send a signal to the containers of pods",
                .rows = rows,
                .operands_max = -1,
        };
        return control(&table, argc, argv, false, kill_one);
}

int verb_pod_pause(int argc, char **argv) {
        static const OptionRow rows[] = {
                POD_ROW_ALL(ControlOptions, "All pods"),
                POD_ROW_LATEST(ControlOptions),
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth pod pause [options] POD...",
                .description = "Freeze all processes of pods",
                .rows = rows,
                .operands_max = -1,
        };
        return control(&table, argc, argv, false, pause_one);
}

int verb_pod_unpause(int argc, char **argv) {
        static const OptionRow rows[] = {
                POD_ROW_ALL(ControlOptions, "All pods"),
                POD_ROW_LATEST(ControlOptions),
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth pod unpause [options] POD...",
                .description = "Let paused pods go on",
                .rows = rows,
                .operands_max = -1,
        };
        return control(&table, argc, argv, false, unpause_one);
}
