/* SPDX-License-Identifier: Apache-2.0 */
/* berth container launch, finish: what the unit of `run -d` executes; not for people. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/health-timer.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/external.h"
#include "systemd/notify.h"

int verb_container_launch(int argc, char **argv) {
        g_auto(Runtime) runtime = { 0 };
        g_auto(Container) container = { .root_fd = -1, .userns_fd = -1 };
        g_autoptr(GError) error = NULL;
        if (argc != 2 || !notify_is_supervised()) {
                error_set_invalid(&error, "container launch is for service units only");
                return verb_fail(&error);
        }
        ContainerNotify notify;
        const ExternalOptions external = { .program = global_options()->runtime, .in_unit = true };
        int status = EXIT_STATUS_OK;
        if (!cli_runtime_open(&runtime, &error) ||
            !container_load(&runtime, argv[1], &container, &error))
                return run_fail(&error);
        if (external.program)
                return container_run_external(&runtime, &container, &external, &status, &error)
                                       ? status
                                       : run_fail(&error);
        if (!container_notify_from_text(container.record->sdnotify, &notify, &error) ||
            !container_run_supervised(&runtime, &container, notify, &error) ||
            !health_timer_start(container.record, true, &error))
                return run_fail(&error);
        return EXIT_STATUS_OK;
}

/* systemd.exec(5): $EXIT_CODE is "exited", "killed", "dumped"; $EXIT_STATUS a number or a signal's
 * name. */
static int exit_code_from_environment(void) {
        const char *code = getenv("EXIT_CODE");
        const char *status = getenv("EXIT_STATUS");
        uint64_t number;
        if (!code || !status)
                return 0;
        if (strcmp(code, "exited") == 0)
                return text_parse_uint64(status, 255, &number) ? (int) number : 0;
        int signal_number = text_parse_signal(status);
        return 128 + (signal_number > 0 ? signal_number : SIGKILL);
}

int verb_container_finish(int argc, char **argv) {
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        if (argc != 2) {
                error_set_invalid(&error, "container finish needs an id");
                return verb_fail(&error);
        }
        if (!cli_runtime_open(&runtime, &error))
                return verb_fail(&error);
        g_autoptr(ContainerRecord) record = record_find(runtime.records, argv[1], &error);
        if (g_error_matches(error, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER))
                return EXIT_STATUS_OK; /* removed meanwhile */
        if (!record || !container_finish(&runtime, record, exit_code_from_environment(), &error))
                return verb_fail(&error);
        return EXIT_STATUS_OK;
}
