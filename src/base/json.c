/* SPDX-License-Identifier: Apache-2.0 */
/* The one file that knows json-glib's parser. */
#include "base/json.h"

#include <string.h>

#include "base/error.h"

/* One open container of the scan: for objects the member names seen so far. */
typedef struct Level {
        GHashTable *names; /* NULL in an array */
        bool want_name;
} Level;

static void level_clear(gpointer data) {
        Level *level = data;
        g_clear_pointer(&level->names, g_hash_table_unref);
}

/* Returns the length of the string token at bytes[at] (a quote), both quotes included; 0 if it
 * never ends. */
static size_t string_token(const char *bytes, size_t size, size_t at) {
        for (size_t i = at + 1; i < size; i++) {
                if (bytes[i] == '\\')
                        i++;
                else if (bytes[i] == '"')
                        return i + 1 - at;
        }
        return 0;
}

/* The name behind a string token, escapes resolved (two spellings of one name are one name). NULL
 * if the escapes are bad. */
static char *member_name(const char *token, size_t n) {
        if (!memchr(token, '\\', n))
                return g_strndup(token + 1, n - 2);
        g_autofree char *quoted = g_strndup(token, n);
        g_autoptr(JsonNode) node = json_from_string(quoted, NULL);
        return node && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_dup_string(node)
                                                                       : NULL;
}

/* Refuses what json-glib takes silently or by recursion: depth beyond the limit, a member given
 * twice, comments. */
static bool scan(const char *bytes, size_t size, const char *what, GError **error) {
        g_autoptr(GArray) levels = g_array_new(FALSE, TRUE, sizeof(Level));
        g_array_set_clear_func(levels, level_clear);
        for (size_t i = 0; i < size; i++) {
                char c = bytes[i];
                Level *top = levels->len > 0 ? &g_array_index(levels, Level, levels->len - 1)
                                             : NULL;
                if (c == '"') {
                        size_t n = string_token(bytes, size, i);
                        if (n == 0)
                                return error_set_invalid(error, "%s: a string does not end", what);
                        if (top && top->names && top->want_name) {
                                char *name = member_name(bytes + i, n);
                                if (!name)
                                        return error_set_invalid(
                                                        error, "%s: bad member name at byte %zu",
                                                        what, i);
                                if (!g_hash_table_add(top->names, name))
                                        return error_set_invalid(
                                                        error, "%s: member \"%.*s\" is given twice",
                                                        what, (int) MIN(n - 2, 80), bytes + i + 1);
                                top->want_name = false;
                        }
                        i += n - 1;
                } else if (c == '{' || c == '[') {
                        if (levels->len >= JSON_DEPTH_MAX)
                                return error_set_invalid(
                                                error, "%s: nested more than %d deep", what,
                                                JSON_DEPTH_MAX);
                        Level level = { .want_name = c == '{' };
                        if (c == '{')
                                level.names = g_hash_table_new_full(
                                                g_str_hash, g_str_equal, g_free, NULL);
                        g_array_append_val(levels, level);
                } else if (c == '}' || c == ']') {
                        if (levels->len > 0)
                                g_array_set_size(levels, levels->len - 1);
                } else if (c == ',' && top && top->names) {
                        top->want_name = true;
                } else if (c == '/' || c == '\0') {
                        return error_set_invalid(error, "%s: not JSON at byte %zu", what, i);
                }
        }
        return true;
}

bool json_parse(const char *bytes,
                size_t size,
                size_t size_max,
                const char *what,
                JsonNode **ret_root,
                GError **error) {
        if (size > size_max)
                return error_set_invalid(error, "%s: larger than %zu bytes", what, size_max);
        if (!g_utf8_validate_len(bytes, size, NULL))
                return error_set_invalid(error, "%s: not UTF-8", what);
        if (!scan(bytes, size, what, error))
                return false;
        g_autoptr(JsonParser) parser = json_parser_new_immutable();
        if (!json_parser_load_from_data(parser, bytes, (gssize) size, error)) {
                g_prefix_error(error, "%s: ", what);
                return false;
        }
        JsonNode *root = json_parser_get_root(parser);
        if (!root)
                return error_set_invalid(error, "%s: empty", what);
        *ret_root = json_node_ref(root);
        return true;
}

bool json_parse_object(
                const char *bytes,
                size_t size,
                size_t size_max,
                const char *what,
                JsonNode **ret_root,
                JsonObject **ret_object,
                GError **error) {
        g_autoptr(JsonNode) root = NULL;
        if (!json_parse(bytes, size, size_max, what, &root, error))
                return false;
        if (!JSON_NODE_HOLDS_OBJECT(root))
                return error_set_invalid(error, "%s: not a JSON object", what);
        *ret_object = json_node_get_object(root);
        *ret_root = g_steal_pointer(&root);
        return true;
}

/* The member, or NULL when absent or null. */
static JsonNode *member(JsonObject *object, const char *name) {
        JsonNode *node = json_object_get_member(object, name);
        return node && !JSON_NODE_HOLDS_NULL(node) ? node : NULL;
}

static bool wrong_type(const char *name, const char *wanted, GError **error) {
        return error_set_invalid(error, "member \"%s\" is not %s", name, wanted);
}

bool json_get_string(JsonObject *object, const char *name, const char **ret_value, GError **error) {
        JsonNode *node = member(object, name);
        if (node && json_node_get_value_type(node) != G_TYPE_STRING)
                return wrong_type(name, "a string", error);
        *ret_value = node ? json_node_get_string(node) : NULL;
        return true;
}

bool json_get_int(JsonObject *object, const char *name, int64_t *ret_value, GError **error) {
        JsonNode *node = member(object, name);
        if (node && json_node_get_value_type(node) != G_TYPE_INT64)
                return wrong_type(name, "an integer", error);
        *ret_value = node ? json_node_get_int(node) : 0;
        return true;
}

bool json_get_bool(JsonObject *object, const char *name, bool *ret_value, GError **error) {
        JsonNode *node = member(object, name);
        if (node && json_node_get_value_type(node) != G_TYPE_BOOLEAN)
                return wrong_type(name, "true or false", error);
        *ret_value = node && json_node_get_boolean(node);
        return true;
}

bool json_get_object(JsonObject *object, const char *name, JsonObject **ret_value, GError **error) {
        JsonNode *node = member(object, name);
        if (node && !JSON_NODE_HOLDS_OBJECT(node))
                return wrong_type(name, "an object", error);
        *ret_value = node ? json_node_get_object(node) : NULL;
        return true;
}

bool json_get_array(JsonObject *object, const char *name, JsonArray **ret_value, GError **error) {
        JsonNode *node = member(object, name);
        if (node && !JSON_NODE_HOLDS_ARRAY(node))
                return wrong_type(name, "an array", error);
        *ret_value = node ? json_node_get_array(node) : NULL;
        return true;
}

bool json_get_strings(JsonObject *object, const char *name, char ***ret_values, GError **error) {
        JsonArray *array;
        if (!json_get_array(object, name, &array, error))
                return false;
        if (!array) {
                *ret_values = NULL;
                return true;
        }
        guint n = json_array_get_length(array);
        g_auto(GStrv) values = g_new0(char *, n + 1);
        for (guint i = 0; i < n; i++) {
                JsonNode *node = json_array_get_element(array, i);
                if (json_node_get_value_type(node) != G_TYPE_STRING)
                        return error_set_invalid(
                                        error, "element %u of \"%s\" is not a string", i, name);
                values[i] = g_strdup(json_node_get_string(node));
        }
        *ret_values = g_steal_pointer(&values);
        return true;
}

bool json_get_string_map(
                JsonObject *object, const char *name, GHashTable **ret_map, GError **error) {
        JsonObject *inner;
        if (!json_get_object(object, name, &inner, error))
                return false;
        if (!inner) {
                *ret_map = NULL;
                return true;
        }
        g_autoptr(GHashTable) map = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        JsonObjectIter iter;
        const char *key;
        JsonNode *node;
        json_object_iter_init(&iter, inner);
        while (json_object_iter_next(&iter, &key, &node)) {
                if (json_node_get_value_type(node) != G_TYPE_STRING)
                        return error_set_invalid(
                                        error, "member \"%s\" of \"%s\" is not a string", key,
                                        name);
                g_hash_table_insert(map, g_strdup(key), g_strdup(json_node_get_string(node)));
        }
        *ret_map = g_steal_pointer(&map);
        return true;
}

static bool missing(const char *name, GError **error) {
        return error_set_invalid(error, "member \"%s\" is missing", name);
}

bool json_need_string(
                JsonObject *object, const char *name, const char **ret_value, GError **error) {
        const char *value;
        if (!json_get_string(object, name, &value, error))
                return false;
        if (!value)
                return missing(name, error);
        *ret_value = value;
        return true;
}

bool json_need_int(JsonObject *object, const char *name, int64_t *ret_value, GError **error) {
        return member(object, name) ? json_get_int(object, name, ret_value, error)
                                    : missing(name, error);
}

bool json_need_object(
                JsonObject *object, const char *name, JsonObject **ret_value, GError **error) {
        JsonObject *value;
        if (!json_get_object(object, name, &value, error))
                return false;
        if (!value)
                return missing(name, error);
        *ret_value = value;
        return true;
}

bool json_need_array(JsonObject *object, const char *name, JsonArray **ret_value, GError **error) {
        JsonArray *value;
        if (!json_get_array(object, name, &value, error))
                return false;
        if (!value)
                return missing(name, error);
        *ret_value = value;
        return true;
}

bool json_element_object(JsonArray *array, guint i, JsonObject **ret_value, GError **error) {
        JsonNode *node = json_array_get_element(array, i);
        if (!JSON_NODE_HOLDS_OBJECT(node))
                return error_set_invalid(error, "element %u is not an object", i);
        *ret_value = json_node_get_object(node);
        return true;
}

static void new_line(GString *out, unsigned int depth) {
        g_string_append_c(out, '\n');
        for (unsigned int i = 0; i < depth; i++)
                g_string_append(out, "    ");
}

/* Indents compact JSON as Go's encoder does ("name": value, empty containers closed at once),
 * because scripts grep for that form; json-glib's own would put a blank before the colon. */
static char *indent(const char *compact) {
        GString *out = g_string_sized_new(strlen(compact) * 2);
        unsigned int depth = 0;
        size_t size = strlen(compact);
        for (size_t i = 0; i < size; i++) {
                char c = compact[i];
                if (c == '"') {
                        size_t n = string_token(compact, size, i);
                        g_string_append_len(out, compact + i, (gssize) n);
                        i += n - 1;
                } else if ((c == '{' || c == '[') &&
                           (compact[i + 1] == '}' || compact[i + 1] == ']')) {
                        g_string_append_len(out, compact + i++, 2);
                } else if (c == '{' || c == '[') {
                        g_string_append_c(out, c);
                        new_line(out, ++depth);
                } else if (c == '}' || c == ']') {
                        new_line(out, --depth);
                        g_string_append_c(out, c);
                } else if (c == ',') {
                        g_string_append_c(out, c);
                        new_line(out, depth);
                } else if (c == ':') {
                        g_string_append(out, ": ");
                } else {
                        g_string_append_c(out, c);
                }
        }
        return g_string_free(out, FALSE);
}

char *json_format(JsonNode *node, bool pretty) {
        g_autofree char *compact = json_to_string(node, FALSE);
        return pretty ? indent(compact) : g_steal_pointer(&compact);
}

char *json_format_object(JsonObject *object, bool pretty) {
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
        json_node_set_object(node, object);
        return json_format(node, pretty);
}

void json_set_strings(JsonObject *object, const char *name, const char *const *values) {
        JsonArray *array = json_array_new();
        for (; values && *values; values++)
                json_array_add_string_element(array, *values);
        json_object_set_array_member(object, name, array);
}

void json_set_string_map(JsonObject *object, const char *name, GHashTable *map) {
        JsonObject *inner = json_object_new();
        if (map) {
                g_autoptr(GList) keys =
                                g_list_sort(g_hash_table_get_keys(map), (GCompareFunc) strcmp);
                for (GList *at = keys; at; at = at->next)
                        json_object_set_string_member(
                                        inner, at->data, g_hash_table_lookup(map, at->data));
        }
        json_object_set_object_member(object, name, inner);
}
