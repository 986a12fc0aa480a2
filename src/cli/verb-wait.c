/* SPDX-License-Identifier: Apache-2.0 */
/* berth wait */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/exit-code.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct WaitOptions {
        bool latest, ignore;
} WaitOptions;

static const OptionRow rows[] = {
        { "ignore", 'i', OPTION_BOOL, offsetof(WaitOptions, ignore), NULL,
          "No error for unknown names" },
        { "latest", 'l', OPTION_BOOL, offsetof(WaitOptions, latest), NULL, "The newest container" },
        { NULL },
};

static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        autofd int pid_fd = record_open_pidfd(record);
        struct pollfd polled = { .fd = pid_fd, .events = POLLIN };
        while (pid_fd >= 0 && poll(&polled, 1, -1) < 0 && errno == EINTR)
                continue;
        int code = 0;
        if (!container_exit_code_await(runtime, record, &code, error))
                return false;
        printf("%d\n", code);
        return true;
}

int verb_wait(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth wait [options] CONTAINER...",
                .description = "Wait for containers to end and print their exit statuses",
                .rows = rows,
                .operands_max = -1,
        };
        WaitOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &names, &runtime, &begun);
        if (!go_on)
                return begun;
        const Selection selection = { .names = names,
                                      .latest = options.latest,
                                      .ignore = options.ignore };
        return selection_run(&runtime, &selection, false, act, &options);
}
