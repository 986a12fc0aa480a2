/* SPDX-License-Identifier: Apache-2.0 */
/* berth ps */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/container-filter.h"
#include "cli/container-json.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"

#define COMMAND_SHOWN_MAX 21

typedef struct PsOptions {
        bool all, external, latest, no_heading, no_trunc, quiet, size, ns, pod, sync;
        GPtrArray *filters;
        char *format, *sort;
        int64_t last;
} PsOptions;

static const OptionRow rows[] = {
        { "all", 'a', OPTION_BOOL, offsetof(PsOptions, all), NULL, "Not only running ones" },
        { "external", 0, OPTION_BOOL, offsetof(PsOptions, external), NULL, NULL },
        { "filter", 'f', OPTION_LIST, offsetof(PsOptions, filters), "FILTER",
          "id=, name=, status=, label=, ancestor=" },
        { "format", 0, OPTION_STRING, offsetof(PsOptions, format), "FORMAT",
          "json, or a template" },
        { "last", 'n', OPTION_INT, offsetof(PsOptions, last), "N", "The N newest" },
        { "latest", 'l', OPTION_BOOL, offsetof(PsOptions, latest), NULL, "The newest" },
        { "no-trunc", 0, OPTION_BOOL, offsetof(PsOptions, no_trunc), NULL,
          "Whole ids and commands" },
        { "noheading", 0, OPTION_BOOL, offsetof(PsOptions, no_heading), NULL, "No heading" },
        { "ns", 0, OPTION_BOOL, offsetof(PsOptions, ns), NULL, "Namespaces" },
        { "pod", 'p', OPTION_BOOL, offsetof(PsOptions, pod), NULL, "The pod of each" },
        { "quiet", 'q', OPTION_BOOL, offsetof(PsOptions, quiet), NULL, "Ids only" },
        { "size", 's', OPTION_BOOL, offsetof(PsOptions, size), NULL, "Bytes written and shown" },
        { "sort", 0, OPTION_STRING, offsetof(PsOptions, sort), "KEY",
          "command, created, id, image, names, runningfor, size or status" },
        { "sync", 0, OPTION_BOOL, offsetof(PsOptions, sync), NULL, NULL },
        { NULL },
};

static void options_clear(PsOptions *options) {
        g_clear_pointer(&options->filters, g_ptr_array_unref);
        g_free(options->format);
        g_free(options->sort);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PsOptions, options_clear)

static bool keep_wanted(Runtime *runtime, GPtrArray *list, const PsOptions *o, GError **error) {
        if (!container_filter(runtime, list, o->filters, error))
                return false;
        bool running_only = !o->all && !container_filter_has(o->filters, "status") &&
                            !container_filter_has(o->filters, "exited") && !o->latest &&
                            o->last <= 0;
        for (guint i = list->len; i > 0 && running_only; i--)
                if (record_status(list->pdata[i - 1]) != CONTAINER_RUNNING)
                        g_ptr_array_remove_index(list, i - 1);
        guint most = o->latest ? 1 : o->last > 0 ? (guint) o->last : list->len;
        if (list->len > most)
                g_ptr_array_remove_range(list, 0, list->len - most);
        return true;
}

/* What templates and the table show beside the fields of the JSON form. */
static JsonObject *shown(Runtime *runtime, const ContainerRecord *record, const PsOptions *o) {
        JsonObject *json = container_ps_json(runtime, record);
        g_autofree char *id = g_strndup(record->id, o->no_trunc ? 64 : 12);
        g_autofree char *joined = record->command ? g_strjoinv(" ", record->command) : g_strdup("");
        g_autofree char *clean = text_sanitize(joined);
        g_autofree char *cut = NULL;
        if (!o->no_trunc && g_utf8_strlen(clean, -1) > COMMAND_SHOWN_MAX) {
                g_autofree char *begin = g_utf8_substring(clean, 0, COMMAND_SHOWN_MAX - 3);
                cut = g_strconcat(begin, "...", NULL);
        }
        g_autofree char *pod =
                        record->pod ? g_strndup(record->pod, o->no_trunc ? 64 : 12) : g_strdup("");
        g_autofree char *created = text_format_go_time(record->created_nsec);
        const char *ago = json_object_get_string_member(json, "CreatedAt");
        json_object_set_string_member(json, "RunningFor", ago);
        json_object_set_string_member(json, "CreatedHuman", ago);
        json_object_set_string_member(json, "CreatedAt", created);
        json_object_set_string_member(json, "Created", created);
        json_object_set_string_member(json, "ID", id);
        json_object_set_string_member(json, "Names", record->name);
        json_object_set_string_member(json, "Command", cut ? cut : clean);
        json_object_set_string_member(json, "Pod", pod);
        container_ps_show_lists(record, json);
        if (o->size)
                container_ps_add_size(runtime, record, json);
        return json;
}

static int compare_by(const char *key, const ContainerRecord *a, const ContainerRecord *b) {
        if (strcmp(key, "names") == 0)
                return strcmp(a->name, b->name);
        if (strcmp(key, "id") == 0)
                return strcmp(a->id, b->id);
        if (strcmp(key, "image") == 0)
                return g_strcmp0(a->image, b->image);
        if (strcmp(key, "command") == 0)
                return g_strcmp0(a->command ? a->command[0] : "", b->command ? b->command[0] : "");
        if (strcmp(key, "status") == 0)
                return strcmp(container_state_text(a), container_state_text(b));
        if (strcmp(key, "runningfor") == 0)
                return (b->created_nsec < a->created_nsec) - (b->created_nsec > a->created_nsec);
        return (a->created_nsec > b->created_nsec) - (a->created_nsec < b->created_nsec);
}

static gint compare(gconstpointer a, gconstpointer b, gpointer key) {
        return compare_by(key, *(ContainerRecord *const *) a, *(ContainerRecord *const *) b);
}

static bool sort(GPtrArray *list, const PsOptions *o, GError **error) {
        static const char *const keys[] = { "command",    "created", "id",     "image", "names",
                                            "runningfor", "size",    "status", NULL };
        if (!o->sort)
                return true;
        if (!g_strv_contains(keys, o->sort))
                return error_set_invalid(
                                error,
                                "invalid argument \"%s\" for \"--sort\" flag: \"%s\" is not a "
                                "valid "
                                "value.  Choose from: \"command, created, id, image, names, "
                                "runningfor, size, status\"",
                                o->sort, o->sort);
        g_ptr_array_sort_with_data(list, compare, o->sort);
        return true;
}

static const TemplateHeading headings[] = {
        { "ID", "CONTAINER ID" },
        { "RunningFor", "RUNNING FOR" },
        { "CreatedHuman", "CREATED" },
        { "Pod", "POD ID" },
        { "PodName", "PODNAME" },
        { "PIDNS", "PIDNS" },
        { NULL },
};

/* The table of its own, and that of --ns. */
static const char *default_format(const PsOptions *o) {
        if (o->ns)
                return "table {{.ID}}\t{{.Names}}\t{{.Pid}}\t{{.CGROUPNS}}\t{{.IPC}}\t{{.MNT}}\t"
                       "{{.NET}}\t{{.PIDNS}}\t{{.USERNS}}\t{{.UTS}}";
        return o->size ? "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.CreatedHuman}}\t{{.Status}}\t"
                         "{{.Ports}}\t{{.Names}}\t{{.Size}}"
               : o->pod ? "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.CreatedHuman}}\t{{.Status}}"
                          "\t{{.Ports}}\t{{.Names}}\t{{.Pod}}\t{{.PodName}}"
                        : "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.CreatedHuman}}\t{{.Status}}"
                          "\t{{.Ports}}\t{{.Names}}";
}

static bool print(Runtime *runtime, GPtrArray *list, const PsOptions *o, GError **error) {
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        bool json = o->format && strcmp(o->format, "json") == 0;
        for (guint i = 0; i < list->len; i++) {
                JsonObject *object = json ? container_ps_json(runtime, list->pdata[i])
                                          : shown(runtime, list->pdata[i], o);
                if (!json && o->ns)
                        container_ps_add_namespaces(list->pdata[i], object);
                g_ptr_array_add(objects, object);
        }
        if (json) {
                template_print_json(objects);
                return true;
        }
        return template_print_named(
                        o->format ? o->format : default_format(o), objects, !o->no_heading,
                        headings, error);
}

static bool check(const PsOptions *o, GError **error) {
        if (o->quiet && o->format)
                return error_set_invalid(error, "quiet and format cannot be used together");
        if (o->quiet && (o->size || o->ns))
                return error_set_invalid(error, "quiet conflicts with size and namespace");
        if (o->size && o->ns)
                return error_set_invalid(error, "size and namespace options conflict");
        if (o->last >= 0 && o->latest)
                return error_set_invalid(error, "last and latest are mutually exclusive");
        return true;
}

int verb_ps(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth ps [options]",
                .description = "List containers",
                .rows = rows,
        };
        g_auto(PsOptions) options = { .last = -1 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &operands, &runtime, &begun);
        if (!go_on)
                return begun;
        g_autoptr(GPtrArray) list =
                        check(&options, &error) ? record_list(runtime.records, &error) : NULL;
        if (!list || !keep_wanted(&runtime, list, &options, &error) ||
            !sort(list, &options, &error))
                return verb_fail(&error);
        if (options.quiet) {
                for (guint i = 0; i < list->len; i++)
                        printf("%.*s\n", options.no_trunc ? 64 : 12,
                               ((ContainerRecord *) list->pdata[i])->id);
                return EXIT_STATUS_OK;
        }
        return print(&runtime, list, &options, &error) ? EXIT_STATUS_OK : verb_fail(&error);
}
