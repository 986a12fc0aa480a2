/* SPDX-License-Identifier: Apache-2.0 */
/* berth update: other limits for a container, and for the unit it runs in. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/container-flags.h"
#include "cli/exit.h"
#include "cli/health-timer.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/transient.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/cgroup-manager.h"
#include "runtime/event.h"
#include "runtime/health.h"
#include "runtime/spec-build.h"

/* The rows of `run` that can be changed later. Caller frees. */
static OptionRow *limit_rows(void) {
        static const char *const names[] = { "blkio-weight",     "blkio-weight-device",
                                             "cpu-period",       "cpu-quota",
                                             "cpu-rt-period",    "cpu-rt-runtime",
                                             "cpu-shares",       "cpus",
                                             "cpuset-cpus",      "cpuset-mems",
                                             "device-read-bps",  "device-read-iops",
                                             "device-write-bps", "device-write-iops",
                                             "memory",           "memory-reservation",
                                             "memory-swap",      "memory-swappiness",
                                             "pids-limit",       "restart",
                                             "no-healthcheck",   NULL };
        size_t n_all = 1;
        for (const OptionRow *row = container_flag_rows; row->name; row++)
                n_all++;
        OptionRow *rows = g_new0(OptionRow, n_all);
        size_t n = 0;
        for (const OptionRow *row = container_flag_rows; row->name; row++)
                if (g_strv_contains(names, row->name) || g_str_has_prefix(row->name, "health-"))
                        rows[n++] = *row;
        return rows;
}

/* Members of groups ("memory", "cpu", …) one by one: what is not given stays as it was. */
static void merge(OciSpec *spec, JsonNode *changes) {
        if (!spec->resources) {
                spec->resources = json_node_ref(changes);
                return;
        }
        JsonObject *into = json_node_get_object(spec->resources);
        JsonObject *from = json_node_get_object(changes);
        g_autoptr(GList) groups = json_object_get_members(from);
        for (GList *at = groups; at; at = at->next) {
                JsonNode *node = json_object_get_member(from, at->data);
                JsonNode *old = json_object_get_member(into, at->data);
                if (!old || !JSON_NODE_HOLDS_OBJECT(old) || !JSON_NODE_HOLDS_OBJECT(node)) {
                        json_object_set_member(into, at->data, json_node_copy(node));
                        continue;
                }
                JsonObject *group = json_node_get_object(node);
                g_autoptr(GList) names = json_object_get_members(group);
                for (GList *name = names; name; name = name->next)
                        json_object_set_member(
                                        json_node_get_object(old), name->data,
                                        json_node_copy(json_object_get_member(group, name->data)));
        }
}

static bool changes_health(const ContainerOptions *o) {
        const char *const given[] = { o->health_cmd,
                                      o->health_interval,
                                      o->health_timeout,
                                      o->health_start_period,
                                      o->health_retries,
                                      o->health_startup_cmd,
                                      o->health_startup_interval,
                                      o->health_startup_timeout,
                                      o->health_startup_retries,
                                      o->health_startup_success,
                                      o->health_on_failure,
                                      o->health_log_destination,
                                      o->health_max_log_count,
                                      o->health_max_log_size };
        for (size_t i = 0; i < G_N_ELEMENTS(given); i++)
                if (given[i])
                        return true;
        return o->no_healthcheck;
}

/* What is no limit: the policy for the next start, the check and its timer at once. */
static bool
update_record(Runtime *runtime,
              ContainerRecord *record,
              const ContainerOptions *options,
              GError **error) {
        bool health = changes_health(options);
        if (!options->restart && !health)
                return true;
        if (options->restart) {
                if (!transient_check_restart(options->restart, error))
                        return false;
                g_free(record->restart);
                record->restart = g_strdup(options->restart);
        }
        if (health && !health_change(options, record, error))
                return false;
        if (!record_save(runtime->records, record, error))
                return false;
        return !health || record_status(record) != CONTAINER_RUNNING ||
               health_timer_renew(record, error);
}

static bool
update(Runtime *runtime, ContainerRecord *record, const ContainerOptions *options, GError **error) {
        if (!update_record(runtime, record, options, error))
                return false;
        const SpecRequest request = { .options = options };
        g_autoptr(OciSpec) spec = record_load_spec(runtime->records, record, error);
        g_autoptr(OciSpec) changes = oci_spec_new();
        if (!spec || !spec_build_resources(&request, changes, error))
                return false;
        container_event(runtime, record, "update");
        if (!changes->resources)
                return true;
        if (record_status(record) == CONTAINER_RUNNING &&
            !cgroup_update(record->cgroup, record->unit, changes->resources, error))
                return false;
        merge(spec, changes->resources);
        return record_save_spec(runtime->records, record, spec, error);
}

int verb_update(int argc, char **argv) {
        g_autofree OptionRow *rows = limit_rows();
        const OptionTable table = {
                .usage = "berth update [options] CONTAINER",
                .description = "Change the limits of a container, now and for its next start",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        g_auto(ContainerOptions) options;
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status;
        container_options_init(&options);
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &status))
                return status;
        g_autoptr(ContainerRecord) record = record_find(runtime.records, names[0], &error);
        if (!record || !update(&runtime, record, &options, &error))
                return verb_fail(&error);
        puts(record->id);
        return EXIT_STATUS_OK;
}
