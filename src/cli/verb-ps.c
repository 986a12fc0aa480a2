/* SPDX-License-Identifier: Apache-2.0 */
/* berth ps */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/container-json.h"
#include "cli/exit.h"
#include "cli/network-json.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/table.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"

#define COMMAND_SHOWN_MAX 21

typedef struct PsOptions {
        bool all, external, latest, no_heading, no_trunc, quiet;
        GPtrArray *filters;
        char *format;
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
        { "quiet", 'q', OPTION_BOOL, offsetof(PsOptions, quiet), NULL, "Ids only" },
        { NULL },
};

static void options_clear(PsOptions *options) {
        g_clear_pointer(&options->filters, g_ptr_array_unref);
        g_free(options->format);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PsOptions, options_clear)

static bool
matches(const ContainerRecord *record,
        const char *key,
        const char *value,
        bool *ret,
        GError **error) {
        if (strcmp(key, "id") == 0) {
                *ret = g_str_has_prefix(record->id, value);
        } else if (strcmp(key, "name") == 0) {
                *ret = g_regex_match_simple(value, record->name, 0, 0);
        } else if (strcmp(key, "status") == 0) {
                *ret = strcmp(container_status_text(record_status(record)), value) == 0;
        } else if (strcmp(key, "ancestor") == 0) {
                *ret = (record->image && strstr(record->image, value)) ||
                       (record->image_id && g_str_has_prefix(record->image_id, value));
        } else if (strcmp(key, "label") == 0) {
                g_auto(GStrv) pair = g_strsplit(value, "=", 2);
                const char *held = record->labels ? g_hash_table_lookup(record->labels, pair[0])
                                                  : NULL;
                *ret = held && (!pair[1] || strcmp(held, pair[1]) == 0);
        } else {
                return error_set_invalid(error, "invalid filter \"%s\"", key);
        }
        return true;
}

/* Filters of one key are alternatives, different keys must all hold; labels must all hold. */
static bool passes(const ContainerRecord *record, GPtrArray *filters, bool *ret, GError **error) {
        g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (guint i = 0; filters && i < filters->len; i++) {
                g_auto(GStrv) pair = g_strsplit(filters->pdata[i], "=", 2);
                bool hit = false;
                if (!pair[1])
                        return error_set_invalid(
                                        error, "invalid filter \"%s\": it must be KEY=VALUE",
                                        (char *) filters->pdata[i]);
                if (!matches(record, pair[0], pair[1], &hit, error))
                        return false;
                bool is_label = strcmp(pair[0], "label") == 0;
                gpointer before = NULL;
                bool seen = g_hash_table_lookup_extended(keys, pair[0], NULL, &before);
                bool now = is_label && seen ? hit && GPOINTER_TO_INT(before)
                                            : hit || GPOINTER_TO_INT(before);
                g_hash_table_insert(keys, g_strdup(pair[0]), GINT_TO_POINTER(now));
        }
        *ret = true;
        GHashTableIter iter;
        gpointer value;
        g_hash_table_iter_init(&iter, keys);
        while (g_hash_table_iter_next(&iter, NULL, &value))
                *ret = *ret && GPOINTER_TO_INT(value);
        return true;
}

static bool filter_list(GPtrArray *list, const PsOptions *options, GError **error) {
        bool by_status = false;
        for (guint i = 0; options->filters && i < options->filters->len; i++)
                by_status = by_status || g_str_has_prefix(options->filters->pdata[i], "status=");
        bool running_only = !options->all && !by_status && !options->latest && options->last <= 0;
        for (guint i = list->len; i > 0; i--) {
                bool keep;
                if (!passes(list->pdata[i - 1], options->filters, &keep, error))
                        return false;
                if (!keep ||
                    (running_only && record_status(list->pdata[i - 1]) != CONTAINER_RUNNING))
                        g_ptr_array_remove_index(list, i - 1);
        }
        guint most = options->latest ? 1 : options->last > 0 ? (guint) options->last : list->len;
        if (list->len > most)
                g_ptr_array_remove_range(list, 0, list->len - most);
        return true;
}

static char *command_text(const ContainerRecord *record, bool whole) {
        char *text = g_strjoinv(" ", record->command);
        if (!whole && g_utf8_strlen(text, -1) > COMMAND_SHOWN_MAX) {
                g_autofree char *shown = text;
                g_autofree char *cut = g_utf8_substring(shown, 0, COMMAND_SHOWN_MAX - 3);
                return g_strconcat(cut, "...", NULL);
        }
        return text;
}

static void print_table(GPtrArray *list, const PsOptions *options) {
        static const char *const headings[] = {
                "CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES", NULL,
        };
        g_autoptr(Table) table = table_new(headings);
        for (guint i = 0; i < list->len; i++) {
                const ContainerRecord *record = list->pdata[i];
                JsonObject *json = container_ps_json(record);
                char **cells = g_new0(char *, G_N_ELEMENTS(headings));
                g_autofree char *command = command_text(record, options->no_trunc);
                cells[0] = g_strndup(record->id, options->no_trunc ? 64 : 12);
                cells[1] = g_strdup(record->image ? record->image : "");
                cells[2] = text_sanitize(command);
                cells[3] = g_strdup(json_object_get_string_member(json, "CreatedAt"));
                cells[4] = g_strdup(json_object_get_string_member(json, "Status"));
                cells[5] = network_ports_text(record);
                cells[6] = g_strdup(record->name);
                table_add(table, cells);
                json_object_unref(json);
        }
        table_print(table, !options->no_heading);
}

static void print_json(GPtrArray *list) {
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);
        JsonArray *array = json_array_new();
        for (guint i = 0; i < list->len; i++)
                json_array_add_object_element(array, container_ps_json(list->pdata[i]));
        json_node_take_array(node, array);
        g_autofree char *text = json_format(node, true);
        printf("%s\n", text);
}

/* In templates "ID", "Names" and "Command" are words, not JSON. */
static bool print_template(GPtrArray *list, const PsOptions *options, GError **error) {
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        for (guint i = 0; i < list->len; i++) {
                const ContainerRecord *record = list->pdata[i];
                JsonObject *json = container_ps_json(record);
                g_autofree char *id = g_strndup(record->id, options->no_trunc ? 64 : 12);
                g_autofree char *command = command_text(record, options->no_trunc);
                json_object_set_string_member(json, "ID", id);
                json_object_set_string_member(json, "Names", record->name);
                json_object_set_string_member(json, "Command", command);
                json_object_set_string_member(
                                json, "RunningFor",
                                json_object_get_string_member(json, "CreatedAt"));
                g_autofree char *ports = network_ports_text(record);
                json_object_set_string_member(json, "Ports", ports);
                g_autofree char *networks = network_names_text(record);
                json_object_set_string_member(json, "Networks", networks);
                g_ptr_array_add(objects, json);
        }
        return template_print(options->format, objects, !options->no_heading, error);
}

int verb_ps(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth ps [options]",
                .description = "List containers",
                .rows = rows,
        };
        g_auto(PsOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &operands, &runtime, &begun);
        if (!go_on)
                return begun;
        g_autoptr(GPtrArray) list = record_list(runtime.records, &error);
        if (!list || !filter_list(list, &options, &error))
                return verb_fail(&error);
        if (options.quiet)
                for (guint i = 0; i < list->len; i++)
                        printf("%.*s\n", options.no_trunc ? 64 : 12,
                               ((ContainerRecord *) list->pdata[i])->id);
        else if (options.format && strcmp(options.format, "json") == 0)
                print_json(list);
        else if (options.format)
                return print_template(list, &options, &error) ? EXIT_STATUS_OK : verb_fail(&error);
        else
                print_table(list, &options);
        return EXIT_STATUS_OK;
}
