/* SPDX-License-Identifier: Apache-2.0 */
/* NAME-health.timer and NAME-health.service.
 *
 * The timer begins with the container's start, not after it: with Notify=healthy the first good
 * check is what makes the start complete. It ends with the container by BindsTo=, without After=,
 * for the same reason. */
#include "generator/health.h"

#include <string.h>

#include "base/text.h"
#include "generator/command.h"
#include "generator/service.h"
#include "generator/set.h"

#define INTERVAL_DEFAULT "30s"
#define USEC_PER_SEC     1000000ULL

void health_units_clear(HealthUnits *units) {
        g_clear_pointer(&units->timer_name, g_free);
        g_clear_pointer(&units->service_name, g_free);
        g_clear_pointer(&units->timer, unit_file_free);
        g_clear_pointer(&units->service, unit_file_free);
}

/* A duration key in microseconds; false when the check is switched off by it. */
static bool interval(Quadlet *q, const char *key, uint64_t *ret_usec) {
        g_autofree char *text = quadlet_string(q, key);
        if (text && strcmp(text, "disable") == 0)
                return false;
        if (!text_parse_duration(text ? text : INTERVAL_DEFAULT, ret_usec)) {
                quadlet_warn(q, quadlet_line(q, key), "invalid-value", "write a time such as 30s",
                             "%s=%s is not understood, checking every " INTERVAL_DEFAULT, key,
                             text);
                *ret_usec = 30 * USEC_PER_SEC;
        }
        return *ret_usec > 0;
}

static char *format_usec(uint64_t usec) {
        if (usec % USEC_PER_SEC == 0)
                return g_strdup_printf("%" G_GUINT64_FORMAT "s", (guint64) (usec / USEC_PER_SEC));
        return g_strdup_printf("%" G_GUINT64_FORMAT "us", (guint64) usec);
}

/* While a startup check runs it may come more often; the check itself knows which one is due. */
static bool find_interval(Quadlet *q, uint64_t *ret_usec) {
        if (!interval(q, "HealthInterval", ret_usec))
                return false;
        uint64_t startup;
        if (quadlet_line(q, "HealthStartupCmd") && interval(q, "HealthStartupInterval", &startup))
                *ret_usec = MIN(*ret_usec, startup);
        return true;
}

static UnitFile *make_timer(const Quadlet *q, const char *service, uint64_t usec) {
        UnitFile *unit = service_companion(q, "Health check timer");
        g_autofree char *period = format_usec(usec);
        /* coarser timers would drift over short intervals */
        g_autofree char *accuracy = format_usec(CLAMP(usec / 10, 1000, USEC_PER_SEC));
        unit_file_add(unit, "Unit", "BindsTo", service);
        unit_file_add(unit, "Timer", "OnActiveSec", "0");
        unit_file_add(unit, "Timer", "OnUnitInactiveSec", period);
        unit_file_add(unit, "Timer", "AccuracySec", accuracy);
        return unit;
}

static UnitFile *make_service(Quadlet *q, const char *name) {
        UnitFile *unit = service_companion(q, "Health check");
        /* The default limit of five starts in ten seconds would stop a check that runs every
         * second, and the watchdog would then kill a healthy container. */
        unit_file_add(unit, "Unit", "StartLimitIntervalSec", "0");
        unit_file_add(unit, "Service", "Type", "oneshot");
        g_autoptr(GString) run =
                        command_new(q, "healthcheck", "run", "--ignore-result", name, NULL);
        g_autofree char *line = command_format(q->set, run, false);
        unit_file_add(unit, "Service", "ExecStart", line);
        unit_file_add(unit, "Service", "SyslogIdentifier", "%N");
        /* not "Starting" and "Finished" with every check */
        unit_file_add(unit, "Service", "LogLevelMax", "notice");
        return unit;
}

bool health_units_make(Quadlet *q, HealthUnits *ret_units) {
        if (q->type->kind != QUADLET_CONTAINER)
                return false;
        g_autofree char *command = quadlet_string(q, "HealthCmd");
        uint64_t usec;
        if (!command || strcmp(command, "none") == 0 || !find_interval(q, &usec))
                return false;
        /* %i stays: the health units of a template are templates themselves */
        g_autofree char *name = unit_name_expand(q->service, q->resource);
        g_autofree char *service = unit_name_expand(q->service, "%n");
        ret_units->timer_name = service_sibling(q, "-health", ".timer");
        ret_units->service_name = service_sibling(q, "-health", ".service");
        ret_units->timer = make_timer(q, service, usec);
        ret_units->service = make_service(q, name);
        return true;
}
