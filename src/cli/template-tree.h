/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

/* A parsed Go template, as in the text/template package: what parse makes and eval walks. */

#define TEMPLATE_SIZE_MAX  65536
#define TEMPLATE_DEPTH_MAX 64

typedef struct TemplatePipe TemplatePipe;

typedef enum TemplateOperandKind {
        TEMPLATE_OPERAND_DOT,      /* "." or ".A.B" */
        TEMPLATE_OPERAND_VARIABLE, /* "$x.A" */
        TEMPLATE_OPERAND_FUNCTION,
        TEMPLATE_OPERAND_LITERAL,
        TEMPLATE_OPERAND_PIPE, /* "(…).A" */
} TemplateOperandKind;

typedef struct TemplateOperand {
        TemplateOperandKind kind;
        char *text;         /* name of a variable or function; of the others as written */
        JsonNode *literal;  /* NULL: nil */
        char **fields;      /* what is looked up in the value; never NULL */
        TemplatePipe *pipe; /* of parentheses */
} TemplateOperand;

struct TemplatePipe {
        char *variables[2];  /* "$i, $e :=", "$x :=", "$x =" */
        bool assigns;        /* "=", to a variable that is there */
        GPtrArray *commands; /* of GPtrArray of TemplateOperand */
};

typedef enum TemplateKind {
        TEMPLATE_TEXT,
        TEMPLATE_ACTION,
        TEMPLATE_IF,
        TEMPLATE_RANGE,
        TEMPLATE_WITH,
} TemplateKind;

typedef struct TemplateNode {
        TemplateKind kind;
        char *text;
        TemplatePipe *pipe;
        GPtrArray *body;      /* of TemplateNode */
        GPtrArray *otherwise; /* of TemplateNode; NULL without else */
} TemplateNode;

/* The list of nodes, owned by the caller (g_ptr_array_unref); NULL with *error. */
GPtrArray *template_parse(const char *text, GError **error);

/* Calls a function of Go's, or of those that Podman adds. false with *known false: no such name. */
bool template_call(
                const char *name,
                JsonNode **arguments,
                guint n_arguments,
                JsonNode **ret_value,
                bool *ret_known,
                GError **error);

/* As Go prints a value, and whether it counts as true. */
char *template_text(JsonNode *value);
bool template_is_true(JsonNode *value);
