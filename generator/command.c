/* SPDX-License-Identifier: Apache-2.0 */
/* Building command lines out of rows of the key table. */
#include "generator/command.h"

#include <stdarg.h>
#include <string.h>

#include "generator/set.h"
#include "unit/words.h"

static void add_word(GString *command, const char *word) {
        g_string_append_c(command, ' ');
        words_append_quoted(command, word);
}

static void add_words(GString *command, va_list words) {
        for (const char *word; (word = va_arg(words, const char *));)
                add_word(command, word);
}

void command_add(GString *command, ...) {
        va_list ap;
        va_start(ap, command);
        add_words(command, ap);
        va_end(ap);
}

void command_add_values(GString *command, Quadlet *q, const char *key, const char *flag) {
        if (!quadlet_has(q, key))
                return;
        g_autoptr(GPtrArray) values = quadlet_values(q, key);
        for (guint i = 0; i < values->len; i++)
                command_add(command, flag ? flag : quadlet_value_text(values, i),
                            flag ? quadlet_value_text(values, i) : NULL, NULL);
}

/* prefix and value as one word */
static void add_joined(GString *command, const char *prefix, const char *value) {
        g_autofree char *word = g_strconcat(prefix, value, NULL);
        add_word(command, word);
}

GString *command_new(Quadlet *q, ...) {
        GString *command = g_string_sized_new(512);
        if (quadlet_has(q, "ContainersConfModule")) {
                g_autoptr(GPtrArray) modules = quadlet_values(q, "ContainersConfModule");
                for (guint i = 0; i < modules->len; i++)
                        add_joined(command, "--module=", quadlet_value_text(modules, i));
        }
        command_add_values(command, q, "GlobalArgs", NULL);
        va_list ap;
        va_start(ap, q);
        add_words(command, ap);
        va_end(ap);
        return command;
}

/* "--flag value", or "--flag=value" when the row's flag ends in '='. */
static void add_flag(GString *command, const KeyRow *row, const char *value) {
        g_autofree char *lower = row->flags & KEY_LOWER_CASE ? g_ascii_strdown(value, -1) : NULL;
        g_autofree char *prefixed =
                        row->prefix ? g_strconcat(row->prefix, lower ? lower : value, NULL) : NULL;
        const char *text = prefixed ? prefixed : lower ? lower : value;
        if (g_str_has_suffix(row->flag, "="))
                add_joined(command, row->flag, text);
        else
                command_add(command, row->flag, text, NULL);
}

static void add_bool(GString *command, Quadlet *q, const KeyRow *row) {
        bool value = quadlet_bool(q, row->name, false);
        if (value)
                command_add(command, row->flag, row->prefix, NULL);
        else if (!(row->flags & KEY_TRUE_ONLY))
                add_joined(command, row->flag, "=false");
}

static void add_row(GString *command, Quadlet *q, const KeyRow *row) {
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
                add_flag(command, row, quadlet_value_text(values, i));
}

void command_add_group(GString *command, Quadlet *q, KeyGroup group) {
        for (const KeyRow *row = quadlet_next_row(q, q->type->rows); row;
             row = quadlet_next_row(q, row + 1))
                if (row->group == group)
                        add_row(command, q, row);
}

char *command_format(const QuadletSet *set, const GString *command, bool may_fail) {
        /* '+': the launcher needs its full privileges whatever hardening keys, User= or later
         * drop-ins say; it applies those to the payload itself. */
        g_autofree char *program = g_strconcat(may_fail ? "+-" : "+", set->program, NULL);
        GString *line = g_string_sized_new(command->len + strlen(program) + 16);
        words_append_quoted(line, program);
        g_string_append_len(line, command->str, (gssize) command->len);
        return g_string_free(line, FALSE);
}
