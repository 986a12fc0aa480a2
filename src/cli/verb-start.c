/* SPDX-License-Identifier: Apache-2.0 */
/* berth start */
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/transient.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct StartOptions {
        bool all, latest;
} StartOptions;

static const OptionRow rows[] = {
        { "all", 0, OPTION_BOOL, offsetof(StartOptions, all), NULL, "All containers" },
        { "latest", 'l', OPTION_BOOL, offsetof(StartOptions, latest), NULL,
          "The newest container" },
        { NULL },
};

static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        if (record_status(record) == CONTAINER_RUNNING)
                return true;
        return transient_start(runtime, record, error);
}

int verb_start(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth start [options] CONTAINER...",
                .description = "Start existing containers as services",
                .rows = rows,
                .operands_max = -1,
        };
        StartOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &names, &runtime, &begun);
        if (!go_on)
                return begun;
        const Selection selection = { .names = names,
                                      .all = options.all,
                                      .latest = options.latest };
        return selection_run(&runtime, &selection, true, act, &options);
}
