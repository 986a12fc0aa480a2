/* SPDX-License-Identifier: Apache-2.0 */
/* The store's JSON files. */
#include "store/records.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"

static bool check(JsonNode *root, const char *path, GError **error) {
        if (!JSON_NODE_HOLDS_ARRAY(root))
                return error_set_invalid(error, "'%s': not a JSON array", path);
        JsonArray *array = json_node_get_array(root);
        for (guint i = 0; i < json_array_get_length(array); i++) {
                JsonObject *object;
                const char *id;
                JsonArray *names;
                if (!json_element_object(array, i, &object, error) ||
                    !json_need_string(object, "id", &id, error) ||
                    !json_get_array(object, "names", &names, error)) {
                        g_prefix_error(error, "'%s': record %u: ", path, i);
                        return false;
                }
                /* The id becomes a path component. */
                if (!hex_id_is_valid(id))
                        return error_set_invalid(
                                        error, "'%s': record %u: '%.80s' is not an id", path, i,
                                        id);
        }
        return true;
}

bool records_load(const char *path, JsonNode **ret_root, GError **error) {
        g_autoptr(GError) inner = NULL;
        g_autoptr(GBytes) bytes = NULL;
        gsize size = 0;
        const char *text = NULL;
        if (file_read(AT_FDCWD, path, RECORDS_SIZE_MAX, &bytes, &inner)) {
                text = g_bytes_get_data(bytes, &size);
        } else if (!g_error_matches(inner, ERROR_ERRNO, ENOENT)) {
                g_propagate_error(error, g_steal_pointer(&inner));
                return false;
        }
        if (size == 0) {
                text = "[]";
                size = 2;
        }
        g_autofree char *what = g_strdup_printf("'%s'", path);
        g_autoptr(JsonNode) root = NULL;
        if (!json_parse(text, size, RECORDS_SIZE_MAX, what, &root, error))
                return false;
        if (JSON_NODE_HOLDS_NULL(root)) { /* Go writes an empty list as null */
                json_node_unref(root);
                root = json_node_new(JSON_NODE_ARRAY);
                json_node_take_array(root, json_array_new());
        }
        if (!check(root, path, error))
                return false;
        *ret_root = g_steal_pointer(&root);
        return true;
}

static gint index_of(JsonArray *records, const char *id) {
        for (guint i = 0; i < json_array_get_length(records); i++) {
                JsonObject *object = json_array_get_object_element(records, i);
                if (g_str_equal(json_object_get_string_member(object, "id"), id))
                        return (gint) i;
        }
        return -1;
}

JsonObject *records_find(JsonArray *records, const char *id) {
        gint i = index_of(records, id);
        return i < 0 ? NULL : json_array_get_object_element(records, (guint) i);
}

JsonArray *records_thaw(JsonArray *records) {
        JsonArray *copy = json_array_new();
        for (guint i = 0; i < json_array_get_length(records); i++)
                json_array_add_object_element(
                                copy, json_object_ref(json_array_get_object_element(records, i)));
        return copy;
}

JsonObject *record_thaw(JsonObject *record) {
        JsonObject *copy = json_object_new();
        JsonObjectIter iter;
        const char *name;
        JsonNode *node;
        json_object_iter_init_ordered(&iter, record);
        while (json_object_iter_next_ordered(&iter, &name, &node))
                json_object_set_member(copy, name, json_node_ref(node));
        return copy;
}

void records_put(JsonArray *records, JsonObject *record) {
        gint i = index_of(records, json_object_get_string_member(record, "id"));
        if (i < 0) {
                json_array_add_object_element(records, record);
                return;
        }
        /* JsonArray has no replace: keep the order by moving the tail over. */
        guint n = json_array_get_length(records);
        g_autoptr(GPtrArray) tail = g_ptr_array_new();
        for (guint k = (guint) i + 1; k < n; k++)
                g_ptr_array_add(tail, json_object_ref(json_array_get_object_element(records, k)));
        for (guint k = n; k > (guint) i; k--)
                json_array_remove_element(records, k - 1);
        json_array_add_object_element(records, record);
        for (guint k = 0; k < tail->len; k++)
                json_array_add_object_element(records, tail->pdata[k]);
}

bool records_remove(JsonArray *records, const char *id) {
        gint i = index_of(records, id);
        if (i < 0)
                return false;
        json_array_remove_element(records, (guint) i);
        return true;
}

bool records_save(const char *path, JsonArray *records, FileSync sync, GError **error) {
        g_autoptr(JsonNode) root = json_node_new(JSON_NODE_ARRAY);
        json_node_set_array(root, records);
        g_autofree char *text = json_format(root, false);
        return file_replace(AT_FDCWD, path, text, strlen(text), 0600, sync, error);
}

JsonArray *record_names(JsonObject *record) {
        JsonArray *names = NULL;
        return json_get_array(record, "names", &names, NULL) ? names : NULL;
}

bool record_is_incomplete(JsonObject *record) {
        JsonObject *flags = NULL;
        if (!json_get_object(record, "flags", &flags, NULL) || !flags)
                return false;
        JsonNode *node = json_object_get_member(flags, "incomplete");
        return node && json_node_get_value_type(node) == G_TYPE_BOOLEAN &&
               json_node_get_boolean(node);
}
