/* SPDX-License-Identifier: Apache-2.0 */
/* berth restart */
#include "cli/options.h"
#include "cli/select.h"
#include "cli/transient.h"
#include "cli/verbs.h"
#include "runtime/event.h"
#include "systemd/bus.h"

typedef struct RestartOptions {
        Selection selection;
        int64_t time;
        bool running;
} RestartOptions;

static const OptionRow rows[] = {
        SELECTION_ROW_ALL(RestartOptions, "All containers"),
        SELECTION_ROW_CIDFILE(RestartOptions),
        SELECTION_ROW_FILTER(RestartOptions),
        SELECTION_ROW_LATEST(RestartOptions),
        { "running", 0, OPTION_BOOL, offsetof(RestartOptions, running), NULL,
          "Only running containers" },
        { "time", 't', OPTION_INT, offsetof(RestartOptions, time), "SECONDS",
          "Time before SIGKILL" },
        { NULL },
};

/* A service of a unit file is restarted as such: its container is a new one. */
static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const RestartOptions *options = data;
        container_event(runtime, record, "restart");
        g_autofree char *transient = record_transient_unit(record);
        if (record->unit && g_strcmp0(record->unit, transient) != 0 &&
            g_str_has_suffix(record->unit, ".service")) {
                g_autoptr(Bus) bus = bus_open(error);
                return bus && bus_restart_unit(bus, record->unit, error);
        }
        if (!container_stop(runtime, record, options->time, error))
                return false;
        g_autoptr(ContainerRecord) stopped = container_await_end(runtime, record->id, error);
        return stopped && transient_start(runtime, stopped, error);
}

static bool check(void *data, GError **error) {
        RestartOptions *options = data;
        options->selection.all = options->selection.all || options->running;
        options->selection.running_only = options->running;
        return true;
}

int verb_restart(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth restart [options] CONTAINER...",
                .description = "Stop containers and start them again",
                .rows = rows,
                .operands_max = -1,
        };
        RestartOptions options = { .time = -1 };
        int status = selection_verb(
                        &table, argc, argv, &options, &options.selection, check, true, act);
        selection_clear(&options.selection);
        return status;
}
