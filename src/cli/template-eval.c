/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a parsed template. */
#include "cli/template-eval.h"

#include <string.h>

#include "base/error.h"
#include "cli/template-tree.h"

#define OUTPUT_SIZE_MAX (64u << 20)

typedef struct Variable {
        char *name;
        JsonNode *value; /* owned; NULL: nil */
} Variable;

typedef struct Walk {
        GArray *variables; /* of Variable; the last of a name counts */
        GString *out;
} Walk;

static void variable_clear(gpointer data) {
        Variable *variable = data;
        g_free(variable->name);
        g_clear_pointer(&variable->value, json_node_unref);
}

static JsonNode *copy(JsonNode *value) {
        return value ? json_node_copy(value) : NULL;
}

static void declare(Walk *w, const char *name, JsonNode *value) {
        Variable variable = { g_strdup(name), copy(value) };
        g_array_append_val(w->variables, variable);
}

static Variable *find_variable(Walk *w, const char *name) {
        for (guint i = w->variables->len; i > 0; i--) {
                Variable *variable = &g_array_index(w->variables, Variable, i - 1);
                if (strcmp(variable->name, name) == 0)
                        return variable;
        }
        return NULL;
}

/* Members of these are data, not fields: one that is not there is Go's zero value. */
static bool is_map(const char *name) {
        static const char *const maps[] = { "Labels",       "Label",   "Annotations", "Networks",
                                            "Options",      "Ports",   "Sysctls",     "Volumes",
                                            "Config",       "Exposed", "DriverOpts",  "Secrets",
                                            "ExposedPorts", "labels",  "options",     NULL };
        return name && g_strv_contains(maps, name);
}

/* "ID" and "Id": Podman's commands do not agree on it, and people write both. */
static JsonNode *member_of(JsonObject *object, const char *name) {
        if (json_object_has_member(object, name))
                return json_object_get_member(object, name);
        const char *other = strcmp(name, "ID") == 0 ? "Id" : strcmp(name, "Id") == 0 ? "ID" : NULL;
        return other && json_object_has_member(object, other)
                               ? json_object_get_member(object, other)
                               : NULL;
}

/* "ociRuntime" and "OCIRuntime", "dns_enabled" and "DNSEnabled" */
static bool is_go_name(const char *json, const char *go) {
        for (; *json; json++) {
                if (*json == '_')
                        continue;
                if (g_ascii_tolower(*json) != g_ascii_tolower(*go))
                        return false;
                go++;
        }
        return !*go;
}

/* Objects whose JSON names begin with a small letter have Go fields that begin with a capital. */
static JsonNode *member_of_go_name(JsonObject *object, const char *name) {
        if (!g_ascii_isupper(name[0]))
                return NULL;
        g_autoptr(GList) names = json_object_get_members(object);
        for (GList *at = names; at; at = at->next)
                if (g_ascii_islower(*(const char *) at->data) && is_go_name(at->data, name))
                        return json_object_get_member(object, at->data);
        return NULL;
}

static bool look_up(JsonNode *value, char **fields, JsonNode **ret_value, GError **error) {
        g_autoptr(JsonNode) empty = NULL;
        const char *parent = NULL;
        for (char **field = fields; *field; field++) {
                JsonObject *object = value && JSON_NODE_HOLDS_OBJECT(value)
                                                     ? json_node_get_object(value)
                                                     : NULL;
                JsonNode *found = object ? member_of(object, *field) : NULL;
                if (!found && object && !is_map(parent))
                        found = member_of_go_name(object, *field);
                if (!found && object && is_map(parent)) {
                        if (field[1])
                                return error_set_invalid(
                                                error, "template: nil pointer evaluating .%s",
                                                field[1]);
                        *ret_value = json_node_new(JSON_NODE_VALUE);
                        json_node_set_string(*ret_value, "");
                        return true;
                }
                if (!found)
                        return error_set_invalid(
                                        error, "template: can't evaluate field %s%s%s", *field,
                                        parent ? " in " : "", parent ? parent : "");
                value = found;
                parent = *field;
        }
        *ret_value = copy(value);
        return true;
}

static bool
evaluate_pipe(Walk *w, const TemplatePipe *pipe, JsonNode *dot, JsonNode **ret, GError **error);

static bool evaluate_operand(
                Walk *w,
                const TemplateOperand *operand,
                JsonNode *dot,
                JsonNode **ret_value,
                GError **error) {
        g_autoptr(JsonNode) inner = NULL;
        switch (operand->kind) {
        case TEMPLATE_OPERAND_DOT:
                return look_up(dot, operand->fields, ret_value, error);
        case TEMPLATE_OPERAND_VARIABLE: {
                const Variable *variable = find_variable(w, operand->text);
                if (!variable)
                        return error_set_invalid(
                                        error, "template: undefined variable \"%s\"",
                                        operand->text);
                return look_up(variable->value, operand->fields, ret_value, error);
        }
        case TEMPLATE_OPERAND_LITERAL:
                *ret_value = copy(operand->literal);
                return true;
        case TEMPLATE_OPERAND_PIPE:
                return evaluate_pipe(w, operand->pipe, dot, &inner, error) &&
                       look_up(inner, operand->fields, ret_value, error);
        case TEMPLATE_OPERAND_FUNCTION: {
                bool known;
                return template_call(operand->text, NULL, 0, ret_value, &known, error);
        }
        default:
                g_assert_not_reached();
        }
}

static void value_clear(gpointer data) {
        g_clear_pointer((JsonNode **) data, json_node_unref);
}

/* A function with its arguments, a field with one ('.Label "x"', a method in Go) or a value. last:
 * the result of the command before, which comes as the last argument. */
static bool evaluate_command(
                Walk *w,
                const GPtrArray *command,
                JsonNode *dot,
                JsonNode *last,
                JsonNode **ret_value,
                GError **error) {
        const TemplateOperand *first = command->pdata[0];
        bool is_function = first->kind == TEMPLATE_OPERAND_FUNCTION;
        if (!is_function && command->len == 1 && !last)
                return evaluate_operand(w, first, dot, ret_value, error);
        g_autoptr(GArray) values = g_array_new(FALSE, TRUE, sizeof(JsonNode *));
        g_array_set_clear_func(values, value_clear);
        for (guint i = is_function ? 1 : 0; i < command->len; i++) {
                JsonNode *value = NULL;
                if (!evaluate_operand(w, command->pdata[i], dot, &value, error))
                        return false;
                g_array_append_val(values, value);
        }
        if (last) {
                JsonNode *value = copy(last);
                g_array_append_val(values, value);
        }
        if (values->len > 16)
                return error_set_invalid(error, "template: too many arguments");
        bool known;
        return template_call(
                        is_function ? first->text : "index", (JsonNode **) values->data,
                        values->len, ret_value, &known, error);
}

static bool
evaluate_pipe(Walk *w,
              const TemplatePipe *pipe,
              JsonNode *dot,
              JsonNode **ret_value,
              GError **error) {
        g_autoptr(JsonNode) value = NULL;
        for (guint i = 0; i < pipe->commands->len; i++) {
                JsonNode *next = NULL;
                if (!evaluate_command(w, pipe->commands->pdata[i], dot, value, &next, error))
                        return false;
                g_clear_pointer(&value, json_node_unref);
                value = next;
        }
        *ret_value = g_steal_pointer(&value);
        return true;
}

/* "$x := …" and "$x = …" of an action, if or with. */
static bool bind(Walk *w, const TemplatePipe *pipe, JsonNode *value, GError **error) {
        const char *name = pipe->variables[0];
        if (!name)
                return true;
        if (!pipe->assigns) {
                declare(w, name, value);
                return true;
        }
        Variable *variable = find_variable(w, name);
        if (!variable)
                return error_set_invalid(error, "template: undefined variable \"%s\"", name);
        g_clear_pointer(&variable->value, json_node_unref);
        variable->value = copy(value);
        return true;
}

static bool walk_list(Walk *w, const GPtrArray *nodes, JsonNode *dot, GError **error);

/* One round of a range: its variables live as long as the round. */
static bool
walk_round(Walk *w, const TemplateNode *node, JsonNode *key, JsonNode *value, GError **error) {
        guint before = w->variables->len;
        char *const *names = node->pipe->variables;
        if (names[0] && names[1])
                declare(w, names[0], key);
        if (names[0])
                declare(w, names[1] ? names[1] : names[0], value);
        bool ok = walk_list(w, node->body, value, error);
        g_array_set_size(w->variables, before);
        return ok;
}

static bool walk_array(Walk *w, const TemplateNode *node, JsonArray *array, GError **error) {
        for (guint i = 0; i < json_array_get_length(array); i++) {
                g_autoptr(JsonNode) key = json_node_new(JSON_NODE_VALUE);
                json_node_set_int(key, i);
                if (!walk_round(w, node, key, json_array_get_element(array, i), error))
                        return false;
        }
        return true;
}

static bool walk_object(Walk *w, const TemplateNode *node, JsonObject *object, GError **error) {
        g_autoptr(GList) names =
                        g_list_sort(json_object_get_members(object), (GCompareFunc) strcmp);
        for (GList *at = names; at; at = at->next) {
                g_autoptr(JsonNode) key = json_node_new(JSON_NODE_VALUE);
                json_node_set_string(key, at->data);
                if (!walk_round(w, node, key, json_object_get_member(object, at->data), error))
                        return false;
        }
        return true;
}

static bool walk_range(Walk *w, const TemplateNode *node, JsonNode *value, GError **error) {
        if (JSON_NODE_HOLDS_ARRAY(value))
                return walk_array(w, node, json_node_get_array(value), error);
        if (JSON_NODE_HOLDS_OBJECT(value))
                return walk_object(w, node, json_node_get_object(value), error);
        g_autofree char *text = template_text(value);
        return error_set_invalid(error, "template: range can't iterate over %s", text);
}

static bool walk_control(Walk *w, const TemplateNode *node, JsonNode *dot, GError **error) {
        g_autoptr(JsonNode) value = NULL;
        guint before = w->variables->len;
        if (!evaluate_pipe(w, node->pipe, dot, &value, error))
                return false;
        bool ok = true;
        if (!template_is_true(value)) {
                ok = !node->otherwise || walk_list(w, node->otherwise, dot, error);
        } else if (node->kind == TEMPLATE_RANGE) {
                ok = walk_range(w, node, value, error);
        } else {
                ok = bind(w, node->pipe, value, error) &&
                     walk_list(w, node->body, node->kind == TEMPLATE_WITH ? value : dot, error);
        }
        g_array_set_size(w->variables, before);
        return ok;
}

static bool walk_action(Walk *w, const TemplateNode *node, JsonNode *dot, GError **error) {
        g_autoptr(JsonNode) value = NULL;
        if (!evaluate_pipe(w, node->pipe, dot, &value, error) || !bind(w, node->pipe, value, error))
                return false;
        if (!node->pipe->variables[0]) {
                g_autofree char *text = template_text(value);
                g_string_append(w->out, text);
        }
        return w->out->len <= OUTPUT_SIZE_MAX ||
               error_set_invalid(
                               error, "template: more than %u MiB of output",
                               OUTPUT_SIZE_MAX >> 20);
}

static bool walk_list(Walk *w, const GPtrArray *nodes, JsonNode *dot, GError **error) {
        for (guint i = 0; i < nodes->len; i++) {
                const TemplateNode *node = nodes->pdata[i];
                bool ok = true;
                if (node->kind == TEMPLATE_TEXT)
                        g_string_append(w->out, node->text);
                else if (node->kind == TEMPLATE_ACTION)
                        ok = walk_action(w, node, dot, error);
                else
                        ok = walk_control(w, node, dot, error);
                if (!ok)
                        return false;
        }
        return true;
}

char *template_evaluate(const GPtrArray *nodes, JsonNode *root, GError **error) {
        g_autoptr(GString) out = g_string_new(NULL);
        g_autoptr(GArray) variables = g_array_new(FALSE, TRUE, sizeof(Variable));
        g_array_set_clear_func(variables, variable_clear);
        Walk walk = { variables, out };
        declare(&walk, "$", root);
        if (!walk_list(&walk, nodes, root, error))
                return NULL;
        return g_string_free(g_steal_pointer(&out), FALSE);
}
