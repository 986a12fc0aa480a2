/* SPDX-License-Identifier: Apache-2.0 */
/* Transient timers for health checks. */
#include "cli/health-timer.h"

#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/user.h"
#include "cli/transient.h"
#include "runtime/health.h"
#include "systemd/bus.h"

/* "web@1.service" has "web-health@1.timer", as the generator names it; what runs in no service of
 * its own has a timer of its id. */
static char *unit_name(const ContainerRecord *record, bool in_unit, const char *suffix) {
        if (!in_unit || !record->unit)
                return g_strdup_printf("berth-%s-health%s", record->id, suffix);
        g_autofree char *stem = g_strndup(record->unit, strlen(record->unit) - strlen(".service"));
        char *instance = strchr(stem, '@');
        g_autofree char *tail = g_strdup(instance ? instance : "");
        if (instance)
                *instance = '\0';
        return g_strconcat(stem, "-health", tail, suffix, NULL);
}

static uint64_t shortest_interval(const HealthConfig *config) {
        uint64_t usec = config->check.interval_usec;
        bool shorter = config->startup.test && config->startup.interval_usec > 0 &&
                       config->startup.interval_usec < usec;
        return shorter ? config->startup.interval_usec : usec;
}

static UnitProperties *
timer_properties(const ContainerRecord *record, bool in_unit, uint64_t interval_usec) {
        UnitProperties *p = unit_properties_new();
        g_autofree char *description =
                        g_strdup_printf("Health check timer of container %s", record->name);
        const char *const container[] = { record->unit, NULL };
        unit_properties_string(p, "Description", description);
        if (in_unit)
                unit_properties_strv(p, "BindsTo", container);
        unit_properties_uint64(p, "OnActiveSec", 0);
        unit_properties_uint64(p, "OnUnitInactiveSec", interval_usec);
        unit_properties_uint64(p, "AccuracyUSec", CLAMP(interval_usec / 10, 1000, G_USEC_PER_SEC));
        unit_properties_string(p, "CollectMode", "inactive-or-failed");
        return p;
}

static UnitProperties *service_properties(const ContainerRecord *record) {
        const char *const words[] = { "healthcheck", "run", "--ignore-result", record->id, NULL };
        g_auto(GStrv) command = transient_own_command(words);
        g_autofree char *description =
                        g_strdup_printf("Health check of container %s", record->name);
        UnitProperties *p = unit_properties_new();
        unit_properties_string(p, "Description", description);
        unit_properties_string(p, "Type", "oneshot");
        unit_properties_exec(p, "ExecStart", (const char *const *) command);
        unit_properties_string(p, "SyslogIdentifier", record->name);
        /* "Starting", "Finished" every few seconds are of no use to anybody */
        unit_properties_int(p, "LogLevelMax", LOG_NOTICE);
        unit_properties_uint64(p, "StartLimitIntervalUSec", 0);
        unit_properties_string(p, "CollectMode", "inactive-or-failed");
        return p;
}

/* The generator made it, with the service: nothing to ask the manager for. */
static bool is_generated(const char *timer) {
        g_autofree char *directory = user_is_root() ? g_strdup("/run/systemd/generator")
                                                    : g_build_filename(
                                                                      g_get_user_runtime_dir(),
                                                                      "systemd/generator", NULL);
        g_autofree char *path = g_build_filename(directory, timer, NULL);
        return access(path, F_OK) == 0;
}

bool health_timer_start(const ContainerRecord *record, bool in_unit, GError **error) {
        if (!record->health)
                return true;
        g_autoptr(HealthConfig) config = health_config(record, error);
        if (!config)
                return false;
        uint64_t interval_usec = shortest_interval(config);
        if (interval_usec == 0)
                return true; /* "disable" */
        in_unit = in_unit && record->unit && g_str_has_suffix(record->unit, ".service");
        g_autofree char *timer = unit_name(record, in_unit, ".timer");
        if (in_unit && is_generated(timer))
                return true;
        g_autoptr(Bus) bus = bus_open(error);
        if (!bus)
                return false;
        g_autofree char *service = unit_name(record, in_unit, ".service");
        g_autoptr(UnitProperties) of_timer = timer_properties(record, in_unit, interval_usec);
        g_autoptr(UnitProperties) of_service = service_properties(record);
        return bus_start_transient_timer(bus, timer, of_timer, service, of_service, error);
}

void health_timer_stop(const char *container_id) {
        g_autofree char *timer = g_strdup_printf("berth-%s-health.timer", container_id);
        g_autofree char *job = NULL;
        g_autoptr(Bus) bus = bus_open(NULL);
        if (bus)
                (void) bus_stop_unit_begin(bus, timer, &job, NULL);
}

bool health_timer_renew(const ContainerRecord *record, GError **error) {
        g_autofree char *transient = record_transient_unit(record);
        bool in_unit = record->unit && g_str_has_suffix(record->unit, ".service");
        if (in_unit && strcmp(record->unit, transient) != 0)
                return true;
        g_autofree char *timer = unit_name(record, in_unit, ".timer");
        g_autofree char *job = NULL;
        g_autoptr(Bus) bus = bus_open(error);
        if (!bus)
                return false;
        GError *inner = NULL;
        if (!bus_stop_unit_begin(bus, timer, &job, &inner) ||
            !bus_stop_unit_wait(bus, timer, job, &inner))
                g_error_free(inner); /* it had none until now */
        return health_timer_start(record, in_unit, error);
}
