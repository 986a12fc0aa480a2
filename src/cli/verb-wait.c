/* SPDX-License-Identifier: Apache-2.0 */
/* berth wait */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "systemd/bus.h"

#define FINISH_TRIES      100
#define FINISH_PAUSE_USEC 20000

typedef struct WaitOptions {
        bool latest, ignore;
} WaitOptions;

static const OptionRow rows[] = {
        { "ignore", 'i', OPTION_BOOL, offsetof(WaitOptions, ignore), NULL,
          "No error for unknown names" },
        { "latest", 'l', OPTION_BOOL, offsetof(WaitOptions, latest), NULL, "The newest container" },
        { NULL },
};

/* What the manager says of a container's unit; false where it knows nothing. */
static bool exit_code_of_unit(const ContainerRecord *record, int *ret_code) {
        g_autoptr(Bus) bus = record->unit ? bus_open(NULL) : NULL;
        int code = 0, status = 0;
        if (!bus ||
            !bus_get_unit_int(bus, record->unit, "Service", "ExecMainStatus", &status, NULL) ||
            !bus_get_unit_int(bus, record->unit, "Service", "ExecMainCode", &code, NULL) ||
            code == 0)
                return false;
        *ret_code = code == 1 /* CLD_EXITED */ ? status : 128 + status;
        return true;
}

/* Whoever ran it notes the end in its record, or removes it; until then other verbs would not
 * agree. */
static bool
exit_code_of(Runtime *runtime, const ContainerRecord *record, int *ret_code, GError **error) {
        bool known = exit_code_of_unit(record, ret_code);
        for (int i = 0; i < FINISH_TRIES; i++) {
                g_autoptr(ContainerRecord) now = record_find(runtime->records, record->id, NULL);
                if (now && now->has_exit_code)
                        *ret_code = now->exit_code;
                else if (!now && !known)
                        *ret_code = 0;
                if (!now || now->has_exit_code)
                        return true;
                g_usleep(FINISH_PAUSE_USEC);
        }
        return known || error_set_errno(error, ETIMEDOUT, "Cannot learn how container '%s' ended",
                                        record->name);
}

static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        autofd int pid_fd = record_open_pidfd(record);
        struct pollfd polled = { .fd = pid_fd, .events = POLLIN };
        while (pid_fd >= 0 && poll(&polled, 1, -1) < 0 && errno == EINTR)
                continue;
        int code = 0;
        if (!exit_code_of(runtime, record, &code, error))
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
