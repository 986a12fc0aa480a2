/* SPDX-License-Identifier: Apache-2.0 */
/* berth healthcheck run: for people, and for the units NAME-health.service. */
#include <stdio.h>

#include "base/error.h"
#include "cli/exit.h"
#include "cli/health-timer.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/health.h"

#define START_TRIES      600 /* a minute, in which an image may still be on its way */
#define START_PAUSE_USEC (100 * 1000)

typedef struct CheckOptions {
        bool ignore_result;
} CheckOptions;

static const OptionRow rows[] = {
        { "ignore-result", 0, OPTION_BOOL, offsetof(CheckOptions, ignore_result), NULL,
          "Exit status 0 also when the check fails, for timers" },
        { NULL },
};

static bool has_ended(const ContainerRecord *record) {
        return record->has_exit_code && record_status(record) != CONTAINER_RUNNING;
}

/* The timer starts with the container's unit, and with it the first check. NULL without an error
 * when there is nothing to check any more, or not yet. */
static ContainerRecord *await(Runtime *runtime, const char *name, GError **error) {
        bool by_id = strlen(name) == 64;
        for (int i = 0; i < START_TRIES; i++) {
                GError *inner = NULL;
                g_autoptr(ContainerRecord) record = record_find(runtime->records, name, &inner);
                if (record && record_status(record) == CONTAINER_RUNNING)
                        return g_steal_pointer(&record);
                bool absent = g_error_matches(inner, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER);
                if (inner && !absent) {
                        g_propagate_error(error, inner);
                        return NULL;
                }
                g_clear_error(&inner);
                if (by_id && (absent || has_ended(record))) {
                        health_timer_stop(name);
                        return NULL;
                }
                g_usleep(START_PAUSE_USEC);
        }
        return NULL;
}

/* For a timer: quiet, whatever the check says; the container may end while we look at it. */
static int run_for_timer(Runtime *runtime, const char *name) {
        g_autoptr(GError) error = NULL;
        HealthResult result = { 0 };
        g_autoptr(ContainerRecord) record = await(runtime, name, &error);
        if (!record)
                return error ? verb_fail(&error) : EXIT_STATUS_OK;
        bool ran = health_run(runtime, record, true, &result, &error);
        health_state_clear(&result.state);
        if (!ran && record_status(record) == CONTAINER_RUNNING)
                return verb_fail(&error);
        return EXIT_STATUS_OK;
}

static int run_once(Runtime *runtime, const char *name) {
        g_autoptr(GError) error = NULL;
        HealthResult result = { 0 };
        g_autoptr(ContainerRecord) record = record_find(runtime->records, name, &error);
        if (!record) {
                g_prefix_error(&error, "unable to look up %s to perform a health check: ", name);
                return verb_fail(&error);
        }
        if (!health_run(runtime, record, false, &result, &error))
                return verb_fail(&error);
        health_state_clear(&result.state);
        if (result.passed && !result.startup)
                return EXIT_STATUS_OK;
        puts(result.startup ? "starting" : "unhealthy");
        return 1;
}

int verb_healthcheck_run(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth healthcheck run [options] CONTAINER",
                .description = "Run the health check of a container",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        CheckOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autofree char **names = NULL;
        int begun;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &begun))
                return begun;
        return options.ignore_result ? run_for_timer(&runtime, names[0])
                                     : run_once(&runtime, names[0]);
}
