/* SPDX-License-Identifier: Apache-2.0 */
/* One table-driven flag parser for all verbs. GOption cannot do --flag=false nor stop at an
 * operand. */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

static const OptionRow *find_row(const OptionTable *table, const char *name, size_t n) {
        for (const OptionRow *row = table->rows; row->name; row++)
                if (strlen(row->name) == n && strncmp(row->name, name, n) == 0)
                        return row;
        return NULL;
}

static const OptionRow *find_letter(const OptionTable *table, char letter) {
        for (const OptionRow *row = table->rows; row->name; row++)
                if (row->letter == letter)
                        return row;
        return NULL;
}

static bool takes_argument(const OptionRow *row) {
        return row->kind == OPTION_STRING || row->kind == OPTION_LIST || row->kind == OPTION_INT;
}

static bool store(const OptionRow *row, void *options, const char *value, GError **error) {
        void *at = (char *) options + row->offset;
        bool flag = true;
        int64_t number;
        switch (row->kind) {
        case OPTION_BOOL:
        case OPTION_TRISTATE:
                if (value && !text_parse_bool(value, &flag))
                        return error_set_invalid(
                                        error,
                                        "invalid argument \"%s\" for \"--%s\": not a boolean",
                                        value, row->name);
                if (row->kind == OPTION_BOOL)
                        *(bool *) at = flag;
                else
                        *(int *) at = flag;
                return true;
        case OPTION_OPTIONAL:
                if (!value)
                        value = row->argument;
                G_GNUC_FALLTHROUGH;
        case OPTION_STRING:
                g_free(*(char **) at);
                *(char **) at = g_strdup(value);
                return true;
        case OPTION_LIST: {
                GPtrArray **list = at;
                if (!*list)
                        *list = g_ptr_array_new_with_free_func(g_free);
                g_ptr_array_add(*list, g_strdup(value));
                return true;
        }
        case OPTION_INT: {
                char *end = NULL;
                number = g_ascii_strtoll(value, &end, 10);
                if (end == value || *end)
                        return error_set_invalid(
                                        error, "invalid argument \"%s\" for \"--%s\": not a number",
                                        value, row->name);
                *(int64_t *) at = number;
                return true;
        }
        }
        g_assert_not_reached();
}

/* One "--name[=value]" word; *i moves past a value in the next word. */
static bool
parse_long(const OptionTable *table, int argc, char **argv, int *i, void *options, GError **error) {
        const char *word = argv[*i] + 2;
        const char *equal = strchr(word, '=');
        size_t n = equal ? (size_t) (equal - word) : strlen(word);
        const OptionRow *row = find_row(table, word, n);
        if (!row)
                return error_set_invalid(error, "unknown flag: --%.*s", (int) n, word);
        const char *value = equal ? equal + 1 : NULL;
        if (!value && takes_argument(row)) {
                if (*i + 1 >= argc)
                        return error_set_invalid(error, "flag needs an argument: --%s", row->name);
                value = argv[++*i];
        }
        return store(row, options, value, error);
}

/* One "-abc" word: flags without argument may be bundled, the last may take the rest as its value.
 */
static bool
parse_short(const OptionTable *table,
            int argc,
            char **argv,
            int *i,
            void *options,
            GError **error) {
        for (const char *at = argv[*i] + 1; *at; at++) {
                const OptionRow *row = find_letter(table, *at);
                if (!row)
                        return error_set_invalid(
                                        error, "unknown shorthand flag: '%c' in %s", *at, argv[*i]);
                if (!takes_argument(row)) {
                        if (at[1] == '=')
                                return store(row, options, at + 2, error);
                        if (!store(row, options, NULL, error))
                                return false;
                        continue;
                }
                const char *value = at[1] == '=' ? at + 2 : at + 1;
                if (at[1] == '\0') {
                        if (*i + 1 >= argc)
                                return error_set_invalid(
                                                error, "flag needs an argument: '%c' in -%c", *at,
                                                *at);
                        value = argv[++*i];
                }
                return store(row, options, value, error);
        }
        return true;
}

OptionResult
options_parse(const OptionTable *table,
              int argc,
              char **argv,
              void *options,
              char ***ret_operands,
              GError **error) {
        g_autoptr(GPtrArray) operands = g_ptr_array_new();
        bool flags_ended = false;
        for (int i = 1; i < argc; i++) {
                const char *word = argv[i];
                bool is_flag = !flags_ended && word[0] == '-' && word[1] != '\0';
                if (!is_flag) {
                        g_ptr_array_add(operands, argv[i]);
                        flags_ended = flags_ended || table->stop_at_operand;
                        continue;
                }
                if (strcmp(word, "--") == 0) {
                        flags_ended = true;
                        continue;
                }
                bool help = strcmp(word, "--help") == 0 ||
                            (strcmp(word, "-h") == 0 && !find_letter(table, 'h'));
                if (help) {
                        options_print_help(table);
                        return OPTION_RESULT_HELP;
                }
                bool ok = word[1] == '-' ? parse_long(table, argc, argv, &i, options, error)
                                         : parse_short(table, argc, argv, &i, options, error);
                if (!ok)
                        return OPTION_RESULT_ERROR;
        }
        if ((int) operands->len < table->operands_min) {
                if (table->operands_max == table->operands_min)
                        error_set_invalid(
                                        error, "accepts %d arg(s), received %u",
                                        table->operands_min, operands->len);
                else
                        error_set_invalid(
                                        error,
                                        table->operands_min == 1 ? "requires at least %d arg, only "
                                                                   "received %u"
                                                                 : "requires at least %d arg(s), "
                                                                   "only received %u",
                                        table->operands_min, operands->len);
                return OPTION_RESULT_ERROR;
        }
        if (table->operands_max >= 0 && (int) operands->len > table->operands_max) {
                error_set_invalid(
                                error, "accepts at most %d arg(s), received %u",
                                table->operands_max, operands->len);
                return OPTION_RESULT_ERROR;
        }
        g_ptr_array_add(operands, NULL);
        *ret_operands = (char **) g_ptr_array_free(g_steal_pointer(&operands), FALSE);
        return OPTION_RESULT_OK;
}

void options_print_help(const OptionTable *table) {
        printf("%s\n\nUsage:\n  %s\n", table->description, table->usage);
        bool any = false;
        for (const OptionRow *row = table->rows; row->name; row++) {
                if (!row->help)
                        continue;
                if (!any)
                        printf("\nOptions:\n");
                any = true;
                g_autofree char *letter = row->letter ? g_strdup_printf("-%c, ", row->letter)
                                                      : g_strdup("    ");
                const char *argument = takes_argument(row) && row->argument ? row->argument : "";
                g_autofree char *left = g_strdup_printf("%s--%s %s", letter, row->name, argument);
                printf("  %-34s %s\n", left, row->help);
        }
}

char **option_list_strv(GPtrArray *list) {
        guint n = list ? list->len : 0;
        char **strv = g_new0(char *, n + 1);
        for (guint i = 0; i < n; i++)
                strv[i] = list->pdata[i];
        return strv;
}

GHashTable *option_list_map(GPtrArray *list) {
        GHashTable *map = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        for (guint i = 0; list && i < list->len; i++) {
                const char *text = list->pdata[i];
                size_t n = strcspn(text, "=");
                g_hash_table_insert(map, g_strndup(text, n), g_strdup(text[n] ? text + n + 1 : ""));
        }
        return map;
}
