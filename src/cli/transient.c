/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that no unit file describes, as transient services: systemd-run(1) for containers. */
#include "cli/transient.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/guard.h"
#include "cli/verb.h"
#include "runtime/unit-limits.h"
#include "systemd/bus.h"

#define STOP_HEADROOM_SEC  5            /* before the manager's own SIGKILL comes in */
#define RESTART_PAUSE_USEC (100 * 1000) /* systemd's own default, said aloud */
#define RESTART_COUNT_MAX  1000000

char **transient_own_command(const char *const *words) {
        g_autofree char *self = guard_program_path();
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        const GlobalOptions *global = global_options();
        g_strv_builder_add(builder, self);
        if (global->root)
                g_strv_builder_add_many(builder, "--root", global->root, NULL);
        if (global->runroot)
                g_strv_builder_add_many(builder, "--runroot", global->runroot, NULL);
        if (global->runtime)
                g_strv_builder_add_many(builder, "--runtime", global->runtime, NULL);
        if (global->events_backend)
                g_strv_builder_add_many(builder, "--events-backend", global->events_backend, NULL);
        if (global->network_config_dir)
                g_strv_builder_add_many(
                                builder, "--network-config-dir", global->network_config_dir, NULL);
        g_strv_builder_addv(builder, (const char **) words);
        return g_strv_builder_end(builder);
}

/* podman-run(1) --restart in the words of systemd.service(5). A policy that starts again for ever
 * must not be ended by the start limit; one that counts is that limit. */
static bool add_restart(const char *policy, UnitProperties *p, GError **error) {
        uint64_t count = 0;
        const char *colon = policy ? strchr(policy, ':') : NULL;
        g_autofree char *word = colon    ? g_strndup(policy, (gsize) (colon - policy))
                                : policy ? g_strdup(policy)
                                         : NULL;
        if (!word || !*word || strcmp(word, "no") == 0 || strcmp(word, "never") == 0)
                return true;
        bool on_failure = strcmp(word, "on-failure") == 0;
        if (!on_failure && strcmp(word, "always") != 0 && strcmp(word, "unless-stopped") != 0)
                return error_set_invalid(
                                error, "\"%s\" is not a valid restart policy: invalid argument",
                                word);
        if (colon && !on_failure)
                return error_set_invalid(
                                error,
                                "restart retries can only be used with on-failure restart policy: "
                                "invalid argument");
        if (colon && !text_parse_uint64(colon + 1, RESTART_COUNT_MAX, &count))
                return error_set_invalid(error, "invalid --restart '%s'", policy);
        unit_properties_string(p, "Restart", on_failure ? "on-failure" : "always");
        unit_properties_uint64(p, "RestartUSec", RESTART_PAUSE_USEC);
        unit_properties_uint64(p, "StartLimitIntervalUSec", count > 0 ? UINT64_MAX : 0);
        if (count > 0)
                unit_properties_uint32(p, "StartLimitBurst", (uint32_t) count + 1);
        return true;
}

bool transient_check_restart(const char *policy, GError **error) {
        g_autoptr(UnitProperties) unused = unit_properties_new();
        return add_restart(policy, unused, error);
}

static bool
add_requires(Runtime *runtime, const ContainerRecord *record, UnitProperties *p, GError **error) {
        g_autoptr(GStrvBuilder) units = g_strv_builder_new();
        for (char **id = record->requires; id && *id; id++) {
                g_autoptr(ContainerRecord) other = record_find(runtime->records, *id, error);
                if (!other)
                        return false;
                if (record_status(other) != CONTAINER_RUNNING &&
                    !transient_start(runtime, other, error))
                        return false;
                g_autoptr(ContainerRecord) started = record_find(runtime->records, *id, error);
                if (!started)
                        return false;
                if (started->unit)
                        g_strv_builder_add(units, started->unit);
        }
        g_auto(GStrv) list = g_strv_builder_end(units);
        if (!list[0])
                return true;
        unit_properties_strv(p, "Requires", (const char *const *) list);
        unit_properties_strv(p, "After", (const char *const *) list);
        return true;
}

static void add_service(const ContainerRecord *record, UnitProperties *p) {
        g_autofree char *description = g_strdup_printf("Container %s", record->name);
        unit_properties_string(p, "Description", description);
        unit_properties_string(p, "Type", "notify");
        unit_properties_string(p, "NotifyAccess", "all");
        unit_properties_bool(p, "Delegate", true);
        unit_properties_string(p, "KillMode", "mixed");
        unit_properties_int(p, "KillSignal", record->stop_signal);
        unit_properties_uint64(
                        p, "TimeoutStopUSec",
                        (uint64_t) (record->stop_timeout_sec + STOP_HEADROOM_SEC) * G_USEC_PER_SEC);
        unit_properties_string(p, "CollectMode", "inactive-or-failed");
        unit_properties_string(p, "SyslogIdentifier", record->name);
        if (record->timeout_sec > 0)
                unit_properties_uint64(
                                p, "RuntimeMaxUSec",
                                (uint64_t) record->timeout_sec * G_USEC_PER_SEC);
        if (record->slice)
                unit_properties_string(p, "Slice", record->slice);
}

bool transient_start(Runtime *runtime, ContainerRecord *record, GError **error) {
        g_autoptr(OciSpec) spec = record_load_spec(runtime->records, record, error);
        g_autoptr(Bus) bus = spec ? bus_open(error) : NULL;
        if (!bus)
                return false;
        const char *const launch[] = { "container", "launch", record->id, NULL };
        const char *const end[] = { "container", "finish", record->id, NULL };
        g_auto(GStrv) start = transient_own_command(launch);
        g_auto(GStrv) finish = transient_own_command(end);
        g_autoptr(UnitProperties) properties = unit_properties_new();
        g_autofree char *unit = record_transient_unit(record);
        add_service(record, properties);
        unit_properties_exec(properties, "ExecStart", (const char *const *) start);
        unit_properties_exec(properties, "ExecStopPost", (const char *const *) finish);
        return add_restart(record->restart, properties, error) &&
               unit_limits_add(spec->resources, properties, error) &&
               add_requires(runtime, record, properties, error) &&
               bus_start_transient(bus, unit, properties, error);
}
