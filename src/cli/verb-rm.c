/* SPDX-License-Identifier: Apache-2.0 */
/* berth rm */
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct RmOptions {
        bool all, force, ignore, latest, volumes;
        int64_t time;
} RmOptions;

static const OptionRow rows[] = {
        { "all", 'a', OPTION_BOOL, offsetof(RmOptions, all), NULL, "All containers" },
        { "force", 'f', OPTION_BOOL, offsetof(RmOptions, force), NULL,
          "Stop a running container first" },
        { "ignore", 'i', OPTION_BOOL, offsetof(RmOptions, ignore), NULL,
          "No error for unknown names" },
        { "latest", 'l', OPTION_BOOL, offsetof(RmOptions, latest), NULL, "The newest container" },
        { "time", 't', OPTION_INT, offsetof(RmOptions, time), "SECONDS", "Time before SIGKILL" },
        { "volumes", 'v', OPTION_BOOL, offsetof(RmOptions, volumes), NULL,
          "Its anonymous volumes too" },
        { NULL },
};

static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const RmOptions *options = data;
        return container_remove(
                        runtime, record, options->force, options->volumes, options->time, error);
}

int verb_rm(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth rm [options] CONTAINER...",
                .description = "Remove containers",
                .rows = rows,
                .operands_max = -1,
        };
        RmOptions options = { .time = -1 };
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
                .ignore = options.ignore ||
                          options.force, /* as Podman: forced removal of nothing is done */
        };
        return selection_run(&runtime, &selection, true, act, &options);
}
