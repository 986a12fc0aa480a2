/* SPDX-License-Identifier: Apache-2.0 */
/* berth quadlet list: unit files, their services and what state those are in. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/quadlet-app.h"
#include "cli/systemctl.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "generator/output.h"
#include "generator/set.h"

#define NOT_LOADED "Not loaded"

typedef struct ListOptions {
        GPtrArray *filters;
        char *format;
        bool no_heading;
} ListOptions;

static const OptionRow rows[] = {
        { "filter", 'f', OPTION_LIST, offsetof(ListOptions, filters), "KIND=REGEX",
          "name=, status= or pod=" },
        { "format", 0, OPTION_STRING, offsetof(ListOptions, format), "FORMAT",
          "json, or a template" },
        { "noheading", 'n', OPTION_BOOL, offsetof(ListOptions, no_heading), NULL,
          "Do not print the headings" },
        { NULL },
};

/* service -> "active/running". Without a manager nothing is loaded. */
static GHashTable *read_states(const QuadletSet *set) {
        GHashTable *states = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_autoptr(GPtrArray) args = g_ptr_array_new();
        g_ptr_array_add(args, (char *) "show");
        g_ptr_array_add(args, (char *) "--property=Id,LoadState,ActiveState,SubState");
        for (guint i = 0; i < set->items->len; i++) {
                const Quadlet *q = set->items->pdata[i];
                if (!quadlet_is_template(q)) /* systemctl shows units, and a template is none */
                        g_ptr_array_add(args, q->service);
        }
        g_ptr_array_add(args, NULL);
        int status;
        g_autofree char *text =
                        args->len > 3 ? systemctl_read(set->user, (const char *const *) args->pdata,
                                                       &status, NULL)
                                      : NULL;
        g_auto(GStrv) units = g_strsplit(text ? text : "", "\n\n", -1);
        for (char **unit = units; *unit; unit++) {
                g_autoptr(GHashTable) values = g_hash_table_new(g_str_hash, g_str_equal);
                g_auto(GStrv) lines = g_strsplit(*unit, "\n", -1);
                for (char **line = lines; *line; line++) {
                        char *equal = strchr(*line, '=');
                        if (!equal)
                                continue;
                        *equal = '\0';
                        g_hash_table_insert(values, *line, equal + 1);
                }
                const char *id = g_hash_table_lookup(values, "Id");
                const char *load = g_hash_table_lookup(values, "LoadState");
                const char *active = g_hash_table_lookup(values, "ActiveState");
                const char *sub = g_hash_table_lookup(values, "SubState");
                if (id && load && active && sub && strcmp(load, "not-found") != 0)
                        g_hash_table_insert(
                                        states, g_strdup(id), g_strconcat(active, "/", sub, NULL));
        }
        return states;
}

/* What to show as status: the state, or why the file cannot be used. */
static char *status_of(const Quadlet *q, GHashTable *states) {
        for (guint i = 0; i < q->diagnostics->items->len; i++) {
                const Diagnostic *d = q->diagnostics->items->pdata[i];
                if (d->severity == DIAGNOSTIC_ERROR)
                        return diagnostic_format(d);
        }
        const char *state = g_hash_table_lookup(states, q->service);
        return g_strdup(state ? state : NOT_LOADED);
}

static JsonObject *row_object(const Quadlet *q, GHashTable *states) {
        JsonObject *o = json_object_new();
        g_autofree char *status = status_of(q, states);
        g_autofree char *app = quadlet_app_of(q->folder, q->file_name);
        g_autofree char *pod = q->type->kind == QUADLET_CONTAINER ? quadlet_string(q, "Pod") : NULL;
        json_object_set_string_member(o, "Name", q->file_name);
        json_object_set_string_member(o, "UnitName", q->service);
        json_object_set_string_member(o, "Path", q->path);
        json_object_set_string_member(o, "Status", status);
        json_object_set_string_member(o, "App", app ? app : "");
        json_object_set_string_member(o, "Pod", pod ? pod : "");
        return o;
}

static const struct {
        const char *kind;
        const char *member;
} filter_kinds[] = {
        { "name", "Name" },
        { "status", "Status" },
        { "pod", "Pod" },
};

/* Filters of the same kind: any has to match; of different kinds: each. */
static bool
matches(JsonObject *row, GPtrArray *filters, const char *kind, const char *member, GError **error) {
        bool any_given = false, matched = false;
        for (guint i = 0; filters && i < filters->len; i++) {
                const char *filter = filters->pdata[i];
                size_t n = strlen(kind);
                if (strncmp(filter, kind, n) != 0 || filter[n] != '=')
                        continue;
                any_given = true;
                g_autoptr(GRegex) regex = g_regex_new(filter + n + 1, 0, 0, error);
                if (!regex)
                        return false;
                matched = matched ||
                          g_regex_match(regex, json_object_get_string_member(row, member), 0, NULL);
        }
        return !any_given || matched;
}

static bool check_filters(GPtrArray *filters, GError **error) {
        for (guint i = 0; filters && i < filters->len; i++) {
                bool known = false;
                for (size_t k = 0; k < G_N_ELEMENTS(filter_kinds); k++)
                        known = known ||
                                (g_str_has_prefix(filters->pdata[i], filter_kinds[k].kind) &&
                                 ((char *) filters->pdata[i])[strlen(filter_kinds[k].kind)] == '=');
                if (!known)
                        return error_set_invalid(
                                        error,
                                        "'%s' is not a supported filter: use name=, "
                                        "status= or pod=",
                                        (char *) filters->pdata[i]);
        }
        return true;
}

static GPtrArray *collect(QuadletSet *set, GPtrArray *filters, GError **error) {
        g_autoptr(GHashTable) states = read_states(set);
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        for (guint i = 0; i < set->items->len; i++) {
                JsonObject *row = row_object(set->items->pdata[i], states);
                bool wanted = true;
                for (size_t k = 0; k < G_N_ELEMENTS(filter_kinds); k++)
                        wanted = wanted && matches(row, filters, filter_kinds[k].kind,
                                                   filter_kinds[k].member, error);
                if (wanted)
                        g_ptr_array_add(objects, row);
                else
                        json_object_unref(row);
                if (*error)
                        return NULL;
        }
        return g_steal_pointer(&objects);
}

static void print_json(const GPtrArray *objects) {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < objects->len; i++)
                json_array_add_object_element(array, json_object_ref(objects->pdata[i]));
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);
        json_node_take_array(node, array);
        g_autofree char *text = json_format(node, true);
        puts(text);
}

/* "{{range .}}ROW{{end}}" is what one row is; people copy it from Podman's pages. */
static char *strip_range(const char *format) {
        g_autoptr(GRegex) range = g_regex_new(
                        "\\{\\{-? *range *\\. *-?\\}\\}|\\{\\{-? *end *-?\\}\\}", 0, 0, NULL);
        return g_regex_replace_literal(range, format, -1, 0, "", 0, NULL);
}

static int print(GPtrArray *objects, const ListOptions *options, GError **error) {
        if (options->format && strcmp(options->format, "json") == 0) {
                print_json(objects);
                return EXIT_STATUS_OK;
        }
        g_autofree char *format =
                        options->format ? strip_range(options->format)
                                        : g_strdup("table {{.Name}}\t{{.UnitName}}\t{{.Path}}\t"
                                                   "{{.Status}}\t{{.App}}\t{{.Pod}}");
        return template_print(format, objects, !options->no_heading, error) ? EXIT_STATUS_OK
                                                                            : verb_fail(error);
}

int verb_quadlet_list(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth quadlet list [options]",
                .description = "List unit files of containers",
                .rows = rows,
        };
        ListOptions options = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        g_autoptr(GPtrArray) filters = options.filters;
        g_autofree char *format = options.format;
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR || !check_filters(filters, &error))
                return verb_fail(&error);
        bool user = getuid() != 0;
        UnitSearchOptions where = unit_search_options(user);
        g_autoptr(QuadletSet) set = quadlet_set_new(user, NULL);
        g_autoptr(UnitSearch) search = unit_search(&where, quadlet_is_file_name, set->diagnostics);
        quadlet_set_load(set, search);
        g_autoptr(Output) output = output_make(set); /* for the errors of files */
        g_autoptr(GPtrArray) objects = collect(set, filters, &error);
        return objects ? print(objects, &options, &error) : verb_fail(&error);
}
