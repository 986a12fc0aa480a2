/* SPDX-License-Identifier: Apache-2.0 */
/* --format templates. */
#include "cli/template.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/table.h"

static char *node_text(JsonNode *node) {
        if (!node || JSON_NODE_HOLDS_NULL(node))
                return g_strdup("");
        GType type = json_node_get_value_type(node);
        if (type == G_TYPE_STRING)
                return json_node_dup_string(node);
        if (type == G_TYPE_INT64)
                return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
        if (type == G_TYPE_BOOLEAN)
                return g_strdup(json_node_get_boolean(node) ? "true" : "false");
        if (JSON_NODE_HOLDS_ARRAY(node)) { /* Go prints a slice as "[a b]" */
                GString *text = g_string_new("[");
                JsonArray *array = json_node_get_array(node);
                for (guint i = 0; i < json_array_get_length(array); i++) {
                        g_autofree char *one = node_text(json_array_get_element(array, i));
                        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", one);
                }
                return g_string_free(g_string_append_c(text, ']'), FALSE);
        }
        if (JSON_NODE_HOLDS_OBJECT(node)) { /* and a map as "map[k:v]" */
                GString *text = g_string_new("map[");
                JsonObject *object = json_node_get_object(node);
                g_autoptr(GList) names =
                                g_list_sort(json_object_get_members(object), (GCompareFunc) strcmp);
                for (GList *at = names; at; at = at->next) {
                        g_autofree char *one = node_text(json_object_get_member(object, at->data));
                        g_string_append_printf(
                                        text, "%s%s:%s", at == names ? "" : " ", (char *) at->data,
                                        one);
                }
                return g_string_free(g_string_append_c(text, ']'), FALSE);
        }
        return json_format(node, false);
}

/* ".A.B" below node; "." is the node itself. */
static bool look_up(JsonNode *node, const char *path, JsonNode **ret_node, GError **error) {
        g_auto(GStrv) parts = g_strsplit(path + 1, ".", 32);
        for (char **part = parts; *part && **part; part++) {
                if (!node || !JSON_NODE_HOLDS_OBJECT(node) ||
                    !json_object_has_member(json_node_get_object(node), *part))
                        return error_set_invalid(error, "template: can't evaluate field %s", *part);
                node = json_object_get_member(json_node_get_object(node), *part);
        }
        *ret_node = node;
        return true;
}

/* The inside of one pair of braces. */
static char *evaluate(const char *text, JsonNode *fields, GError **error) {
        g_autofree char *action = g_strstrip(g_strdup(text));
        JsonNode *node = NULL;
        if (*action == '.')
                return look_up(fields, action, &node, error) ? node_text(node) : NULL;
        g_auto(GStrv) words = g_strsplit_set(action, " ", 4);
        guint n = g_strv_length(words);
        if (n == 2 && g_str_equal(words[0], "json") && *words[1] == '.')
                return look_up(fields, words[1], &node, error)
                                       ? node ? json_format(node, false) : g_strdup("null")
                                       : NULL;
        if (n == 3 && g_str_equal(words[0], "index") && *words[1] == '.') {
                if (!look_up(fields, words[1], &node, error))
                        return NULL;
                size_t size = strlen(words[2]);
                g_autofree char *key = size >= 2 ? g_strndup(words[2] + 1, size - 2) : g_strdup("");
                bool found = node && JSON_NODE_HOLDS_OBJECT(node);
                return node_text(
                                found ? json_object_get_member(json_node_get_object(node), key)
                                      : NULL);
        }
        error_set_invalid(error, "template: '{{%s}}' is not supported", text);
        return NULL;
}

char *template_format(const char *format, JsonObject *object, GError **error) {
        g_autoptr(JsonNode) fields = json_node_new(JSON_NODE_OBJECT);
        json_node_set_object(fields, object);
        g_autoptr(GString) out = g_string_new(NULL);
        for (const char *at = format; *at;) {
                if (g_str_has_prefix(at, "{{")) {
                        const char *end = strstr(at, "}}");
                        if (!end) {
                                error_set_invalid(error, "template: '{{' without '}}'");
                                return NULL;
                        }
                        g_autofree char *action = g_strndup(at + 2, (size_t) (end - at - 2));
                        g_autofree char *value = evaluate(action, fields, error);
                        if (!value)
                                return NULL;
                        g_string_append(out, value);
                        at = end + 2;
                } else if (at[0] == '\\' && (at[1] == 't' || at[1] == 'n')) {
                        g_string_append_c(out, at[1] == 't' ? '\t' : '\n');
                        at += 2;
                } else {
                        g_string_append_c(out, *at++);
                }
        }
        return g_string_free(g_steal_pointer(&out), FALSE);
}

/* "{{.Repository}}" -> "REPOSITORY": the headings of a table are the fields' names. */
static char *heading_of(const char *cell) {
        const char *dot = strrchr(cell, '.');
        size_t n = dot ? strcspn(dot + 1, "} ") : 0;
        g_autofree char *name = n > 0 ? g_strndup(dot + 1, n) : g_strdup(cell);
        return g_ascii_strup(name, -1);
}

static char **split_cells(const char *format) {
        g_autoptr(GString) text = g_string_new(format);
        g_string_replace(text, "\\t", "\t", 0);
        g_autofree char *stripped = g_strstrip(g_strdup(text->str));
        /* Podman's table separates by tabs, or by blanks between actions */
        if (!strchr(stripped, '\t')) {
                g_string_assign(text, stripped);
                g_string_replace(text, "}} {{", "}}\t{{", 0);
                return g_strsplit(text->str, "\t", -1);
        }
        return g_strsplit(stripped, "\t", -1);
}

static bool print_table(const char *format, GPtrArray *objects, bool headings, GError **error) {
        g_auto(GStrv) cells = split_cells(format);
        guint n = g_strv_length(cells);
        g_auto(GStrv) names = g_new0(char *, n + 1);
        for (guint i = 0; i < n; i++)
                names[i] = heading_of(cells[i]);
        g_autoptr(Table) table = table_new((const char *const *) names);
        for (guint k = 0; k < objects->len; k++) {
                g_auto(GStrv) row = g_new0(char *, n + 1);
                for (guint i = 0; i < n; i++)
                        if (!(row[i] = template_format(cells[i], objects->pdata[k], error)))
                                return false;
                table_add(table, g_steal_pointer(&row));
        }
        table_print(table, headings);
        return true;
}

bool template_print(const char *format, GPtrArray *objects, bool headings, GError **error) {
        if (g_str_has_prefix(format, "table "))
                return print_table(format + strlen("table "), objects, headings, error);
        for (guint i = 0; i < objects->len; i++) {
                g_autofree char *line = template_format(format, objects->pdata[i], error);
                if (!line)
                        return false;
                printf("%s\n", line);
        }
        return true;
}
