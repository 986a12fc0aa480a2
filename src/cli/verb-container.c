/* SPDX-License-Identifier: Apache-2.0 */
/* berth container launch, finish: what the unit of `run -d` executes; not for people. */
#include "base/error.h"
#include "cli/exit.h"
#include "cli/health-timer.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/external.h"
#include "runtime/network.h"
#include "runtime/service-result.h"
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
            !network_enter_again(&runtime, argv[1], &error) ||
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

int verb_container_finish(int argc, char **argv) {
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        if (argc != 2) {
                error_set_invalid(&error, "container finish needs an id");
                return verb_fail(&error);
        }
        if (!cli_runtime_open(&runtime, &error))
                return verb_fail(&error);
        int code = 0;
        (void) service_result_from_environment(&code); /* by hand: it ended well */
        g_autoptr(ContainerRecord) record = record_find(runtime.records, argv[1], &error);
        if (g_error_matches(error, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER))
                return EXIT_STATUS_OK; /* removed meanwhile */
        if (!record || !container_finish(&runtime, record, code, &error))
                return verb_fail(&error);
        return EXIT_STATUS_OK;
}
