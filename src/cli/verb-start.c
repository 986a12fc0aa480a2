/* SPDX-License-Identifier: Apache-2.0 */
/* berth start */
#include "base/error.h"
#include "cli/attach-session.h"
#include "cli/exit.h"
#include "cli/health-timer.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/transient.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/network.h"

typedef struct StartOptions {
        Selection selection;
        bool attach, interactive;
        int sig_proxy; /* -1: not given */
        char *detach_keys;
        int status; /* of the payload that we were attached to */
} StartOptions;

static const OptionRow rows[] = {
        { "all", 0, OPTION_BOOL, offsetof(StartOptions, selection.all), NULL, "All containers" },
        { "attach", 'a', OPTION_BOOL, offsetof(StartOptions, attach), NULL,
          "In the foreground, with its output" },
        { "detach-keys", 0, OPTION_STRING, offsetof(StartOptions, detach_keys), "KEYS",
          "Leave the terminal of one that runs by these: ctrl-p,ctrl-q if not given" },
        { "interactive", 'i', OPTION_BOOL, offsetof(StartOptions, interactive), NULL,
          "Our standard input is the container's" },
        { "sig-proxy", 0, OPTION_TRISTATE, offsetof(StartOptions, sig_proxy), NULL,
          "Signals go on to the container (the default)" },
        SELECTION_ROW_FILTER(StartOptions),
        { "latest", 'l', OPTION_BOOL, offsetof(StartOptions, selection.latest), NULL,
          "The newest container" },
        { NULL },
};

static bool check(void *data, GError **error) {
        StartOptions *options = data;
        options->selection.quiet = options->attach;
        bool one = options->selection.latest ||
                   (options->selection.names && options->selection.names[0] &&
                    !options->selection.names[1]);
        return !options->attach || (one && !options->selection.all) ||
               error_set_invalid(error, "you cannot start and attach multiple containers at once");
}

/* As our child, like `run` without -d. */
static bool
start_attached(Runtime *runtime, ContainerRecord *record, StartOptions *options, GError **error) {
        g_auto(Container) container = { .root_fd = -1, .userns_fd = -1 };
        const ForegroundOptions foreground = { .interactive = options->interactive,
                                               .keeps_signals = options->sig_proxy == 0 };
        return network_enter_again(runtime, record->id, error) &&
               container_load(runtime, record->id, &container, error) &&
               health_timer_start(container.record, false, error) &&
               container_run_foreground(
                               runtime, &container, &foreground, &options->status, error) &&
               container_finish(runtime, container.record, options->status, error);
}

static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        StartOptions *options = data;
        bool runs = record_status(record) == CONTAINER_RUNNING;
        const AttachOptions attach = { .no_stdin = !options->interactive,
                                       .detach_keys = options->detach_keys,
                                       .sig_proxy = options->sig_proxy };
        if (options->attach && runs)
                return attach_running(runtime, record, &attach, &options->status, error);
        if (options->attach)
                return start_attached(runtime, record, options, error);
        return runs || transient_start(runtime, record, error);
}

int verb_start(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth start [options] CONTAINER...",
                .description = "Start existing containers as services",
                .rows = rows,
                .operands_max = -1,
        };
        StartOptions options = { .sig_proxy = -1 };
        int status = selection_verb(
                        &table, argc, argv, &options, &options.selection, check, true, act);
        selection_clear(&options.selection);
        g_free(options.detach_keys);
        return status == EXIT_STATUS_OK ? options.status : status;
}
