/* SPDX-License-Identifier: Apache-2.0 */
/* --format. */
#include "cli/template.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/table.h"
#include "cli/template-eval.h"
#include "cli/template-tree.h"

/* Shells pass \n and \t on as they are written. */
static char *unescape(const char *format) {
        g_autoptr(GString) text = g_string_new(format);
        g_string_replace(text, "\\t", "\t", 0);
        g_string_replace(text, "\\n", "\n", 0);
        return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *format_node(const char *format, JsonNode *root, GError **error) {
        g_autofree char *text = unescape(format);
        g_autoptr(GPtrArray) nodes = template_parse(text, error);
        return nodes ? template_evaluate(nodes, root, error) : NULL;
}

char *template_format(const char *format, JsonObject *fields, GError **error) {
        g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
        json_node_set_object(root, fields);
        return format_node(format, root, error);
}

static JsonNode *list_node(GPtrArray *objects) {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < objects->len; i++)
                json_array_add_object_element(array, json_object_ref(objects->pdata[i]));
        JsonNode *node = json_node_new(JSON_NODE_ARRAY);
        json_node_take_array(node, array);
        return node;
}

bool template_is_json(const char *format) {
        return format && (strcmp(format, "json") == 0 || strcmp(format, "{{json .}}") == 0 ||
                          strcmp(format, "{{ json . }}") == 0);
}

void template_print_json(GPtrArray *objects) {
        g_autoptr(JsonNode) node = list_node(objects);
        g_autofree char *text = json_format(node, true);
        printf("%s\n", text);
}

/* "{{.CreatedAt}}" -> "CREATED AT" */
static char *heading_of(const char *cell, const TemplateHeading *names) {
        const char *dot = strrchr(cell, '.');
        size_t n = dot ? strcspn(dot + 1, "}| ") : 0;
        g_autofree char *name = n > 0 ? g_strndup(dot + 1, n) : g_strdup(cell);
        for (; names && names->field; names++)
                if (strcmp(names->field, name) == 0)
                        return g_strdup(names->heading);
        GString *heading = g_string_new(NULL);
        for (const char *c = name; *c; c++) {
                bool begins = c > name && g_ascii_isupper(*c) && g_ascii_islower(c[-1]);
                g_string_append_printf(heading, "%s%c", begins ? " " : "", g_ascii_toupper(*c));
        }
        return g_string_free(heading, FALSE);
}

/* Podman's tables separate by tabs, or by blanks between actions. */
static char **split_cells(const char *format) {
        g_autofree char *plain = unescape(format);
        g_strstrip(plain);
        g_autoptr(GString) text = g_string_new(plain);
        g_string_replace(text, "}} {{", "}}\t{{", 0);
        return g_strsplit(text->str, "\t", -1);
}

static bool
print_table(const char *format,
            GPtrArray *objects,
            bool headings,
            const TemplateHeading *names,
            GError **error) {
        g_auto(GStrv) cells = split_cells(format);
        guint n = g_strv_length(cells);
        g_auto(GStrv) texts = g_new0(char *, n + 1);
        for (guint i = 0; i < n; i++)
                texts[i] = heading_of(cells[i], names);
        g_autoptr(Table) table = table_new((const char *const *) texts);
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

static bool print_ranged(const char *format, GPtrArray *objects, GError **error) {
        g_autoptr(JsonNode) root = list_node(objects);
        g_autofree char *text = format_node(format, root, error);
        if (!text)
                return false;
        fputs(text, stdout);
        return true;
}

bool template_print_named(
                const char *format,
                GPtrArray *objects,
                bool headings,
                const TemplateHeading *names,
                GError **error) {
        if (g_str_has_prefix(format, "table "))
                return print_table(format + strlen("table "), objects, headings, names, error);
        if (g_str_has_prefix(format, "{{range .}}") || g_str_has_prefix(format, "{{ range . }}"))
                return print_ranged(format, objects, error);
        for (guint i = 0; i < objects->len; i++) {
                g_autofree char *line = template_format(format, objects->pdata[i], error);
                if (!line)
                        return false;
                printf("%s\n", line);
        }
        return true;
}

bool template_print(const char *format, GPtrArray *objects, bool headings, GError **error) {
        return template_print_named(format, objects, headings, NULL, error);
}
