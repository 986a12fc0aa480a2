/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Command line flags in Podman's spelling: --name value, --name=value, -n value, -nvalue, -it,
 * booleans as --flag and --flag=false, "--" ends them. A verb has one table; it also yields --help
 * and the shell completion. */

typedef enum OptionKind {
        OPTION_BOOL,     /* bool */
        OPTION_STRING,   /* char *; the last one wins, "" is a value */
        OPTION_LIST,     /* GPtrArray * of char *, made on first use, not NULL-terminated */
        OPTION_INT,      /* int64_t, decimal, may be negative */
        OPTION_TRISTATE, /* int: -1 not given (set that yourself), 0, 1 */
        OPTION_OPTIONAL, /* char *; "--name" alone stores `argument` of the row, "--name=value" the
                            value */
} OptionKind;

typedef struct OptionRow {
        const char *name; /* without dashes */
        char letter;      /* or 0 */
        OptionKind kind;
        size_t offset;        /* of the member in the verb's options struct */
        const char *argument; /* placeholder in --help; for OPTION_OPTIONAL the implied value */
        const char *help;     /* one line; NULL hides the row (accepted alias) */
} OptionRow;

typedef struct OptionTable {
        const char *usage;       /* "berth run [options] IMAGE [COMMAND...]" */
        const char *description; /* one sentence */
        const OptionRow *rows;   /* ends with a row whose name is NULL */
        bool stop_at_operand;    /* the first operand ends the flags (run, exec) */
        int operands_min;
        int operands_max; /* -1: any number */
} OptionTable;

typedef enum OptionResult {
        OPTION_RESULT_OK,
        OPTION_RESULT_HELP,  /* --help was printed on stdout: exit 0 */
        OPTION_RESULT_ERROR, /* *error is set */
} OptionResult;

/* Parses argv[1..] into options (zeroed or with defaults by the caller). *ret_operands is a
 * NULL-terminated vector borrowed from argv; free the array itself with g_free(). */
OptionResult
options_parse(const OptionTable *table,
              int argc,
              char **argv,
              void *options,
              char ***ret_operands,
              GError **error);

void options_print_help(const OptionTable *table);

/* NULL-terminated view of a list option (possibly NULL): frees with g_free(), strings borrowed. */
char **option_list_strv(GPtrArray *list);

/* "NAME=VALUE" or "NAME" (an empty value) of a list option (possibly NULL) as a table of copies; of
 * the same name the last one wins. Caller unrefs. */
GHashTable *option_list_map(GPtrArray *list);
