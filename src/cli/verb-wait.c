/* SPDX-License-Identifier: Apache-2.0 */
/* berth wait */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "cli/container-json.h"
#include "cli/exit-code.h"
#include "cli/exit.h"
#include "cli/health-json.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"

#define INTERVAL_DEFAULT_USEC 250000

typedef struct WaitOptions {
        bool latest, ignore;
        GPtrArray *conditions;
        char *interval;
        uint64_t interval_usec;
} WaitOptions;

static const OptionRow rows[] = {
        { "condition", 0, OPTION_LIST, offsetof(WaitOptions, conditions), "STATE[,STATE...]",
          "Until it is in one of these states" },
        { "ignore", 0, OPTION_BOOL, offsetof(WaitOptions, ignore), NULL,
          "No error for unknown names" },
        { "interval", 'i', OPTION_STRING, offsetof(WaitOptions, interval), "DURATION",
          "How often to look for --condition" },
        { "latest", 'l', OPTION_BOOL, offsetof(WaitOptions, latest), NULL, "The newest container" },
        { NULL },
};

static bool is_health(const char *state) {
        return strcmp(state, "healthy") == 0 || strcmp(state, "unhealthy") == 0;
}

/* "a,b" and repeated flags become single words, and each makes sense. */
static bool split_conditions(WaitOptions *options, GError **error) {
        static const char *const states[] = { "configured",  "created",  "exited",    "healthy",
                                              "initialized", "paused",   "removing",  "running",
                                              "stopped",     "stopping", "unhealthy", "unknown",
                                              NULL };
        g_autoptr(GPtrArray) given = g_steal_pointer(&options->conditions);
        for (guint i = 0; given && i < given->len; i++) {
                g_auto(GStrv) words = g_strsplit(given->pdata[i], ",", -1);
                for (char **word = words; *word; word++) {
                        if (!g_strv_contains(states, *word))
                                return error_set_invalid(
                                                error,
                                                "unknown container state: %s: invalid argument",
                                                *word);
                        if (!options->conditions)
                                options->conditions = g_ptr_array_new_with_free_func(g_free);
                        g_ptr_array_add(options->conditions, g_strdup(*word));
                }
        }
        return true;
}

/* A bare number is of milliseconds here. */
static bool parse_interval(WaitOptions *options, GError **error) {
        uint64_t msec;
        options->interval_usec = INTERVAL_DEFAULT_USEC;
        if (!options->interval || text_parse_duration(options->interval, &options->interval_usec)) {
                if (options->interval && text_parse_uint64(options->interval, UINT32_MAX, &msec))
                        options->interval_usec = msec * 1000;
                options->interval_usec = MAX(options->interval_usec, 1000);
                return true;
        }
        return error_set_invalid(error, "time: invalid duration \"%s\"", options->interval);
}

/* now is NULL when it was removed meanwhile. */
static bool holds(Runtime *runtime, const ContainerRecord *now, const char *state) {
        if (!now)
                return strcmp(state, "exited") == 0 || strcmp(state, "stopped") == 0 ||
                       strcmp(state, "removing") == 0;
        if (is_health(state))
                return g_strcmp0(health_text(runtime, now), state) == 0;
        const char *text = container_state_text(now);
        return strcmp(text, state) == 0 ||
               (strcmp(state, "stopped") == 0 && strcmp(text, "exited") == 0) ||
               (strcmp(state, "configured") == 0 && strcmp(text, "created") == 0);
}

/* -1 where there is no exit code yet, as Podman prints it. */
static bool
await_condition(Runtime *runtime,
                const ContainerRecord *record,
                const WaitOptions *options,
                GError **error) {
        for (guint i = 0; i < options->conditions->len; i++)
                if (is_health(options->conditions->pdata[i]) && !record->health)
                        return error_set_invalid(
                                        error,
                                        "cannot use condition \"%s\": container %s has no "
                                        "healthcheck",
                                        (char *) options->conditions->pdata[i], record->id);
        for (;;) {
                g_autoptr(ContainerRecord) now = record_find(runtime->records, record->id, NULL);
                for (guint i = 0; i < options->conditions->len; i++) {
                        if (!holds(runtime, now, options->conditions->pdata[i]))
                                continue;
                        int code = -1;
                        bool ended = !now || record_status(now) == CONTAINER_EXITED;
                        if (ended && !container_exit_code_await(runtime, record, &code, error))
                                return false;
                        printf("%d\n", code);
                        return true;
                }
                if (!now)
                        return error_set(
                                        error, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER,
                                        "no container with ID \"%s\" found: no such container",
                                        record->id);
                g_usleep(options->interval_usec);
        }
}

static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const WaitOptions *options = data;
        if (options->conditions)
                return await_condition(runtime, record, options, error);
        if (record_status(record) == CONTAINER_CREATED) { /* nothing that could end */
                puts("0");
                return true;
        }
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
        int status;
        if (cli_begin(&table, argc, argv, &options, &names, &runtime, &status)) {
                const Selection selection = { .names = names,
                                              .latest = options.latest,
                                              .ignore = options.ignore };
                status = parse_interval(&options, &error) && split_conditions(&options, &error)
                                         ? selection_run(&runtime, &selection, false, act, &options)
                                         : verb_fail(&error);
        }
        g_clear_pointer(&options.conditions, g_ptr_array_unref);
        g_free(options.interval);
        return status;
}
