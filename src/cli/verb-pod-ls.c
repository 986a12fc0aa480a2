/* SPDX-License-Identifier: Apache-2.0 */
/* berth pod ps, inspect, exists */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/pod-filter.h"
#include "cli/pod-json.h"
#include "cli/pod-select.h"
#include "cli/start.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct PsOptions {
        PodSelection selection;
        char *format, *sort;
        bool no_heading, no_trunc, quiet, names, ids, status, namespace;
} PsOptions;

static const TemplateHeading headings[] = {
        { "ID", "POD ID" },
        { "InfraID", "INFRA ID" },
        { "NumberOfContainers", "# OF CONTAINERS" },
        { "ContainerIds", "IDS" },
        { "ContainerNames", "NAMES" },
        { "ContainerStatuses", "STATUS" },
        { "Networks", "NETWORKS" },
        { NULL },
};

static char *joined(JsonArray *array, const char *member) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint i = 0; i < json_array_get_length(array); i++) {
                const char *word = member ? json_object_get_string_member(
                                                            json_array_get_object_element(array, i),
                                                            member)
                                          : json_array_get_string_element(array, i);
                bool cut = g_strcmp0(member, "Id") == 0;
                g_string_append_printf(text, cut ? "%s%.12s" : "%s%s", i > 0 ? "," : "", word);
        }
        return g_string_free(g_steal_pointer(&text), FALSE);
}

/* What templates and the table show beside the fields of the JSON form. */
static void add_shown(JsonObject *json, const Pod *pod, const PsOptions *o) {
        static const struct {
                const char *field, *member;
        } rows[] = { { "ContainerIds", "Id" },
                     { "ContainerNames", "Names" },
                     { "ContainerStatuses", "Status" } };
        JsonArray *containers = json_object_get_array_member(json, "Containers");
        g_autofree char *id = g_strndup(pod->id, o->no_trunc ? 64 : 12);
        g_autofree char *ago =
                        text_format_ago(pod->created_nsec / 1000000000, (int64_t) time(NULL));
        g_autofree char *networks = joined(json_object_get_array_member(json, "Networks"), NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *text = joined(containers, rows[i].member);
                json_object_set_string_member(json, rows[i].field, text);
        }
        json_object_set_int_member(json, "NumberOfContainers", json_array_get_length(containers));
        json_object_set_string_member(json, "ID", id);
        json_object_set_string_member(json, "InfraID", "");
        json_object_set_string_member(json, "Created", ago);
        json_object_set_string_member(json, "Networks", networks);
}

static gint compare(gconstpointer a, gconstpointer b, gpointer key) {
        const Pod *x = *(Pod *const *) a, *y = *(Pod *const *) b;
        if (strcmp(key, "name") == 0)
                return strcmp(x->name, y->name);
        if (strcmp(key, "id") == 0)
                return strcmp(x->id, y->id);
        return (y->created_nsec > x->created_nsec) - (y->created_nsec < x->created_nsec);
}

/* Newest first, as Podman. */
static bool sort(GPtrArray *pods, const PsOptions *o, GError **error) {
        static const char *const keys[] = { "created", "id", "name", NULL };
        const char *key = o->sort ? o->sort : "created";
        if (!g_strv_contains(keys, key))
                return error_set_invalid(
                                error, "--sort '%s' is not supported, use created, id or name",
                                key);
        g_ptr_array_sort_with_data(pods, compare, (gpointer) key);
        return true;
}

static char *default_format(const PsOptions *o) {
        if (o->quiet)
                return g_strdup("{{.ID}}");
        return g_strconcat(
                        "table {{.ID}}\t{{.Name}}\t{{.Status}}\t{{.Created}}\t{{.InfraID}}",
                        o->ids ? "\t{{.ContainerIds}}" : "",
                        o->names ? "\t{{.ContainerNames}}" : "",
                        o->status ? "\t{{.ContainerStatuses}}" : "",
                        o->ids || o->names || o->status ? "" : "\t{{.NumberOfContainers}}", NULL);
}

static bool print(Runtime *runtime, GPtrArray *pods, const PsOptions *o, GError **error) {
        bool json = template_is_json(o->format);
        g_autofree char *format = o->format ? g_strdup(o->format) : default_format(o);
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        for (guint i = 0; i < pods->len; i++) {
                JsonObject *object = pod_ps_json(runtime, pods->pdata[i], error);
                if (!object)
                        return false;
                if (!json)
                        add_shown(object, pods->pdata[i], o);
                g_ptr_array_add(objects, object);
        }
        if (!json)
                return template_print_named(format, objects, !o->no_heading, headings, error);
        template_print_json(objects);
        return true;
}

#define AT(member) offsetof(PsOptions, member)

int verb_pod_ps(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "ctr-ids", 0, OPTION_BOOL, AT(ids), NULL, "Ids of the containers" },
                { "ctr-names", 0, OPTION_BOOL, AT(names), NULL, "Names of the containers" },
                { "ctr-status", 0, OPTION_BOOL, AT(status), NULL, "States of the containers" },
                { "filter", 'f', OPTION_LIST, AT(selection.filters), "FILTER",
                  "Those that pass: id=, name=, label=, status=, …" },
                { "format", 0, OPTION_STRING, AT(format), "FORMAT", "json, or a template" },
                POD_ROW_LATEST(PsOptions),
                { "no-trunc", 0, OPTION_BOOL, AT(no_trunc), NULL, "Whole ids" },
                { "noheading", 'n', OPTION_BOOL, AT(no_heading), NULL, "No heading" },
                { "quiet", 'q', OPTION_BOOL, AT(quiet), NULL, "Ids only" },
                { "sort", 0, OPTION_STRING, AT(sort), "KEY", "created, id or name" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth pod ps [options]",
                .description = "List pods",
                .rows = rows,
        };
        PsOptions options = { .selection.all = true };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        if (cli_begin(&table, argc, argv, &options, &operands, &runtime, &status)) {
                g_autoptr(GPtrArray) pods =
                                pod_selection_resolve(&runtime, &options.selection, &error);
                if (!pods || !sort(pods, &options, &error) ||
                    !print(&runtime, pods, &options, &error))
                        status = verb_fail(&error);
        }
        pod_selection_clear(&options.selection);
        g_free(options.format);
        g_free(options.sort);
        return status;
}

/* The fields of pods that are there are shown even if others are not. */
static int inspect(Runtime *runtime, const PsOptions *o, char **names) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        int status = EXIT_STATUS_OK;
        const PodSelection newest = { .latest = true };
        g_autoptr(GPtrArray) latest = NULL;
        if (o->selection.latest && !(latest = pod_selection_resolve(runtime, &newest, &error)))
                return verb_fail(&error);
        for (guint i = 0; latest && i < latest->len; i++)
                g_ptr_array_add(objects, pod_inspect_json(runtime, latest->pdata[i], NULL));
        for (char **name = names; *name; name++) {
                g_autoptr(Pod) pod = pod_find(runtime->records, *name, &error);
                JsonObject *object = pod ? pod_inspect_json(runtime, pod, &error) : NULL;
                if (object) {
                        g_ptr_array_add(objects, object);
                        continue;
                }
                if (g_error_matches(error, POD_ERROR, POD_ERROR_NOT_FOUND)) {
                        g_clear_error(&error);
                        error_set_invalid(&error, "no such pod %s", *name);
                }
                status = EXIT_STATUS_ERROR;
                break;
        }
        if (!o->format || template_is_json(o->format))
                template_print_json(objects);
        else if (!template_print(o->format, objects, true, error ? NULL : &error))
                status = EXIT_STATUS_ERROR;
        fflush(stdout);
        return error ? verb_fail(&error) : status;
}

int verb_pod_inspect(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "format", 'f', OPTION_STRING, AT(format), "FORMAT", "json, or a template" },
                POD_ROW_LATEST(PsOptions),
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth pod inspect [options] POD...",
                .description = "Show all that is known of pods",
                .rows = rows,
                .operands_max = -1,
        };
        PsOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status;
        if (cli_begin(&table, argc, argv, &options, &names, &runtime, &status)) {
                if (names[0] || options.selection.latest)
                        status = inspect(&runtime, &options, names);
                else {
                        error_set_invalid(&error, "you must provide the name or id of a pod");
                        status = verb_fail(&error);
                }
        }
        g_free(options.format);
        return status;
}

int verb_pod_exists(int argc, char **argv) {
        static const OptionRow rows[] = { { NULL } };
        static const OptionTable table = {
                .usage = "berth pod exists POD",
                .description = "Check whether a pod exists: exit status 0 or 1",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status, unused;
        if (!cli_begin(&table, argc, argv, &unused, &names, &runtime, &status))
                return status;
        g_autoptr(Pod) pod = pod_find(runtime.records, names[0], &error);
        if (pod)
                return EXIT_STATUS_OK;
        return g_error_matches(error, POD_ERROR, POD_ERROR_NOT_FOUND) ? 1 : verb_fail(&error);
}
