/* SPDX-License-Identifier: Apache-2.0 */
/* berth stop */
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct StopOptions {
        bool all, latest, ignore;
        int64_t time;
} StopOptions;

static const OptionRow rows[] = {
        { "all", 'a', OPTION_BOOL, offsetof(StopOptions, all), NULL, "All running containers" },
        { "ignore", 'i', OPTION_BOOL, offsetof(StopOptions, ignore), NULL,
          "No error for unknown names" },
        { "latest", 'l', OPTION_BOOL, offsetof(StopOptions, latest), NULL, "The newest container" },
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
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &names, &runtime, &begun);
        if (!go_on)
                return begun;
        const Selection selection = {
                .names = names,
                .all = options.all,
                .latest = options.latest,
                .ignore = options.ignore,
                .running_only = true,
        };
        return selection_run(&runtime, &selection, true, act, &options);
}
