/* SPDX-License-Identifier: Apache-2.0 */
/* One check of a container and what follows from it. */
#include "runtime/health.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "runtime/event.h"
#include "systemd/bus.h"

#define OUTPUT_MAX (1u << 20)
/* constant over all versions, for `journalctl MESSAGE_ID=` */
#define MESSAGE_ID_HEALTH "2352d85087b345f9b85e933c615d6a7a"

typedef struct Check {
        const HealthConfig *config;
        bool startup;
        int exit_code;
        int64_t start_usec, end_usec;
        char *output;
} Check;

static void check_clear(Check *check) {
        g_free(check->output);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Check, check_clear)

/* The end of what it wrote, as text that JSON can hold. */
static char *read_output(int fd, int64_t limit) {
        off_t size = lseek(fd, 0, SEEK_END);
        size_t max = limit > 0 ? MIN((size_t) limit, OUTPUT_MAX) : OUTPUT_MAX;
        size_t wanted = MIN((size_t) MAX(size, 0), max);
        g_autofree char *bytes = g_malloc0(wanted + 1);
        ssize_t n = pread(fd, bytes, wanted, 0);
        return g_utf8_make_valid(bytes, MAX(n, 0));
}

/* What can not be executed has failed; false is left for what says nothing about the container. */
static bool execute(Runtime *runtime, const ContainerRecord *record, Check *check, GError **error) {
        const HealthCheck *what = check->startup ? &check->config->startup : &check->config->check;
        autofd int output = memfd_create("health", MFD_CLOEXEC);
        if (output < 0)
                return error_set_errno(error, errno, "Cannot keep the output of the check");
        const ExecOptions options = {
                .command = (const char *const *) what->test,
                .output_fd = output,
                .timeout_usec = what->timeout_usec,
        };
        GError *inner = NULL;
        check->start_usec = g_get_real_time();
        bool ran = container_exec(runtime, record, &options, &check->exit_code, &inner);
        check->end_usec = g_get_real_time();
        if (ran) {
                check->output = read_output(output, check->config->log_size);
                return true;
        }
        bool missing = g_error_matches(inner, RUNTIME_ERROR, RUNTIME_ERROR_NOT_FOUND);
        if (!missing && !g_error_matches(inner, RUNTIME_ERROR, RUNTIME_ERROR_NOT_EXEC)) {
                g_propagate_error(error, inner);
                return false;
        }
        check->exit_code = missing ? 127 : 126;
        check->output = g_strdup(inner->message);
        g_error_free(inner);
        return true;
}

static void add_to_log(const Check *check, HealthState *state) {
        JsonObject *entry = json_object_new();
        g_autofree char *start = text_format_time(check->start_usec * 1000);
        g_autofree char *end = text_format_time(check->end_usec * 1000);
        json_object_set_string_member(entry, "Start", start);
        json_object_set_string_member(entry, "End", end);
        json_object_set_int_member(entry, "ExitCode", check->exit_code);
        json_object_set_string_member(entry, "Output", check->output);
        json_array_add_object_element(state->log, entry);
        int64_t max = check->config->log_count;
        while (max > 0 && json_array_get_length(state->log) > max)
                json_array_remove_element(state->log, 0);
}

static bool in_start_period(const Check *check, const ContainerRecord *record) {
        int64_t passed = check->end_usec - record->started_nsec / 1000;
        return passed < (int64_t) check->config->start_period_usec;
}

static void count_startup(const Check *check, HealthState *state) {
        if (check->exit_code != 0) {
                state->startup_failures++;
                return;
        }
        state->startup_successes++;
        state->startup_done = state->startup_successes >= check->config->startup_successes;
}

static void count(const Check *check, const ContainerRecord *record, HealthState *state) {
        if (check->startup) {
                count_startup(check, state);
        } else if (check->exit_code == 0) {
                state->status = HEALTH_HEALTHY;
                state->failing_streak = 0;
        } else if (state->status != HEALTH_STARTING || !in_start_period(check, record)) {
                state->failing_streak++;
                if (state->failing_streak >= check->config->check.retries)
                        state->status = HEALTH_UNHEALTHY;
        }
}

/* In the journal only when it changes, among the messages of the container's unit. */
static void
tell_change(const ContainerRecord *record,
            HealthStatus before,
            const Check *check,
            const HealthState *state) {
        if (before == state->status)
                return;
        const char *status = health_status_to_text(state->status);
        bool bad = state->status == HEALTH_UNHEALTHY;
        g_autofree char *output = g_strchomp(g_strdup(bad ? check->output : ""));
        (void) sd_journal_send(
                        "MESSAGE_ID=" MESSAGE_ID_HEALTH, "PRIORITY=%d",
                        bad ? LOG_WARNING : LOG_NOTICE, "MESSAGE=Container %s is %s%s%s",
                        record->name, status, *output ? ": " : "", output, "CONTAINER_NAME=%s",
                        record->name, "CONTAINER_ID_FULL=%s", record->id, "CONTAINER_HEALTH=%s",
                        status, "OBJECT_SYSTEMD_UNIT=%s", record->unit ? record->unit : "",
                        NULL); /* no journal: `berth inspect` has it too */
}

static bool restart(const ContainerRecord *record, GError **error) {
        if (!record->unit || !g_str_has_suffix(record->unit, ".service"))
                return error_set_invalid(
                                error, "container %s runs in no service that could be restarted",
                                record->name);
        g_autoptr(Bus) bus = bus_open(error);
        return bus && bus_restart_unit(bus, record->unit, error);
}

static bool act(Runtime *runtime, ContainerRecord *record, HealthAction action, GError **error) {
        if (action == HEALTH_ACTION_RESTART)
                return restart(record, error);
        if (action == HEALTH_ACTION_STOP)
                return container_stop(runtime, record, -1, error);
        if (action != HEALTH_ACTION_KILL)
                return true;
        /* The unit ends with Result=signal: Restart= and OnFailure= act. */
        autofd int pid_fd = record_open_pidfd(record);
        int r = pid_fd < 0 ? 0 : sys_pidfd_send_signal(pid_fd, SIGKILL);
        return r >= 0 || r == -ESRCH ||
               error_set_errno(error, r, "Cannot kill container '%s'", record->name);
}

static bool holds_ready(const ContainerRecord *record) {
        return g_strcmp0(record->sdnotify, "healthy") == 0;
}

static bool feed(const ContainerRecord *record, HealthState *state, GError **error) {
        bool ready = holds_ready(record) && !state->ready;
        if (!health_notify(record, ready ? "READY=1\nWATCHDOG=1" : "WATCHDOG=1", error))
                return false;
        state->ready = state->ready || ready;
        return true;
}

static bool is_due(const HealthConfig *config, const HealthState *state) {
        bool startup = config->startup.test && !state->startup_done;
        uint64_t interval = startup ? config->startup.interval_usec : config->check.interval_usec;
        int64_t passed = g_get_real_time() - state->last_usec;
        return passed < 0 || (uint64_t) passed >= interval - interval / 10;
}

static HealthAction due_action(const Check *check, const HealthState *state) {
        if (!check->startup)
                return state->status == HEALTH_UNHEALTHY ? check->config->action
                                                         : HEALTH_ACTION_NONE;
        int64_t retries = check->config->startup.retries;
        return check->exit_code != 0 && retries > 0 && state->startup_failures >= retries
                               ? HEALTH_ACTION_RESTART
                               : HEALTH_ACTION_NONE;
}

static bool
run_check(Runtime *runtime,
          ContainerRecord *record,
          const HealthConfig *config,
          HealthState *state,
          HealthResult *result,
          GError **error) {
        g_auto(Check) check = { .config = config,
                                .startup = config->startup.test && !state->startup_done };
        HealthStatus before = state->status;
        if (!execute(runtime, record, &check, error))
                return false;
        state->last_usec = check.start_usec;
        add_to_log(&check, state);
        count(&check, record, state);
        tell_change(record, before, &check, state);
        container_event_health(runtime, record, health_status_to_text(state->status));
        result->startup = check.startup;
        result->passed = check.exit_code == 0;
        bool told = check.startup || check.exit_code != 0 || feed(record, state, error);
        if (!health_state_save(runtime->records, record, config, state, told ? error : NULL) ||
            !told)
                return false;
        return act(runtime, record, due_action(&check, state), error);
}

bool health_run(Runtime *runtime,
                ContainerRecord *record,
                bool only_due,
                HealthResult *ret_result,
                GError **error) {
        g_autoptr(HealthConfig) config = NULL;
        GError *inner = NULL;
        config = health_config(record, &inner);
        if (inner) {
                g_propagate_error(error, inner);
                return false;
        }
        if (!config)
                return error_set_invalid(
                                error, "container %s has no defined healthcheck", record->id);
        if (record_status(record) != CONTAINER_RUNNING)
                return error_set(
                                error, RUNTIME_ERROR, RUNTIME_ERROR_STATE,
                                "container %s is not running", record->id);
        g_auto(HealthState) state = { 0 };
        autofd int lock_fd = health_state_lock(runtime->records, record, error);
        if (lock_fd < 0 || !health_state_load(runtime->records, record, &state, error))
                return false;
        HealthResult result = { 0 };
        result.skipped = only_due && !is_due(config, &state);
        if (!result.skipped && !run_check(runtime, record, config, &state, &result, error))
                return false;
        /* a startup check that passed makes way for the check itself at once */
        if (result.startup && state.startup_done &&
            !run_check(runtime, record, config, &state, &result, error))
                return false;
        result.state = state;
        state = (HealthState){ 0 };
        *ret_result = result;
        return true;
}
