/* SPDX-License-Identifier: Apache-2.0 */
/* berth kill */
#include <signal.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct KillOptions {
        bool all, latest;
        char *signal;
        int number;
} KillOptions;

static const OptionRow rows[] = {
        { "all", 'a', OPTION_BOOL, offsetof(KillOptions, all), NULL, "All running containers" },
        { "latest", 'l', OPTION_BOOL, offsetof(KillOptions, latest), NULL, "The newest container" },
        { "signal", 's', OPTION_STRING, offsetof(KillOptions, signal), "SIGNAL",
          "KILL if not given" },
        { NULL },
};

static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const KillOptions *options = data;
        autofd int pid_fd = record_open_pidfd(record);
        if (pid_fd < 0)
                return error_set(
                                error, RUNTIME_ERROR, RUNTIME_ERROR_STATE,
                                "can only kill running containers. %s is in state %s: container "
                                "state improper",
                                record->id,
                                record_status(record) == CONTAINER_CREATED ? "created" : "exited");
        int r = sys_pidfd_send_signal(pid_fd, options->number);
        return r >= 0 || error_set_errno(error, r, "Cannot signal container '%s'", record->name);
}

int verb_kill(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth kill [options] CONTAINER...",
                .description = "Send a signal to the first process of containers",
                .rows = rows,
                .operands_max = -1,
        };
        KillOptions options = { .number = SIGKILL };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &names, &error);
        g_autofree char *signal_text = options.signal;
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_OK && signal_text &&
            (options.number = text_parse_signal(signal_text)) < 0) {
                error_set_invalid(&error, "invalid signal: %s", signal_text);
                r = OPTION_RESULT_ERROR;
        }
        if (r == OPTION_RESULT_ERROR || !cli_runtime_open(&runtime, &error))
                return verb_fail(&error);
        const Selection selection = {
                .names = names,
                .all = options.all,
                .latest = options.latest,
                .running_only = true,
        };
        return selection_run(&runtime, &selection, true, act, &options);
}
