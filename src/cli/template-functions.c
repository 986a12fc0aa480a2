/* SPDX-License-Identifier: Apache-2.0 */
/* Values as Go prints them, and the functions of templates. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/template-tree.h"

static GType type_of(JsonNode *value) {
        return value && JSON_NODE_HOLDS_VALUE(value) ? json_node_get_value_type(value)
                                                     : G_TYPE_INVALID;
}

/* Go prints a slice as "[a b]" and a map as "map[k:v]", sorted. */
static char *array_text(JsonArray *array) {
        GString *text = g_string_new("[");
        for (guint i = 0; i < json_array_get_length(array); i++) {
                g_autofree char *one = template_text(json_array_get_element(array, i));
                g_string_append_printf(text, "%s%s", i > 0 ? " " : "", one);
        }
        return g_string_free(g_string_append_c(text, ']'), FALSE);
}

static char *object_text(JsonObject *object) {
        GString *text = g_string_new("map[");
        g_autoptr(GList) names =
                        g_list_sort(json_object_get_members(object), (GCompareFunc) strcmp);
        for (GList *at = names; at; at = at->next) {
                g_autofree char *one = template_text(json_object_get_member(object, at->data));
                g_string_append_printf(
                                text, "%s%s:%s", at == names ? "" : " ", (char *) at->data, one);
        }
        return g_string_free(g_string_append_c(text, ']'), FALSE);
}

char *template_text(JsonNode *value) {
        if (!value)
                return g_strdup("<no value>");
        if (JSON_NODE_HOLDS_NULL(value))
                return g_strdup("[]"); /* what is null in our data is a list that is not there */
        if (JSON_NODE_HOLDS_ARRAY(value))
                return array_text(json_node_get_array(value));
        if (JSON_NODE_HOLDS_OBJECT(value))
                return object_text(json_node_get_object(value));
        GType type = type_of(value);
        if (type == G_TYPE_STRING)
                return json_node_dup_string(value);
        if (type == G_TYPE_INT64)
                return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(value));
        if (type == G_TYPE_BOOLEAN)
                return g_strdup(json_node_get_boolean(value) ? "true" : "false");
        return g_strdup_printf("%g", json_node_get_double(value));
}

bool template_is_true(JsonNode *value) {
        if (!value || JSON_NODE_HOLDS_NULL(value))
                return false;
        if (JSON_NODE_HOLDS_ARRAY(value))
                return json_array_get_length(json_node_get_array(value)) > 0;
        if (JSON_NODE_HOLDS_OBJECT(value))
                return json_object_get_size(json_node_get_object(value)) > 0;
        GType type = type_of(value);
        if (type == G_TYPE_STRING)
                return json_node_get_string(value)[0] != '\0';
        if (type == G_TYPE_BOOLEAN)
                return json_node_get_boolean(value);
        return json_node_get_double(value) != 0;
}

static JsonNode *string_value(char *text) {
        JsonNode *node = json_node_new(JSON_NODE_VALUE);
        g_autofree char *owned = text;
        json_node_set_string(node, owned);
        return node;
}

static JsonNode *bool_value(bool value) {
        JsonNode *node = json_node_new(JSON_NODE_VALUE);
        json_node_set_boolean(node, value);
        return node;
}

static JsonNode *int_value(gint64 value) {
        JsonNode *node = json_node_new(JSON_NODE_VALUE);
        json_node_set_int(node, value);
        return node;
}

static JsonNode *null_value(void) {
        return json_node_new(JSON_NODE_NULL);
}

typedef struct Call {
        const char *name;
        JsonNode **values;
        guint n;
} Call;

static char *argument_text(const Call *call, guint i) {
        return template_text(call->values[i]);
}

/* -2 when the two cannot be compared. */
static int compare(JsonNode *a, JsonNode *b) {
        GType ta = type_of(a), tb = type_of(b);
        if (ta == G_TYPE_STRING && tb == G_TYPE_STRING) {
                int r = strcmp(json_node_get_string(a), json_node_get_string(b));
                return (r > 0) - (r < 0);
        }
        if (ta == G_TYPE_BOOLEAN && tb == G_TYPE_BOOLEAN)
                return json_node_get_boolean(a) - json_node_get_boolean(b);
        bool numbers = (ta == G_TYPE_INT64 || ta == G_TYPE_DOUBLE) &&
                       (tb == G_TYPE_INT64 || tb == G_TYPE_DOUBLE);
        if (!numbers)
                return -2;
        double x = json_node_get_double(a), y = json_node_get_double(b);
        return (x > y) - (x < y);
}

static JsonNode *call_compare(const Call *call, GError **error) {
        const char *name = call->name;
        if (strcmp(name, "eq") == 0) { /* with several: any of them */
                for (guint i = 1; i < call->n; i++)
                        if (compare(call->values[0], call->values[i]) == 0)
                                return bool_value(true);
                return bool_value(false);
        }
        int r = compare(call->values[0], call->values[1]);
        if (strcmp(name, "ne") == 0)
                return bool_value(r != 0);
        if (r == -2) {
                error_set_invalid(error, "template: incompatible types for comparison");
                return NULL;
        }
        return bool_value(
                        strcmp(name, "lt") == 0   ? r < 0
                        : strcmp(name, "le") == 0 ? r <= 0
                        : strcmp(name, "gt") == 0 ? r > 0
                                                  : r >= 0);
}

/* and, or give the argument that decides. */
static JsonNode *call_logic(const Call *call, GError **error) {
        bool wanted = strcmp(call->name, "or") == 0;
        guint i = 0;
        while (i + 1 < call->n && template_is_true(call->values[i]) != wanted)
                i++;
        return call->values[i] ? json_node_copy(call->values[i]) : null_value();
}

static JsonNode *call_not(const Call *call, GError **error) {
        return bool_value(!template_is_true(call->values[0]));
}

static JsonNode *call_json(const Call *call, GError **error) {
        return string_value(
                        call->values[0] ? json_format(call->values[0], false) : g_strdup("null"));
}

static JsonNode *call_len(const Call *call, GError **error) {
        JsonNode *value = call->values[0];
        if (!value || JSON_NODE_HOLDS_NULL(value))
                return int_value(0);
        if (JSON_NODE_HOLDS_ARRAY(value))
                return int_value(json_array_get_length(json_node_get_array(value)));
        if (JSON_NODE_HOLDS_OBJECT(value))
                return int_value(json_object_get_size(json_node_get_object(value)));
        g_autofree char *text = template_text(value);
        return int_value((gint64) strlen(text));
}

static JsonNode *call_index(const Call *call, GError **error) {
        JsonNode *value = call->values[0];
        for (guint i = 1; i < call->n; i++) {
                g_autofree char *key = argument_text(call, i);
                if (value && JSON_NODE_HOLDS_OBJECT(value)) {
                        value = json_object_get_member(json_node_get_object(value), key);
                        if (!value)
                                return string_value(g_strdup("")); /* Go's zero value */
                        continue;
                }
                JsonArray *array = value && JSON_NODE_HOLDS_ARRAY(value)
                                                   ? json_node_get_array(value)
                                                   : NULL;
                guint64 at = g_ascii_strtoull(key, NULL, 10);
                if (!array || type_of(call->values[i]) != G_TYPE_INT64 ||
                    at >= json_array_get_length(array)) {
                        error_set_invalid(error, "template: index out of range: %s", key);
                        return NULL;
                }
                value = json_array_get_element(array, (guint) at);
        }
        return value ? json_node_copy(value) : null_value();
}

/* print: blanks between operands when neither is a string; println: always. */
static JsonNode *call_print(const Call *call, GError **error) {
        bool line = strcmp(call->name, "println") == 0;
        GString *text = g_string_new(NULL);
        for (guint i = 0; i < call->n; i++) {
                g_autofree char *one = argument_text(call, i);
                bool strings = i > 0 && (type_of(call->values[i]) == G_TYPE_STRING ||
                                         type_of(call->values[i - 1]) == G_TYPE_STRING);
                g_string_append_printf(text, "%s%s", i > 0 && (line || !strings) ? " " : "", one);
        }
        return string_value(g_string_free(line ? g_string_append_c(text, '\n') : text, FALSE));
}

static char *quoted(const char *text) {
        g_autofree char *escaped = g_strescape(text, "");
        return g_strconcat("\"", escaped, "\"", NULL);
}

/* One verb of a format: flags and width are C's, too. */
static void add_formatted(GString *out, const char *spec, char verb, JsonNode *value) {
        g_autofree char *text = template_text(value);
        if (verb == 'q') {
                g_autofree char *shown = quoted(text);
                g_string_append(out, shown);
        } else if (strchr("dxXo", verb) && type_of(value) == G_TYPE_INT64) {
                g_autofree char *format =
                                g_strdup_printf("%%%s" G_GINT64_MODIFIER "%c", spec, verb);
                g_string_append_printf(out, format, json_node_get_int(value));
        } else if (strchr("feg", verb)) {
                g_autofree char *format = g_strdup_printf("%%%s%c", spec, verb);
                g_string_append_printf(out, format, value ? json_node_get_double(value) : 0);
        } else {
                g_autofree char *format = g_strdup_printf("%%%ss", spec);
                g_string_append_printf(out, format, text);
        }
}

static JsonNode *call_printf(const Call *call, GError **error) {
        g_autofree char *format = argument_text(call, 0);
        g_autoptr(GString) out = g_string_new(NULL);
        guint next = 1;
        for (const char *at = format; *at; at++) {
                if (*at != '%' || at[1] == '%') {
                        g_string_append_c(out, *at);
                        at += *at == '%';
                        continue;
                }
                size_t n = strspn(at + 1, "-+ #0123456789.");
                if (n > 16 || at[1 + n] == '\0' || next >= call->n) {
                        error_set_invalid(error, "template: printf: bad format '%s'", format);
                        return NULL;
                }
                g_autofree char *spec = g_strndup(at + 1, n);
                add_formatted(out, spec, at[1 + n], call->values[next++]);
                at += 1 + n;
        }
        return string_value(g_string_free(g_steal_pointer(&out), FALSE));
}

static JsonNode *call_join(const Call *call, GError **error) {
        g_autofree char *separator = argument_text(call, 1);
        GString *text = g_string_new(NULL);
        JsonArray *array = call->values[0] && JSON_NODE_HOLDS_ARRAY(call->values[0])
                                           ? json_node_get_array(call->values[0])
                                           : NULL;
        for (guint i = 0; array && i < json_array_get_length(array); i++) {
                g_autofree char *one = template_text(json_array_get_element(array, i));
                g_string_append_printf(text, "%s%s", i > 0 ? separator : "", one);
        }
        return string_value(g_string_free(text, FALSE));
}

static JsonNode *call_split(const Call *call, GError **error) {
        g_autofree char *text = argument_text(call, 0);
        g_autofree char *separator = argument_text(call, 1);
        g_auto(GStrv) parts = g_strsplit(text, separator, -1);
        JsonArray *array = json_array_new();
        for (char **part = parts; *part; part++)
                json_array_add_string_element(array, *part);
        JsonNode *node = json_node_new(JSON_NODE_ARRAY);
        json_node_take_array(node, array);
        return node;
}

static JsonNode *call_case(const Call *call, GError **error) {
        g_autofree char *text = argument_text(call, 0);
        if (strcmp(call->name, "upper") == 0)
                return string_value(g_utf8_strup(text, -1));
        if (strcmp(call->name, "lower") == 0)
                return string_value(g_utf8_strdown(text, -1));
        bool begins = true;
        for (char *c = text; *c; c++) { /* title */
                *c = begins ? g_ascii_toupper(*c) : *c;
                begins = g_ascii_isspace(*c);
        }
        return string_value(g_steal_pointer(&text));
}

static JsonNode *call_truncate(const Call *call, GError **error) {
        g_autofree char *text = argument_text(call, 0);
        gint64 n = type_of(call->values[1]) == G_TYPE_INT64 ? json_node_get_int(call->values[1])
                                                            : 0;
        if (n < 0 || g_utf8_strlen(text, -1) <= n)
                return string_value(g_steal_pointer(&text));
        return string_value(g_utf8_substring(text, 0, n));
}

static const struct {
        const char *name;
        guint n_min, n_max;
        JsonNode *(*run)(const Call *call, GError **error);
} functions[] = {
        { "and", 1, 16, call_logic },     { "eq", 2, 16, call_compare },
        { "ge", 2, 2, call_compare },     { "gt", 2, 2, call_compare },
        { "index", 1, 16, call_index },   { "join", 2, 2, call_join },
        { "json", 1, 1, call_json },      { "le", 2, 2, call_compare },
        { "len", 1, 1, call_len },        { "lower", 1, 1, call_case },
        { "lt", 2, 2, call_compare },     { "ne", 2, 2, call_compare },
        { "not", 1, 1, call_not },        { "or", 1, 16, call_logic },
        { "print", 0, 16, call_print },   { "printf", 1, 16, call_printf },
        { "println", 0, 16, call_print }, { "split", 2, 2, call_split },
        { "title", 1, 1, call_case },     { "truncate", 2, 2, call_truncate },
        { "upper", 1, 1, call_case },
};

bool template_call(
                const char *name,
                JsonNode **arguments,
                guint n_arguments,
                JsonNode **ret_value,
                bool *ret_known,
                GError **error) {
        *ret_known = false;
        for (size_t i = 0; i < G_N_ELEMENTS(functions); i++) {
                if (strcmp(functions[i].name, name) != 0)
                        continue;
                *ret_known = true;
                if (n_arguments < functions[i].n_min || n_arguments > functions[i].n_max)
                        return error_set_invalid(
                                        error, "template: wrong number of args for %s: got %u",
                                        name, n_arguments);
                const Call call = { name, arguments, n_arguments };
                *ret_value = functions[i].run(&call, error);
                return *ret_value != NULL;
        }
        return error_set_invalid(error, "template: function \"%s\" not defined", name);
}
