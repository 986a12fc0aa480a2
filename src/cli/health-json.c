/* SPDX-License-Identifier: Apache-2.0 */
/* Health as Podman shows it. */
#include "cli/health-json.h"

#include <string.h>

#include "base/json.h"
#include "runtime/health.h"

static bool load(Runtime *runtime, const ContainerRecord *record, HealthState *ret_state) {
        return record->health && health_state_load(runtime->records, record, ret_state, NULL);
}

const char *health_text(Runtime *runtime, const ContainerRecord *record) {
        g_auto(HealthState) state = { 0 };
        return load(runtime, record, &state) ? health_status_to_text(state.status) : NULL;
}

void health_add_state(Runtime *runtime, const ContainerRecord *record, JsonObject *object) {
        g_auto(HealthState) state = { 0 };
        if (load(runtime, record, &state))
                json_object_set_object_member(object, "Health", health_state_json(&state));
}

static void set_positive(JsonObject *object, const char *name, int64_t value) {
        if (value > 0)
                json_object_set_int_member(object, name, value);
}

/* {Test, Interval, Timeout, Retries} in nanoseconds, what is zero left out */
static JsonObject *check_json(const HealthCheck *check) {
        JsonObject *object = json_object_new();
        JsonArray *test = json_array_new();
        char **words = check->test;
        bool shell = g_strv_length(words) == 3 && strcmp(words[0], "/bin/sh") == 0 &&
                     strcmp(words[1], "-c") == 0;
        json_array_add_string_element(test, shell ? "CMD-SHELL" : "CMD");
        for (char **word = shell ? words + 2 : words; *word; word++)
                json_array_add_string_element(test, *word);
        json_object_set_array_member(object, "Test", test);
        set_positive(object, "Interval", (int64_t) check->interval_usec * 1000);
        set_positive(object, "Timeout", (int64_t) check->timeout_usec * 1000);
        set_positive(object, "Retries", check->retries);
        return object;
}

void health_add_config(const ContainerRecord *record, JsonObject *object) {
        g_autoptr(HealthConfig) config = health_config(record, NULL);
        if (!config)
                config = health_config_default();
        if (config->check.test) {
                JsonObject *check = check_json(&config->check);
                set_positive(check, "StartPeriod", (int64_t) config->start_period_usec * 1000);
                json_object_set_object_member(object, "Healthcheck", check);
        }
        if (config->startup.test) {
                JsonObject *startup = check_json(&config->startup);
                set_positive(startup, "Successes", config->startup_successes);
                json_object_set_object_member(object, "StartupHealthCheck", startup);
        }
        json_object_set_string_member(
                        object, "HealthcheckOnFailureAction",
                        health_action_to_text(config->action));
        json_object_set_string_member(
                        object, "HealthLogDestination",
                        config->log_folder ? config->log_folder : "local");
        json_object_set_int_member(object, "HealthcheckMaxLogCount", config->log_count);
        json_object_set_int_member(object, "HealthcheckMaxLogSize", config->log_size);
}
