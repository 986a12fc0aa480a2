/* SPDX-License-Identifier: Apache-2.0 */
/* --change of `import` and `commit`. */
#include "image/image-change.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

#define INSTRUCTION_SIZE_MAX (1u << 20)

static JsonObject *inner_object(JsonObject *config, const char *name) {
        JsonNode *node = json_object_get_member(config, name);
        if (!node || !JSON_NODE_HOLDS_OBJECT(node))
                json_object_set_object_member(config, name, json_object_new());
        return json_object_get_object_member(config, name);
}

/* A JSON array of strings, or NULL when the value is none. */
static JsonNode *exec_form(const char *value) {
        g_autoptr(JsonNode) node = NULL;
        if (*value != '[' ||
            !json_parse(value, strlen(value), INSTRUCTION_SIZE_MAX, "value", &node, NULL) ||
            !JSON_NODE_HOLDS_ARRAY(node))
                return NULL;
        JsonArray *array = json_node_get_array(node);
        for (guint i = 0; i < json_array_get_length(array); i++)
                if (json_node_get_value_type(json_array_get_element(array, i)) != G_TYPE_STRING)
                        return NULL;
        return g_steal_pointer(&node);
}

/* CMD and ENTRYPOINT: a JSON array is the command itself, anything else is for a shell. */
static bool set_command(JsonObject *config, const char *member, const char *value, GError **error) {
        g_autoptr(JsonNode) node = exec_form(value);
        if (node && json_array_get_length(json_node_get_array(node)) > 0) {
                json_object_set_member(config, member, g_steal_pointer(&node));
        } else if (!node && *value) {
                const char *shell[] = { "/bin/sh", "-c", value, NULL };
                json_set_strings(config, member, shell);
        }
        return true;
}

/* "NAME=VALUE"; of the same name the last one stays, where the first one was. */
static void set_variable(JsonObject *config, const char *variable) {
        JsonNode *node = json_object_get_member(config, "Env");
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
        size_t size = strcspn(variable, "=");
        bool found = false;
        guint n = node && JSON_NODE_HOLDS_ARRAY(node)
                                  ? json_array_get_length(json_node_get_array(node))
                                  : 0;
        for (guint i = 0; i < n; i++) {
                JsonNode *element = json_array_get_element(json_node_get_array(node), i);
                const char *text = json_node_get_value_type(element) == G_TYPE_STRING
                                                   ? json_node_get_string(element)
                                                   : "";
                bool same = strncmp(text, variable, size) == 0 &&
                            (text[size] == '=' || text[size] == '\0');
                if (!same || !found)
                        g_ptr_array_add(list, g_strdup(same ? variable : text));
                found = found || same;
        }
        if (!found)
                g_ptr_array_add(list, g_strdup(variable));
        g_ptr_array_add(list, NULL);
        json_set_strings(config, "Env", (const char *const *) list->pdata);
}

static void set_pair(JsonObject *config, const char *member, const char *name, const char *value) {
        if (strcmp(member, "Env") == 0) {
                g_autofree char *variable = g_strconcat(name, "=", value, NULL);
                set_variable(config, variable);
        } else {
                json_object_set_string_member(inner_object(config, member), name, value);
        }
}

/* "A=1 B='two words'", or the old form "A all the rest". */
static bool set_pairs(JsonObject *config, const char *member, const char *value, GError **error) {
        size_t n = strcspn(value, " \t=");
        if (value[n] != '=' && *value != '"' && *value != '\'') {
                const char *rest = value + n + strspn(value + n, " \t");
                g_autofree char *name = g_strndup(value, n);
                if (!*rest)
                        return error_set_invalid(error, "must have two arguments");
                set_pair(config, member, name, rest);
                return true;
        }
        g_auto(GStrv) words = NULL;
        if (!g_shell_parse_argv(value, NULL, &words, error))
                return false;
        for (char **word = words; *word; word++) {
                char *equal = strchr(*word, '=');
                if (!equal || equal == *word)
                        return error_set_invalid(error, "'%s' is not NAME=VALUE", *word);
                *equal = '\0';
                set_pair(config, member, *word, equal + 1);
        }
        return true;
}

/* VOLUME and EXPOSE: members of an object. */
static bool set_names(JsonObject *config, const char *member, const char *value, GError **error) {
        g_autoptr(JsonNode) node = exec_form(value);
        g_auto(GStrv) words = NULL;
        if (node) {
                g_autoptr(JsonObject) holder = json_object_new();
                json_object_set_member(holder, "words", json_node_ref(node));
                if (!json_get_strings(holder, "words", &words, error))
                        return false;
        } else {
                words = g_strsplit_set(value, " \t", -1);
        }
        bool is_port = strcmp(member, "ExposedPorts") == 0, any = false;
        for (char **word = words; *word; word++) {
                if (!**word)
                        continue;
                g_autofree char *name = g_strconcat(
                                *word, is_port && !strchr(*word, '/') ? "/tcp" : "", NULL);
                json_object_set_object_member(
                                inner_object(config, member), name, json_object_new());
                any = true;
        }
        return any || error_set_invalid(error, "requires at least one argument");
}

static bool set_word(JsonObject *config, const char *member, const char *value, GError **error) {
        if (!*value || strpbrk(value, " \t"))
                return error_set_invalid(error, "requires exactly one argument");
        bool is_path = strcmp(member, "WorkingDir") == 0;
        g_autofree char *path = is_path ? g_canonicalize_filename(value, "/") : NULL;
        json_object_set_string_member(config, member, is_path ? path : value);
        return true;
}

static bool add_trigger(JsonObject *config, const char *member, const char *value, GError **error) {
        if (!*value)
                return error_set_invalid(error, "requires at least one argument");
        if (!json_object_has_member(config, member))
                json_object_set_array_member(config, member, json_array_new());
        json_array_add_string_element(json_object_get_array_member(config, member), value);
        return true;
}

typedef struct Instruction {
        const char *word, *member;
        bool (*set)(JsonObject *config, const char *member, const char *value, GError **error);
} Instruction;

static const Instruction instructions[] = {
        { "CMD", "Cmd", set_command },
        { "ENTRYPOINT", "Entrypoint", set_command },
        { "ENV", "Env", set_pairs },
        { "EXPOSE", "ExposedPorts", set_names },
        { "LABEL", "Labels", set_pairs },
        { "ONBUILD", "OnBuild", add_trigger },
        { "STOPSIGNAL", "StopSignal", set_word },
        { "USER", "User", set_word },
        { "VOLUME", "Volumes", set_names },
        { "WORKDIR", "WorkingDir", set_word },
};

bool image_change_apply(JsonObject *config, const char *instruction, GError **error) {
        g_autofree char *text = g_strstrip(g_strdup(instruction));
        size_t n = strcspn(text, " \t=");
        const char *value = text + n + (text[n] ? 1 : 0);
        value += strspn(value, " \t");
        if (!*text)
                return true;
        for (size_t i = 0; i < G_N_ELEMENTS(instructions); i++) {
                const Instruction *known = &instructions[i];
                if (strlen(known->word) != n || g_ascii_strncasecmp(text, known->word, n) != 0)
                        continue;
                if (known->set(config, known->member, value, error))
                        return true;
                g_prefix_error(error, "processing change \"%s\": %s ", text, known->word);
                return false;
        }
        return error_set_invalid(
                        error,
                        "processing change \"%s\": did not understand change instruction \"%s\"",
                        text, text);
}

static void merge_object(JsonObject *config, const char *name, JsonObject *other) {
        JsonObject *object = inner_object(config, name);
        JsonObjectIter iter;
        const char *key;
        JsonNode *node;
        json_object_iter_init(&iter, other);
        while (json_object_iter_next(&iter, &key, &node))
                json_object_set_member(object, key, json_node_copy(node));
}

static bool has_value(JsonObject *object, const char *name) {
        JsonNode *node = json_object_get_member(object, name);
        return node && !JSON_NODE_HOLDS_NULL(node);
}

bool image_config_merge(JsonObject *config, JsonObject *other, GError **error) {
        g_auto(GStrv) variables = NULL;
        if (!json_get_strings(other, "Env", &variables, error))
                return false;
        for (char **variable = variables; variable && *variable; variable++)
                set_variable(config, *variable);
        if (has_value(other, "Entrypoint") || has_value(other, "Cmd")) {
                json_object_remove_member(config, "Entrypoint");
                json_object_remove_member(config, "Cmd");
        }
        JsonObjectIter iter;
        const char *key;
        JsonNode *node;
        json_object_iter_init(&iter, other);
        while (json_object_iter_next(&iter, &key, &node)) {
                if (JSON_NODE_HOLDS_NULL(node) || strcmp(key, "Env") == 0)
                        continue;
                if (JSON_NODE_HOLDS_OBJECT(node) && strcmp(key, "Healthcheck") != 0)
                        merge_object(config, key, json_node_get_object(node));
                else
                        json_object_set_member(config, key, json_node_copy(node));
        }
        return true;
}
