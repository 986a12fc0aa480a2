/* SPDX-License-Identifier: Apache-2.0 */
/* berth pod stats */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/container-stats.h"
#include "cli/exit.h"
#include "cli/pod-select.h"
#include "cli/start.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"

#define CLEAR_SCREEN "\033[2J\033[H" /* console_codes(4) */
#define INTERVAL_SEC 5

typedef struct StatsOptions {
        PodSelection selection;
        bool no_reset, no_stream;
        char *format;
} StatsOptions;

static const OptionRow rows[] = {
        POD_ROW_ALL(StatsOptions, "All pods"),
        { "format", 0, OPTION_STRING, offsetof(StatsOptions, format), "FORMAT",
          "json, or a template" },
        POD_ROW_LATEST(StatsOptions),
        { "no-reset", 0, OPTION_BOOL, offsetof(StatsOptions, no_reset), NULL,
          "Leave earlier reports on the screen" },
        { "no-stream", 0, OPTION_BOOL, offsetof(StatsOptions, no_stream), NULL, "One report only" },
        { NULL },
};

static const TemplateHeading headings[] = {
        { "CPU", "CPU %" },
        { "MemUsage", "MEM USAGE/ LIMIT" },
        { "MemUsageBytes", "MEM USAGE/ LIMIT" },
        { "Mem", "MEM %" },
        { "NetIO", "NET IO" },
        { "BlockIO", "BLOCK IO" },
        { NULL },
};

static const char default_format[] =
                "table "
                "{{.Pod}}\t{{.CID}}\t{{.Name}}\t{{.CPU}}\t{{.MemUsage}}\t{{.Mem}}\t{{.NetIO}}\t"
                "{{.BlockIO}}\t{{.PIDS}}";

/* The fields of a container with the names that they have for pods. */
static JsonObject *fields_of(const Pod *pod, const ContainerRecord *record) {
        static const struct {
                const char *name, *field;
        } names[] = {
                { "CPU", "CPUPerc" }, { "MemUsage", "MemUsage" },
                { "Mem", "MemPerc" }, { "MemUsageBytes", "MemUsageBytes" },
                { "NetIO", "NetIO" }, { "BlockIO", "BlockIO" },
                { "PIDS", "PIDS" },   { "CID", "ID" },
                { "Name", "Name" },
        };
        g_autoptr(ContainerStats) stats = container_stats_read(record);
        g_autoptr(JsonObject) all = container_stats_fields(stats, NULL, false);
        g_autofree char *id = g_strndup(pod->id, 12);
        JsonObject *fields = json_object_new();
        json_object_set_string_member(fields, "Pod", id);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                json_object_set_string_member(
                                fields, names[i].name,
                                json_object_get_string_member(all, names[i].field));
        return fields;
}

/* Without a name: all pods of which something runs. */
static GPtrArray *choose(Runtime *runtime, const StatsOptions *o, GError **error) {
        PodSelection selection = o->selection;
        if (!selection.names[0] && !selection.latest)
                selection.all = true;
        return pod_selection_resolve(runtime, &selection, error);
}

static GPtrArray *collect(Runtime *runtime, const StatsOptions *o, GError **error) {
        g_autoptr(GPtrArray) pods = choose(runtime, o, error);
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        for (guint i = 0; pods && i < pods->len; i++) {
                g_autoptr(GPtrArray) records = pod_containers(runtime, pods->pdata[i], error);
                if (!records)
                        return NULL;
                for (guint j = 0; j < records->len; j++)
                        if (record_status(records->pdata[j]) == CONTAINER_RUNNING)
                                g_ptr_array_add(objects,
                                                fields_of(pods->pdata[i], records->pdata[j]));
        }
        return pods ? g_steal_pointer(&objects) : NULL;
}

static bool report(Runtime *runtime, const StatsOptions *o, GError **error) {
        bool json = o->format && template_is_json(o->format);
        bool clears = !o->no_stream && !o->no_reset && isatty(STDOUT_FILENO);
        for (;;) {
                g_autoptr(GPtrArray) objects = collect(runtime, o, error);
                if (!objects)
                        return false;
                if (clears)
                        fputs(CLEAR_SCREEN, stdout);
                if (json)
                        template_print_json(objects);
                else if (!template_print_named(
                                         o->format ? o->format : default_format, objects, true,
                                         headings, error))
                        return false;
                if (fflush(stdout) != 0 || o->no_stream)
                        return true;
                sleep(INTERVAL_SEC);
        }
}

int verb_pod_stats(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth pod stats [options] [POD...]",
                .description = "Show what the containers of pods use",
                .rows = rows,
                .operands_max = -1,
        };
        StatsOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &status))
                return status;
        options.selection.names = names;
        if (options.selection.all + options.selection.latest + (names[0] != NULL) > 1)
                error_set_invalid(&error, "--all, --latest and pods cannot be used together");
        else
                (void) report(&runtime, &options, &error); /* error is set */
        g_free(options.format);
        return error ? verb_fail(&error) : EXIT_STATUS_OK;
}
