/* SPDX-License-Identifier: Apache-2.0 */
/* Building command lines out of rows of the key table. */
#include "generator/command.h"

#include <stdarg.h>
#include <string.h>

#include "generator/set.h"
#include "unit/words.h"

static void add_words(GPtrArray *command, va_list words) {
        for (const char *word; (word = va_arg(words, const char *));)
                g_ptr_array_add(command, g_strdup(word));
}

void command_add(GPtrArray *command, ...) {
        va_list ap;
        va_start(ap, command);
        add_words(command, ap);
        va_end(ap);
}

void command_add_values(GPtrArray *command, Quadlet *q, const char *key, const char *flag) {
        g_autoptr(GPtrArray) values = quadlet_values(q, key);
        for (guint i = 0; i < values->len; i++) {
                if (flag)
                        g_ptr_array_add(command, g_strdup(flag));
                g_ptr_array_add(command, g_strdup(((QuadletValue *) values->pdata[i])->text));
        }
}

GPtrArray *command_new(Quadlet *q, ...) {
        GPtrArray *command = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GPtrArray) modules = quadlet_values(q, "ContainersConfModule");
        for (guint i = 0; i < modules->len; i++)
                g_ptr_array_add(command,
                                g_strconcat("--module=", ((QuadletValue *) modules->pdata[i])->text,
                                            NULL));
        command_add_values(command, q, "GlobalArgs", NULL);
        va_list ap;
        va_start(ap, q);
        add_words(command, ap);
        va_end(ap);
        return command;
}

/* "--flag value", or "--flag=value" when the row's flag ends in '='. */
static void add_flag(GPtrArray *command, const KeyRow *row, const char *value) {
        g_autofree char *text =
                        row->flags & KEY_LOWER_CASE ? g_ascii_strdown(value, -1) : g_strdup(value);
        if (row->prefix) {
                char *prefixed = g_strconcat(row->prefix, text, NULL);
                g_free(text);
                text = prefixed;
        }
        if (g_str_has_suffix(row->flag, "=")) {
                g_ptr_array_add(command, g_strconcat(row->flag, text, NULL));
                return;
        }
        command_add(command, row->flag, text, NULL);
}

static void add_bool(GPtrArray *command, Quadlet *q, const KeyRow *row) {
        if (!unit_file_has(q->file, q->type->section, row->name))
                return;
        bool value = quadlet_bool(q, row->name, false);
        if (value)
                command_add(command, row->flag, row->prefix, NULL);
        else if (!(row->flags & KEY_TRUE_ONLY))
                g_ptr_array_add(command, g_strconcat(row->flag, "=false", NULL));
}

static void add_row(GPtrArray *command, Quadlet *q, const KeyRow *row) {
        if (row->kind == KEY_BOOL) {
                add_bool(command, q, row);
                return;
        }
        if (row->kind == KEY_STRING) {
                g_autofree char *value = quadlet_string(q, row->name);
                if (value)
                        add_flag(command, row, value);
                return;
        }
        g_autoptr(GPtrArray) values = quadlet_values(q, row->name);
        for (guint i = 0; i < values->len; i++)
                add_flag(command, row, ((QuadletValue *) values->pdata[i])->text);
}

void command_add_group(GPtrArray *command, Quadlet *q, KeyGroup group) {
        for (const KeyRow *row = q->type->rows; row->name; row++)
                if (row->group == group)
                        add_row(command, q, row);
}

char *command_format(const QuadletSet *set, const GPtrArray *command, bool may_fail) {
        /* '+': the launcher needs its full privileges whatever hardening keys, User= or later
         * drop-ins say; it applies those to the payload itself. */
        g_autofree char *program = g_strconcat(may_fail ? "+-" : "+", set->program, NULL);
        g_autofree char *rest = words_join_quoted(command);
        GString *line = g_string_new(NULL);
        words_append_quoted(line, program);
        if (*rest) {
                g_string_append_c(line, ' ');
                g_string_append(line, rest);
        }
        return g_string_free(line, FALSE);
}
