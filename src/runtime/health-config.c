/* SPDX-License-Identifier: Apache-2.0 */
/* --health-* and the image's HEALTHCHECK, with Podman's defaults. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "runtime/health.h"

#define INTERVAL_DEFAULT_USEC (30 * G_USEC_PER_SEC)
#define TIMEOUT_DEFAULT_USEC  (30 * G_USEC_PER_SEC)
#define RETRIES_DEFAULT       3
#define LOG_COUNT_DEFAULT     5
#define LOG_SIZE_DEFAULT      500

static const char *const actions[] = {
        [HEALTH_ACTION_NONE] = "none",
        [HEALTH_ACTION_KILL] = "kill",
        [HEALTH_ACTION_RESTART] = "restart",
        [HEALTH_ACTION_STOP] = "stop",
};

const char *health_action_to_text(HealthAction action) {
        return actions[action];
}

void health_config_free(HealthConfig *config) {
        if (!config)
                return;
        g_strfreev(config->check.test);
        g_strfreev(config->startup.test);
        g_free(config->log_folder);
        g_free(config);
}

static char **words(const char *first, const char *second, const char *third) {
        const char *const list[] = { first, second, third, NULL };
        return g_strdupv((char **) list);
}

/* A JSON array is the command, perhaps behind "CMD" or "CMD-SHELL"; anything else is for a shell.
 */
static bool parse_test(const char *text, char ***ret_test, GError **error) {
        if (text[0] != '[') {
                *ret_test = words("/bin/sh", "-c", text);
                return true;
        }
        g_autofree char *wrapped = g_strdup_printf("{\"v\":%s}", text);
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object;
        g_auto(GStrv) list = NULL;
        if (!json_parse_object(
                            wrapped, strlen(wrapped), 1 << 20, "--health-cmd", &root, &object,
                            error) ||
            !json_get_strings(object, "v", &list, error))
                return false;
        guint n = list ? g_strv_length(list) : 0;
        if (n > 1 && strcmp(list[0], "CMD-SHELL") == 0)
                *ret_test = words("/bin/sh", "-c", list[1]);
        else if (n > 1 && strcmp(list[0], "CMD") == 0)
                *ret_test = g_strdupv(list + 1);
        else if (n > 0 && strcmp(list[0], "NONE") != 0)
                *ret_test = g_steal_pointer(&list);
        return true;
}

static bool parse_time(const char *text, const char *flag, uint64_t *ret_usec, GError **error) {
        if (!text || !*text)
                return true;
        if (strcmp(text, "disable") == 0) {
                *ret_usec = 0;
                return true;
        }
        return text_parse_duration(text, ret_usec) ||
               error_set_invalid(error, "invalid --%s '%s': not a duration", flag, text);
}

static bool parse_count(const char *text, const char *flag, int64_t *ret, GError **error) {
        uint64_t value;
        if (!text || !*text)
                return true;
        if (!text_parse_uint64(text, INT32_MAX, &value))
                return error_set_invalid(error, "invalid --%s '%s': not a number", flag, text);
        *ret = (int64_t) value;
        return true;
}

static bool parse_action(const char *text, HealthAction *ret, GError **error) {
        if (!text || !*text)
                return true;
        for (size_t i = 0; i < G_N_ELEMENTS(actions); i++)
                if (strcmp(actions[i], text) == 0) {
                        *ret = (HealthAction) i;
                        return true;
                }
        return error_set_invalid(
                        error,
                        "invalid on-failure action %s for health check. supported actions are "
                        "none, kill, restart, stop: invalid argument",
                        text);
}

static void take_image(const OciHealthcheck *image, HealthConfig *c) {
        guint n = image->test ? g_strv_length(image->test) : 0;
        if (n > 1 && strcmp(image->test[0], "CMD-SHELL") == 0)
                c->check.test = words("/bin/sh", "-c", image->test[1]);
        else if (n > 1 && strcmp(image->test[0], "CMD") == 0)
                c->check.test = g_strdupv(image->test + 1);
        if (image->interval_nsec > 0)
                c->check.interval_usec = (uint64_t) image->interval_nsec / 1000;
        if (image->timeout_nsec > 0)
                c->check.timeout_usec = (uint64_t) image->timeout_nsec / 1000;
        if (image->start_period_nsec > 0)
                c->start_period_usec = (uint64_t) image->start_period_nsec / 1000;
        if (image->retries > 0)
                c->check.retries = image->retries;
}

static bool take_flags(const ContainerOptions *o, HealthConfig *c, GError **error) {
        if (o->health_cmd) {
                g_clear_pointer(&c->check.test, g_strfreev);
                if (*o->health_cmd && strcmp(o->health_cmd, "none") != 0 &&
                    !parse_test(o->health_cmd, &c->check.test, error))
                        return false;
        }
        if (o->health_startup_cmd && *o->health_startup_cmd &&
            !parse_test(o->health_startup_cmd, &c->startup.test, error))
                return false;
        const char *folder = o->health_log_destination;
        if (folder && *folder && strcmp(folder, "local") != 0) {
                if (folder[0] != '/')
                        return error_set_invalid(
                                        error,
                                        "--health-log-destination '%s' is not supported, use local "
                                        "or an absolute path of a directory",
                                        folder);
                c->log_folder = g_strdup(folder);
        }
        return parse_time(o->health_interval, "health-interval", &c->check.interval_usec, error) &&
               parse_time(o->health_timeout, "health-timeout", &c->check.timeout_usec, error) &&
               parse_time(o->health_start_period, "health-start-period", &c->start_period_usec,
                          error) &&
               parse_count(o->health_retries, "health-retries", &c->check.retries, error) &&
               parse_time(o->health_startup_interval, "health-startup-interval",
                          &c->startup.interval_usec, error) &&
               parse_time(o->health_startup_timeout, "health-startup-timeout",
                          &c->startup.timeout_usec, error) &&
               parse_count(o->health_startup_retries, "health-startup-retries", &c->startup.retries,
                           error) &&
               parse_count(o->health_startup_success, "health-startup-success",
                           &c->startup_successes, error) &&
               parse_count(o->health_max_log_count, "health-max-log-count", &c->log_count, error) &&
               parse_count(o->health_max_log_size, "health-max-log-size", &c->log_size, error) &&
               parse_action(o->health_on_failure, &c->action, error);
}

static JsonNode *check_node(const HealthCheck *check) {
        JsonObject *object = json_object_new();
        json_set_strings(object, "test", (const char *const *) check->test);
        json_object_set_int_member(object, "interval", (int64_t) check->interval_usec);
        json_object_set_int_member(object, "timeout", (int64_t) check->timeout_usec);
        json_object_set_int_member(object, "retries", check->retries);
        JsonNode *node = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(node, object);
        return node;
}

static JsonNode *config_node(const HealthConfig *c) {
        JsonNode *node = check_node(&c->check);
        JsonObject *object = json_node_get_object(node);
        json_object_set_int_member(object, "startPeriod", (int64_t) c->start_period_usec);
        if (c->startup.test) {
                json_object_set_member(object, "startup", check_node(&c->startup));
                json_object_set_int_member(object, "startupSuccesses", c->startup_successes);
        }
        json_object_set_int_member(object, "action", c->action);
        if (c->log_folder)
                json_object_set_string_member(object, "logFolder", c->log_folder);
        json_object_set_int_member(object, "logCount", c->log_count);
        json_object_set_int_member(object, "logSize", c->log_size);
        return node;
}

HealthConfig *health_config_default(void) {
        HealthConfig *c = g_new0(HealthConfig, 1);
        c->check = c->startup = (HealthCheck){ .interval_usec = INTERVAL_DEFAULT_USEC,
                                               .timeout_usec = TIMEOUT_DEFAULT_USEC,
                                               .retries = RETRIES_DEFAULT };
        c->startup.retries = 0;
        c->log_count = LOG_COUNT_DEFAULT;
        c->log_size = LOG_SIZE_DEFAULT;
        return c;
}

bool health_describe(
                const ContainerOptions *options,
                const OciImageConfig *image,
                ContainerRecord *record,
                GError **error) {
        g_autoptr(HealthConfig) c = health_config_default();
        if (image && image->healthcheck)
                take_image(image->healthcheck, c);
        if (!take_flags(options, c, error))
                return false;
        bool given = options->health_cmd && *options->health_cmd;
        if (options->no_healthcheck && given)
                return error_set_invalid(
                                error, "cannot specify both --no-healthcheck and --health-cmd");
        if (c->startup.test && !c->check.test)
                return error_set_invalid(
                                error, "must set a healthcheck command to use a startup "
                                       "healthcheck");
        if (!options->no_healthcheck && c->check.test)
                record->health = config_node(c);
        else if (options->sdnotify && strcmp(options->sdnotify, "healthy") == 0)
                return error_set_invalid(
                                error, "sdnotify policy \"healthy\" requires a healthcheck to be "
                                       "set: invalid argument");
        return true;
}

static bool read_check(JsonObject *object, HealthCheck *check, GError **error) {
        return json_get_strings(object, "test", &check->test, error) &&
               json_get_int(object, "interval", (int64_t *) &check->interval_usec, error) &&
               json_get_int(object, "timeout", (int64_t *) &check->timeout_usec, error) &&
               json_get_int(object, "retries", &check->retries, error);
}

HealthConfig *health_config(const ContainerRecord *record, GError **error) {
        if (!record->health)
                return NULL;
        JsonObject *object = json_node_get_object(record->health), *startup;
        g_autoptr(HealthConfig) c = g_new0(HealthConfig, 1);
        int64_t action;
        const char *folder;
        if (!read_check(object, &c->check, error) ||
            !json_get_int(object, "startPeriod", (int64_t *) &c->start_period_usec, error) ||
            !json_get_object(object, "startup", &startup, error) ||
            !json_get_int(object, "startupSuccesses", &c->startup_successes, error) ||
            !json_get_int(object, "action", &action, error) ||
            !json_get_string(object, "logFolder", &folder, error) ||
            !json_get_int(object, "logCount", &c->log_count, error) ||
            !json_get_int(object, "logSize", &c->log_size, error) ||
            (startup && !read_check(startup, &c->startup, error)))
                return NULL;
        c->action = (HealthAction) CLAMP(action, 0, HEALTH_ACTION_STOP);
        c->log_folder = g_strdup(folder);
        return g_steal_pointer(&c);
}

bool health_change(const ContainerOptions *options, ContainerRecord *record, GError **error) {
        g_autoptr(HealthConfig) c =
                        record->health ? health_config(record, error) : health_config_default();
        if (!c || !take_flags(options, c, error))
                return false;
        if (options->no_healthcheck && options->health_cmd && *options->health_cmd)
                return error_set_invalid(
                                error, "cannot specify both --no-healthcheck and --health-cmd");
        g_clear_pointer(&record->health, json_node_unref);
        if (!options->no_healthcheck && c->check.test)
                record->health = config_node(c);
        return true;
}
