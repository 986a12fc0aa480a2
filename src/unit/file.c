/* SPDX-License-Identifier: Apache-2.0 */
/* The model of a unit file: look-ups, changes and the text form. parse.c fills it. */
#include "unit/file.h"

#include <string.h>

static UnitLine *line_copy(const UnitLine *line) {
        UnitLine *copy = g_new(UnitLine, 1);
        *copy = *line;
        copy->key = g_strdup(line->key);
        copy->value = g_strdup(line->value);
        return copy;
}

static void line_free(gpointer data) {
        UnitLine *line = data;
        g_free(line->key);
        g_free(line->value);
        g_free(line);
}

static void section_free(gpointer data) {
        UnitSection *section = data;
        g_free(section->name);
        g_ptr_array_unref(section->lines);
        g_free(section);
}

UnitFile *unit_file_new(const char *path) {
        UnitFile *file = g_new0(UnitFile, 1);
        file->path = g_intern_string(path);
        file->sections = g_ptr_array_new_with_free_func(section_free);
        return file;
}

void unit_file_free(UnitFile *file) {
        if (!file)
                return;
        g_ptr_array_unref(file->sections);
        g_free(file);
}

UnitSection *unit_file_find(const UnitFile *file, const char *section) {
        for (guint i = 0; i < file->sections->len; i++) {
                UnitSection *s = file->sections->pdata[i];
                if (g_strcmp0(s->name, section) == 0)
                        return s;
        }
        return NULL;
}

UnitSection *unit_file_ensure(UnitFile *file, const char *section) {
        UnitSection *found = unit_file_find(file, section);
        if (found)
                return found;
        UnitSection *s = g_new0(UnitSection, 1);
        s->name = g_strdup(section);
        s->lines = g_ptr_array_new_with_free_func(line_free);
        g_ptr_array_add(file->sections, s);
        return s;
}

static void append_lines(UnitSection *to, const UnitSection *from) {
        for (guint i = 0; i < from->lines->len; i++)
                g_ptr_array_add(to->lines, line_copy(from->lines->pdata[i]));
}

void unit_file_merge(UnitFile *file, const UnitFile *drop_in) {
        for (guint i = 0; i < drop_in->sections->len; i++) {
                const UnitSection *from = drop_in->sections->pdata[i];
                if (!from->name)
                        continue; /* comments on top of a drop-in belong to no section */
                UnitSection *to = unit_file_ensure(file, from->name);
                if (to->line == 0) {
                        to->line = from->line;
                        to->column = from->column;
                }
                append_lines(to, from);
        }
}

UnitFile *unit_file_copy(const UnitFile *file) {
        UnitFile *copy = unit_file_new(file->path);
        for (guint i = 0; i < file->sections->len; i++) {
                const UnitSection *from = file->sections->pdata[i];
                UnitSection *to = unit_file_ensure(copy, from->name);
                to->line = from->line;
                to->column = from->column;
                append_lines(to, from);
        }
        return copy;
}

void unit_file_rename(UnitFile *file, const char *section, const char *name) {
        UnitSection *from = unit_file_find(file, section);
        if (!from)
                return;
        UnitSection *to = unit_file_find(file, name);
        if (!to) {
                g_free(from->name);
                from->name = g_strdup(name);
                return;
        }
        append_lines(to, from);
        g_ptr_array_remove(file->sections, from);
}

const UnitLine *unit_file_last(const UnitFile *file, const char *section, const char *key) {
        const UnitSection *s = unit_file_find(file, section);
        for (guint i = s ? s->lines->len : 0; i > 0; i--) {
                const UnitLine *line = s->lines->pdata[i - 1];
                if (line->key && strcmp(line->key, key) == 0)
                        return line;
        }
        return NULL;
}

GPtrArray *unit_file_all(const UnitFile *file, const char *section, const char *key) {
        GPtrArray *found = g_ptr_array_new();
        const UnitSection *s = unit_file_find(file, section);
        for (guint i = 0; s && i < s->lines->len; i++) {
                UnitLine *line = s->lines->pdata[i];
                if (!line->key || strcmp(line->key, key) != 0)
                        continue;
                /* systemd.syntax(7): an empty assignment resets the list */
                if (line->value[0] == '\0')
                        g_ptr_array_set_size(found, 0);
                else
                        g_ptr_array_add(found, line);
        }
        return found;
}

bool unit_file_has(const UnitFile *file, const char *section, const char *key) {
        return unit_file_last(file, section, key) != NULL;
}

bool unit_file_has_empty(const UnitFile *file, const char *section, const char *key) {
        const UnitSection *s = unit_file_find(file, section);
        for (guint i = 0; s && i < s->lines->len; i++) {
                const UnitLine *line = s->lines->pdata[i];
                if (line->key && strcmp(line->key, key) == 0 && line->value[0] == '\0')
                        return true;
        }
        return false;
}

static UnitLine *line_new(const UnitFile *file, const char *key, const char *value) {
        UnitLine *line = g_new0(UnitLine, 1);
        line->key = g_strdup(key);
        line->value = g_strdup(value);
        line->path = file->path;
        return line;
}

/* Behind the last line that says something: empty lines stay between the sections. */
void unit_file_add(UnitFile *file, const char *section, const char *key, const char *value) {
        GPtrArray *lines = unit_file_ensure(file, section)->lines;
        guint at = lines->len;
        while (at > 0 && !((UnitLine *) lines->pdata[at - 1])->key &&
               ((UnitLine *) lines->pdata[at - 1])->value[0] == '\0')
                at--;
        g_ptr_array_insert(lines, (gint) at, line_new(file, key, value));
}

void unit_file_add_first(UnitFile *file, const char *section, const char *key, const char *value) {
        g_ptr_array_insert(unit_file_ensure(file, section)->lines, 0, line_new(file, key, value));
}

void unit_file_set(UnitFile *file, const char *section, const char *key, const char *value) {
        UnitLine *line = (UnitLine *) unit_file_last(file, section, key);
        if (!line) {
                unit_file_add(file, section, key, value);
                return;
        }
        g_free(line->value);
        line->value = g_strdup(value);
}

void unit_file_set_default(
                UnitFile *file, const char *section, const char *key, const char *value) {
        if (!unit_file_has(file, section, key))
                unit_file_add(file, section, key, value);
}

void unit_file_remove(UnitFile *file, const char *section, const char *key) {
        UnitSection *s = unit_file_find(file, section);
        for (guint i = s ? s->lines->len : 0; i > 0; i--) {
                const UnitLine *line = s->lines->pdata[i - 1];
                if (line->key && strcmp(line->key, key) == 0)
                        g_ptr_array_remove_index(s->lines, i - 1);
        }
}

char *unit_file_format(const UnitFile *file) {
        GString *text = g_string_sized_new(1024);
        for (guint i = 0; i < file->sections->len; i++) {
                const UnitSection *s = file->sections->pdata[i];
                if (s->name) {
                        if (text->len > 1 && !g_str_has_suffix(text->str, "\n\n"))
                                g_string_append_c(text, '\n');
                        g_string_append_printf(text, "[%s]\n", s->name);
                }
                for (guint j = 0; j < s->lines->len; j++) {
                        const UnitLine *line = s->lines->pdata[j];
                        if (line->key) {
                                g_string_append(text, line->key);
                                g_string_append_c(text, '=');
                        }
                        g_string_append(text, line->value);
                        g_string_append_c(text, '\n');
                }
        }
        return g_string_free(text, FALSE);
}
