/* SPDX-License-Identifier: Apache-2.0 */
/* Text -> tree, https://pkg.go.dev/text/template, without define, template and block. */
#include <string.h>

#include "base/error.h"
#include "cli/template-tree.h"

typedef struct Parser {
        const char *at;
        guint depth;
        bool trims; /* the action that ended last asked to trim what follows */
} Parser;

static void pipe_free(gpointer data);

static void operand_free(gpointer data) {
        TemplateOperand *operand = data;
        g_free(operand->text);
        g_clear_pointer(&operand->literal, json_node_unref);
        g_strfreev(operand->fields);
        pipe_free(operand->pipe);
        g_free(operand);
}

static void pipe_free(gpointer data) {
        TemplatePipe *pipe = data;
        if (!pipe)
                return;
        g_free(pipe->variables[0]);
        g_free(pipe->variables[1]);
        g_ptr_array_unref(pipe->commands);
        g_free(pipe);
}

static void node_free(gpointer data) {
        TemplateNode *node = data;
        g_free(node->text);
        pipe_free(node->pipe);
        g_clear_pointer(&node->body, g_ptr_array_unref);
        g_clear_pointer(&node->otherwise, g_ptr_array_unref);
        g_free(node);
}

static TemplateNode *node_new(TemplateKind kind) {
        TemplateNode *node = g_new0(TemplateNode, 1);
        node->kind = kind;
        return node;
}

static void skip_blanks(Parser *p) {
        p->at += strspn(p->at, " \t\r\n");
}

static bool is_name(char c) {
        return g_ascii_isalnum(c) || c == '_';
}

static char *take_name(Parser *p) {
        const char *from = p->at;
        while (is_name(*p->at))
                p->at++;
        return g_strndup(from, (gsize) (p->at - from));
}

/* ".A.B" behind an operand; a lone dot is none. */
static char **take_fields(Parser *p) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        while (p->at[0] == '.' && is_name(p->at[1])) {
                p->at++;
                g_autofree char *name = take_name(p);
                g_strv_builder_add(builder, name);
        }
        return g_strv_builder_end(builder);
}

static bool fail(Parser *p, GError **error, const char *what) {
        return error_set_invalid(error, "template: %s at \"%.20s\"", what, p->at);
}

static JsonNode *string_node(const char *text) {
        JsonNode *node = json_node_new(JSON_NODE_VALUE);
        json_node_set_string(node, text);
        return node;
}

/* "…" with escapes, `…` without. */
static bool take_string(Parser *p, JsonNode **ret_value, GError **error) {
        char quote = *p->at++;
        g_autoptr(GString) text = g_string_new(NULL);
        for (; *p->at && *p->at != quote; p->at++) {
                if (quote == '`' || *p->at != '\\') {
                        g_string_append_c(text, *p->at);
                        continue;
                }
                p->at++;
                static const char letters[] = "ntr\\\"'";
                static const char bytes[] = "\n\t\r\\\"'";
                const char *found = *p->at ? strchr(letters, *p->at) : NULL;
                if (!found)
                        return fail(p, error, "unknown escape");
                g_string_append_c(text, bytes[found - letters]);
        }
        if (*p->at != quote)
                return fail(p, error, "unterminated quoted string");
        p->at++;
        *ret_value = string_node(text->str);
        return true;
}

static bool take_number(Parser *p, JsonNode **ret_value, GError **error) {
        char *end_int = NULL;
        char *end_double = NULL;
        gint64 whole = g_ascii_strtoll(p->at, &end_int, 0);
        double real = g_ascii_strtod(p->at, &end_double);
        const char *end = end_int > end_double ? end_int : end_double;
        if (end == p->at || is_name(*end))
                return fail(p, error, "bad number syntax");
        *ret_value = json_node_new(JSON_NODE_VALUE);
        if (end_int >= end_double)
                json_node_set_int(*ret_value, whole);
        else
                json_node_set_double(*ret_value, real);
        p->at = end;
        return true;
}

static TemplatePipe *parse_pipe(Parser *p, GError **error);

static bool parse_parenthesis(Parser *p, TemplateOperand *operand, GError **error) {
        operand->kind = TEMPLATE_OPERAND_PIPE;
        p->at++;
        if (++p->depth > TEMPLATE_DEPTH_MAX)
                return fail(p, error, "nested too deeply");
        operand->pipe = parse_pipe(p, error);
        p->depth--;
        if (!operand->pipe)
                return false;
        if (*p->at != ')')
                return fail(p, error, "unclosed left paren");
        p->at++;
        return true;
}

static bool parse_word(Parser *p, TemplateOperand *operand, GError **error) {
        operand->kind = TEMPLATE_OPERAND_FUNCTION;
        operand->text = take_name(p);
        bool yes = strcmp(operand->text, "true") == 0;
        if (yes || strcmp(operand->text, "false") == 0) {
                operand->kind = TEMPLATE_OPERAND_LITERAL;
                operand->literal = json_node_new(JSON_NODE_VALUE);
                json_node_set_boolean(operand->literal, yes);
        } else if (strcmp(operand->text, "nil") == 0) {
                operand->kind = TEMPLATE_OPERAND_LITERAL;
        }
        return true;
}

static bool parse_operand(Parser *p, TemplateOperand *operand, GError **error) {
        char c = *p->at;
        bool ok;
        if (c == '.') {
                operand->kind = TEMPLATE_OPERAND_DOT;
                if (!is_name(p->at[1]))
                        p->at++;
                ok = true;
        } else if (c == '$') {
                operand->kind = TEMPLATE_OPERAND_VARIABLE;
                p->at++;
                g_autofree char *name = take_name(p);
                operand->text = g_strconcat("$", name, NULL);
                ok = true;
        } else if (c == '"' || c == '`') {
                operand->kind = TEMPLATE_OPERAND_LITERAL;
                ok = take_string(p, &operand->literal, error);
        } else if (c == '(') {
                ok = parse_parenthesis(p, operand, error);
        } else if (g_ascii_isdigit(c) || ((c == '-' || c == '+') && g_ascii_isdigit(p->at[1]))) {
                operand->kind = TEMPLATE_OPERAND_LITERAL;
                ok = take_number(p, &operand->literal, error);
        } else if (g_ascii_isalpha(c) || c == '_') {
                ok = parse_word(p, operand, error);
        } else {
                ok = fail(p, error, "unexpected character");
        }
        operand->fields = take_fields(p);
        return ok;
}

static bool at_end_of_action(const Parser *p) {
        return g_str_has_prefix(p->at, "}}") || g_str_has_prefix(p->at, "-}}");
}

static GPtrArray *parse_command(Parser *p, GError **error) {
        g_autoptr(GPtrArray) operands = g_ptr_array_new_with_free_func(operand_free);
        for (;;) {
                skip_blanks(p);
                if (*p->at == '\0' || *p->at == '|' || *p->at == ')' || at_end_of_action(p))
                        break;
                TemplateOperand *operand = g_new0(TemplateOperand, 1);
                g_ptr_array_add(operands, operand);
                if (!parse_operand(p, operand, error))
                        return NULL;
        }
        if (operands->len == 0) {
                fail(p, error, "missing value for command");
                return NULL;
        }
        return g_steal_pointer(&operands);
}

/* "$x :=", "$i, $e :=", "$x =" in front of a pipeline. */
static void take_variables(Parser *p, TemplatePipe *pipe) {
        const char *before = p->at;
        g_autofree char *names[2] = { NULL, NULL };
        for (guint i = 0; i < 2 && *p->at == '$'; i++) {
                p->at++;
                g_autofree char *name = take_name(p);
                names[i] = g_strconcat("$", name, NULL);
                skip_blanks(p);
                if (*p->at != ',')
                        break;
                p->at++;
                skip_blanks(p);
        }
        bool declares = g_str_has_prefix(p->at, ":=");
        if (names[0] && (declares || (p->at[0] == '=' && p->at[1] != '='))) {
                p->at += declares ? 2 : 1;
                pipe->assigns = !declares;
                pipe->variables[0] = g_steal_pointer(&names[0]);
                pipe->variables[1] = g_steal_pointer(&names[1]);
                return;
        }
        p->at = before;
}

static TemplatePipe *parse_pipe(Parser *p, GError **error) {
        TemplatePipe *pipe = g_new0(TemplatePipe, 1);
        pipe->commands = g_ptr_array_new_with_free_func((GDestroyNotify) g_ptr_array_unref);
        skip_blanks(p);
        take_variables(p, pipe);
        for (;;) {
                GPtrArray *command = parse_command(p, error);
                if (!command) {
                        pipe_free(pipe);
                        return NULL;
                }
                g_ptr_array_add(pipe->commands, command);
                if (*p->at != '|')
                        return pipe;
                p->at++;
        }
}

/* "}}" or " -}}". */
static bool take_end(Parser *p, GError **error) {
        skip_blanks(p);
        p->trims = *p->at == '-';
        if (p->trims)
                p->at++;
        if (!g_str_has_prefix(p->at, "}}"))
                return fail(p, error, "unclosed action");
        p->at += 2;
        return true;
}

typedef enum Stop {
        STOP_EOF,
        STOP_END,
        STOP_ELSE, /* the rest of the action ("", "if …", "with …") is still to be read */
} Stop;

static bool parse_list(Parser *p, GPtrArray *nodes, Stop *ret_stop, GError **error);

static bool take_word(Parser *p, const char *word) {
        size_t n = strlen(word);
        if (strncmp(p->at, word, n) != 0 || is_name(p->at[n]))
                return false;
        p->at += n;
        return true;
}

static bool parse_control(Parser *p, TemplateNode *node, GError **error);

/* Behind "else": nothing, or another if or with, which shares our end. */
static bool parse_otherwise(Parser *p, TemplateNode *node, GError **error) {
        static const struct {
                const char *word;
                TemplateKind kind;
        } chained[] = { { "if", TEMPLATE_IF }, { "with", TEMPLATE_WITH } };
        node->otherwise = g_ptr_array_new_with_free_func(node_free);
        skip_blanks(p);
        for (size_t i = 0; i < G_N_ELEMENTS(chained); i++)
                if (take_word(p, chained[i].word)) {
                        TemplateNode *inner = node_new(chained[i].kind);
                        g_ptr_array_add(node->otherwise, inner);
                        return parse_control(p, inner, error);
                }
        Stop stop;
        if (!take_end(p, error) || !parse_list(p, node->otherwise, &stop, error))
                return false;
        return stop == STOP_END || fail(p, error, "unexpected {{else}} or EOF");
}

/* if, range, with: the pipeline, the body, perhaps else, and the end. */
static bool parse_control(Parser *p, TemplateNode *node, GError **error) {
        Stop stop;
        node->body = g_ptr_array_new_with_free_func(node_free);
        node->pipe = parse_pipe(p, error);
        if (!node->pipe || !take_end(p, error))
                return false;
        if (++p->depth > TEMPLATE_DEPTH_MAX)
                return fail(p, error, "nested too deeply");
        bool ok = parse_list(p, node->body, &stop, error);
        if (ok && stop == STOP_ELSE)
                ok = parse_otherwise(p, node, error);
        else if (ok && stop == STOP_EOF)
                ok = error_set_invalid(error, "template: unexpected EOF");
        p->depth--;
        return ok;
}

static void trim_end(GPtrArray *nodes) {
        TemplateNode *last = nodes->len > 0 ? nodes->pdata[nodes->len - 1] : NULL;
        if (last && last->kind == TEMPLATE_TEXT)
                g_strchomp(last->text);
}

/* One action, behind "{{"; *ret_stop is set when it ends the list. */
static bool
parse_action(Parser *p, GPtrArray *nodes, Stop *ret_stop, bool *ret_stopped, GError **error) {
        static const struct {
                const char *word;
                TemplateKind kind;
        } controls[] = {
                { "if", TEMPLATE_IF },
                { "range", TEMPLATE_RANGE },
                { "with", TEMPLATE_WITH },
        };
        if (p->at[0] == '-' && g_ascii_isspace(p->at[1])) {
                trim_end(nodes);
                p->at++;
        }
        skip_blanks(p);
        if (g_str_has_prefix(p->at, "/*")) {
                const char *end = strstr(p->at, "*/");
                if (!end)
                        return fail(p, error, "unclosed comment");
                p->at = end + 2;
                return take_end(p, error);
        }
        *ret_stopped = true;
        if (take_word(p, "end")) {
                *ret_stop = STOP_END;
                return take_end(p, error);
        }
        if (take_word(p, "else")) {
                *ret_stop = STOP_ELSE;
                return true;
        }
        *ret_stopped = false;
        for (size_t i = 0; i < G_N_ELEMENTS(controls); i++)
                if (take_word(p, controls[i].word)) {
                        TemplateNode *node = node_new(controls[i].kind);
                        g_ptr_array_add(nodes, node);
                        return parse_control(p, node, error);
                }
        TemplateNode *node = node_new(TEMPLATE_ACTION);
        g_ptr_array_add(nodes, node);
        node->pipe = parse_pipe(p, error);
        return node->pipe && take_end(p, error);
}

static void add_text(Parser *p, GPtrArray *nodes) {
        const char *end = strstr(p->at, "{{");
        size_t n = end ? (size_t) (end - p->at) : strlen(p->at);
        TemplateNode *node = node_new(TEMPLATE_TEXT);
        node->text = g_strndup(p->at, n);
        if (p->trims)
                g_strchug(node->text);
        p->trims = false;
        p->at += n;
        g_ptr_array_add(nodes, node);
}

static bool parse_list(Parser *p, GPtrArray *nodes, Stop *ret_stop, GError **error) {
        *ret_stop = STOP_EOF;
        for (;;) {
                bool stopped = false;
                add_text(p, nodes);
                if (*p->at == '\0')
                        return true;
                p->at += 2;
                if (!parse_action(p, nodes, ret_stop, &stopped, error))
                        return false;
                if (stopped)
                        return true;
        }
}

GPtrArray *template_parse(const char *text, GError **error) {
        Parser p = { .at = text };
        Stop stop;
        g_autoptr(GPtrArray) nodes = g_ptr_array_new_with_free_func(node_free);
        if (strlen(text) > TEMPLATE_SIZE_MAX) {
                error_set_invalid(error, "template: longer than %d bytes", TEMPLATE_SIZE_MAX);
                return NULL;
        }
        if (!parse_list(&p, nodes, &stop, error))
                return NULL;
        if (stop != STOP_EOF) {
                error_set_invalid(
                                error, "template: unexpected {{%s}}",
                                stop == STOP_END ? "end" : "else");
                return NULL;
        }
        return g_steal_pointer(&nodes);
}
