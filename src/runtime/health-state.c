/* SPDX-License-Identifier: Apache-2.0 */
/* RUN/containers/<id>/health.json: what the checks of a container came to. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "runtime/health.h"

#define STATE_SIZE_MAX (16u << 20)

static const char *const words[] = {
        [HEALTH_STARTING] = "starting",
        [HEALTH_HEALTHY] = "healthy",
        [HEALTH_UNHEALTHY] = "unhealthy",
};

const char *health_status_to_text(HealthStatus status) {
        return words[status];
}

void health_state_clear(HealthState *state) {
        g_clear_pointer(&state->log, json_array_unref);
}

static char *state_path(Records *records, const ContainerRecord *record, const char *file) {
        g_autofree char *run = record_run_path(records, record);
        return g_build_filename(run, file, NULL);
}

int health_state_lock(Records *records, const ContainerRecord *record, GError **error) {
        g_autofree char *path = state_path(records, record, "health.lock");
        autofd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        int r;
        do
                r = fd < 0 ? -1 : flock(fd, LOCK_EX);
        while (r < 0 && fd >= 0 && errno == EINTR);
        if (r < 0) {
                error_set_errno(error, errno, "Cannot lock '%s'", path);
                return -1;
        }
        return fd_steal(&fd);
}

/* The process that a state is about: another one begins anew. */
static char *run_of(const ContainerRecord *record) {
        return g_strdup_printf(
                        "%d:%" G_GUINT64_FORMAT, (int) record->pid,
                        (guint64) record->pid_start_ticks);
}

static bool read_state(JsonObject *object, HealthState *state, GError **error) {
        const char *status;
        if (!json_get_string(object, "status", &status, error) ||
            !json_get_int(object, "failingStreak", &state->failing_streak, error) ||
            !json_get_int(object, "startupSuccesses", &state->startup_successes, error) ||
            !json_get_int(object, "startupFailures", &state->startup_failures, error) ||
            !json_get_bool(object, "startupDone", &state->startup_done, error) ||
            !json_get_bool(object, "ready", &state->ready, error) ||
            !json_get_int(object, "last", &state->last_usec, error))
                return false;
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (g_strcmp0(status, words[i]) == 0)
                        state->status = (HealthStatus) i;
        return true;
}

bool health_state_load(
                Records *records,
                const ContainerRecord *record,
                HealthState *ret_state,
                GError **error) {
        g_autofree char *path = state_path(records, record, "health.json");
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(JsonNode) root = NULL;
        g_auto(HealthState) state = { 0 };
        JsonObject *object;
        JsonArray *log = NULL;
        GError *inner = NULL;
        if (!file_read(AT_FDCWD, path, STATE_SIZE_MAX, &bytes, &inner)) {
                if (!g_error_matches(inner, ERROR_ERRNO, ENOENT)) {
                        g_propagate_error(error, inner);
                        return false;
                }
                g_error_free(inner);
                *ret_state = (HealthState){ .log = json_array_new() };
                return true;
        }
        const char *run;
        g_autofree char *current = run_of(record);
        if (!json_parse_object(
                            g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), STATE_SIZE_MAX,
                            path, &root, &object, error) ||
            !json_get_string(object, "run", &run, error) ||
            !json_get_array(object, "log", &log, error))
                return false;
        if (g_strcmp0(run, current) == 0 && !read_state(object, &state, error))
                return false;
        state.log = log ? json_array_ref(log) : json_array_new();
        *ret_state = state;
        state = (HealthState){ 0 };
        return true;
}

JsonObject *health_state_json(const HealthState *state) {
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "Status", health_status_to_text(state->status));
        json_object_set_int_member(object, "FailingStreak", state->failing_streak);
        if (json_array_get_length(state->log) > 0)
                json_object_set_array_member(object, "Log", json_array_ref(state->log));
        else
                json_object_set_null_member(object, "Log");
        return object;
}

/* --health-log-destination: a file for other programs, in Podman's form and under its name. */
static bool
write_log_file(const char *folder,
               const ContainerRecord *record,
               const HealthState *state,
               GError **error) {
        g_autofree char *name = g_strdup_printf("%s-healthcheck.log", record->id);
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autoptr(JsonObject) object = health_state_json(state);
        g_autofree char *text = json_format_object(object, false);
        return file_replace(AT_FDCWD, path, text, strlen(text), 0600, FILE_VOLATILE, error);
}

bool health_state_save(
                Records *records,
                const ContainerRecord *record,
                const HealthConfig *config,
                const HealthState *state,
                GError **error) {
        g_autoptr(JsonObject) object = json_object_new();
        g_autofree char *run = run_of(record);
        json_object_set_string_member(object, "run", run);
        json_object_set_string_member(object, "status", health_status_to_text(state->status));
        json_object_set_int_member(object, "failingStreak", state->failing_streak);
        json_object_set_int_member(object, "startupSuccesses", state->startup_successes);
        json_object_set_int_member(object, "startupFailures", state->startup_failures);
        json_object_set_boolean_member(object, "startupDone", state->startup_done);
        json_object_set_boolean_member(object, "ready", state->ready);
        json_object_set_int_member(object, "last", state->last_usec);
        json_object_set_array_member(object, "log", json_array_ref(state->log));
        g_autofree char *text = json_format_object(object, false);
        g_autofree char *path = state_path(records, record, "health.json");
        return file_replace(AT_FDCWD, path, text, strlen(text), 0600, FILE_VOLATILE, error) &&
               (!config->log_folder || write_log_file(config->log_folder, record, state, error));
}
