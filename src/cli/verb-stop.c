/* SPDX-License-Identifier: Apache-2.0 */
/* berth stop */
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verbs.h"

typedef struct StopOptions {
        Selection selection;
        int64_t time;
} StopOptions;

static const OptionRow rows[] = {
        SELECTION_ROW_ALL(StopOptions, "All running containers"),
        SELECTION_ROW_CIDFILE(StopOptions),
        SELECTION_ROW_FILTER(StopOptions),
        SELECTION_ROW_IGNORE(StopOptions),
        SELECTION_ROW_LATEST(StopOptions),
        { "time", 't', OPTION_INT, offsetof(StopOptions, time), "SECONDS", "Time before SIGKILL" },
        { NULL },
};

static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const StopOptions *options = data;
        return container_stop(runtime, record, options->time, error);
}

int verb_stop(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth stop [options] CONTAINER...",
                .description = "Stop containers, and the units they belong to",
                .rows = rows,
                .operands_max = -1,
        };
        StopOptions options = { .time = -1 };
        options.selection.running_only = true;
        int status = selection_verb(
                        &table, argc, argv, &options, &options.selection, NULL, true, act);
        selection_clear(&options.selection);
        return status;
}
