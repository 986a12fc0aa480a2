/* SPDX-License-Identifier: Apache-2.0 */
/* berth stats */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/container-stats.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"

#define CLEAR_SCREEN "\033[2J\033[H" /* console_codes(4) */

typedef struct StatsOptions {
        Selection selection;
        bool no_reset, no_stream, no_trunc;
        char *format;
        int64_t interval_sec;
} StatsOptions;

static const OptionRow rows[] = {
        SELECTION_ROW_ALL(StatsOptions, "Not only running containers"),
        { "format", 0, OPTION_STRING, offsetof(StatsOptions, format), "FORMAT",
          "json, or a template" },
        { "interval", 'i', OPTION_INT, offsetof(StatsOptions, interval_sec), "SECONDS",
          "Time between reports (default 5)" },
        SELECTION_ROW_LATEST(StatsOptions),
        { "no-reset", 0, OPTION_BOOL, offsetof(StatsOptions, no_reset), NULL,
          "Leave earlier reports on the screen" },
        { "no-stream", 0, OPTION_BOOL, offsetof(StatsOptions, no_stream), NULL, "One report only" },
        { "no-trunc", 0, OPTION_BOOL, offsetof(StatsOptions, no_trunc), NULL, "Whole ids" },
        { NULL },
};

static const TemplateHeading headings[] = {
        { "ID", "ID" },
        { "ContainerID", "CONTAINER ID" },
        { "CPUPerc", "CPU %" },
        { "MemUsage", "MEM USAGE / LIMIT" },
        { "MemUsageBytes", "MEM USAGE / LIMIT" },
        { "MemPerc", "MEM %" },
        { "NetIO", "NET IO" },
        { "BlockIO", "BLOCK IO" },
        { "PIDs", "PIDS" },
        { "PIDS", "PIDS" },
        { "UpTime", "CPU TIME" },
        { "AVGCPU", "AVG CPU %" },
        { NULL },
};

static const char default_format[] =
                "table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t"
                "{{.BlockIO}}\t{{.PIDS}}\t{{.UpTime}}\t{{.AVGCPU}}";

/* Without a name: all that run, or with --all all there are. */
static GPtrArray *choose(Runtime *runtime, const StatsOptions *o, GError **error) {
        Selection selection = o->selection;
        if (!selection.names[0] && !selection.latest) {
                selection.running_only = !selection.all;
                selection.all = true;
        }
        GPtrArray *list = selection_resolve(runtime, &selection, error);
        if (!list)
                g_prefix_error(error, "unable to get list of containers: ");
        return list;
}

static const ContainerStats *find(const GPtrArray *list, const char *id) {
        for (guint i = 0; list && i < list->len; i++) {
                const ContainerStats *stats = list->pdata[i];
                if (strcmp(stats->id, id) == 0)
                        return stats;
        }
        return NULL;
}

static bool
print(const GPtrArray *stats, const GPtrArray *before, const StatsOptions *o, GError **error) {
        bool json = o->format && template_is_json(o->format);
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        for (guint i = 0; i < stats->len; i++) {
                const ContainerStats *one = stats->pdata[i];
                g_autoptr(JsonObject) fields =
                                container_stats_fields(one, find(before, one->id), o->no_trunc);
                g_ptr_array_add(objects,
                                json ? container_stats_json(fields) : json_object_ref(fields));
        }
        if (!json)
                return template_print_named(
                                o->format ? o->format : default_format, objects, true, headings,
                                error);
        template_print_json(objects);
        return true;
}

static bool report(Runtime *runtime, const StatsOptions *o, GError **error) {
        bool clears = !o->no_stream && !o->no_reset && isatty(STDOUT_FILENO);
        g_autoptr(GPtrArray) before = NULL;
        for (;;) {
                g_autoptr(GPtrArray) list = choose(runtime, o, error);
                if (!list)
                        return false;
                g_autoptr(GPtrArray) stats = g_ptr_array_new_with_free_func(
                                (GDestroyNotify) container_stats_free);
                for (guint i = 0; i < list->len; i++)
                        g_ptr_array_add(stats, container_stats_read(list->pdata[i]));
                if (clears)
                        fputs(CLEAR_SCREEN, stdout);
                if (!print(stats, before, o, error))
                        return false;
                if (fflush(stdout) != 0 || o->no_stream)
                        return true;
                g_clear_pointer(&before, g_ptr_array_unref);
                before = g_steal_pointer(&stats);
                sleep((unsigned int) o->interval_sec);
        }
}

static bool check(const StatsOptions *o, GError **error) {
        if (o->selection.all + o->selection.latest + (o->selection.names[0] != NULL) > 1)
                return error_set_invalid(
                                error, "--all, --latest and containers cannot be used together");
        if (o->interval_sec <= 0 || o->interval_sec > UINT32_MAX)
                return error_set_invalid(
                                error, "invalid interval, must be a positive number greater zero");
        return true;
}

int verb_stats(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth stats [options] [CONTAINER...]",
                .description = "Show what containers use of CPU, memory, network and disks",
                .rows = rows,
                .operands_max = -1,
        };
        StatsOptions options = { .interval_sec = 5 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &begun))
                return begun;
        options.selection.names = names;
        if (!check(&options, &error) || !report(&runtime, &options, &error))
                return verb_fail(&error);
        return EXIT_STATUS_OK;
}
