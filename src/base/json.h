/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

/* JSON behind typed getters. Everything parsed here is untrusted: depth and size are bounded before
 * json-glib sees the bytes, and an object with the same member twice is refused, because two
 * parsers that pick different ones disagree about what was signed. Errors carry "what:
 * /path/to/member: why". */

#define JSON_DEPTH_MAX 128

/* Parses one document. *ret_root is owned. `what` names the source in errors. */
bool json_parse(const char *bytes,
                size_t size,
                size_t size_max,
                const char *what,
                JsonNode **ret_root,
                GError **error);
bool json_parse_object(
                const char *bytes,
                size_t size,
                size_t size_max,
                const char *what,
                JsonNode **ret_root,
                JsonObject **ret_object, /* borrowed from *ret_root */
                GError **error);

/* Optional members: absent and null give the default (NULL, 0, false) and success; a member of
 * another type is an error. Strings, objects and arrays are borrowed from the tree. */
bool json_get_string(JsonObject *object, const char *name, const char **ret_value, GError **error);
bool json_get_int(JsonObject *object, const char *name, int64_t *ret_value, GError **error);
bool json_get_bool(JsonObject *object, const char *name, bool *ret_value, GError **error);
bool json_get_object(JsonObject *object, const char *name, JsonObject **ret_value, GError **error);
bool json_get_array(JsonObject *object, const char *name, JsonArray **ret_value, GError **error);

/* An array of strings as a NULL-terminated vector (NULL when absent); caller frees with
 * g_strfreev(). */
bool json_get_strings(JsonObject *object, const char *name, char ***ret_values, GError **error);

/* An object whose values are all strings, as a table name -> value (both owned); NULL when absent.
 */
bool json_get_string_map(
                JsonObject *object, const char *name, GHashTable **ret_map, GError **error);

/* Mandatory members. */
bool json_need_string(JsonObject *object, const char *name, const char **ret_value, GError **error);
bool json_need_int(JsonObject *object, const char *name, int64_t *ret_value, GError **error);
bool json_need_object(JsonObject *object, const char *name, JsonObject **ret_value, GError **error);
bool json_need_array(JsonObject *object, const char *name, JsonArray **ret_value, GError **error);

/* The i-th element as an object. */
bool json_element_object(JsonArray *array, guint i, JsonObject **ret_value, GError **error);

/* Compact or indented text of a node; caller frees. */
char *json_format(JsonNode *node, bool pretty);
char *json_format_object(JsonObject *object, bool pretty);

/* Adds a NULL-terminated vector / a table of strings (sorted by name) as a member. */
void json_set_strings(JsonObject *object, const char *name, const char *const *values);
void json_set_string_map(JsonObject *object, const char *name, GHashTable *map);
