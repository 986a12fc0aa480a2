/* SPDX-License-Identifier: Apache-2.0 */
/* The model of a unit file: look-ups, changes and the text form. parse.c fills it. */
#include "unit/file.h"

#include <string.h>

UnitLine *unit_line_new(UnitFile *file, const char *key, const char *value) {
        UnitLine *line = arena_alloc(file->arena, sizeof(UnitLine));
        line->key_size = key ? (unsigned int) strlen(key) : 0;
        line->value_size = value ? (unsigned int) strlen(value) : 0;
        line->key = key ? arena_strndup(file->arena, key, line->key_size) : NULL;
        line->value = value ? arena_strndup(file->arena, value, line->value_size) : NULL;
        line->path = file->path;
        return line;
}

static void section_free(gpointer data) {
        UnitSection *section = data;
        g_ptr_array_unref(section->lines); /* the rest lies in the arena */
}

static UnitFile *file_new(const char *path, Arena *arena) {
        UnitFile *file = g_new0(UnitFile, 1);
        file->path = path;
        file->arena = arena;
        file->sections = g_ptr_array_new_with_free_func(section_free);
        return file;
}

UnitFile *unit_file_new(const char *path) {
        return file_new(g_intern_string(path), arena_new());
}

void unit_file_free(UnitFile *file) {
        if (!file)
                return;
        g_ptr_array_unref(file->sections);
        arena_unref(file->arena);
        g_free(file);
}

static bool is_section(const UnitSection *s, const char *name) {
        if (!s->name || !name)
                return s->name == name;
        return s->name[0] == name[0] && strcmp(s->name, name) == 0;
}

UnitSection *unit_file_find(const UnitFile *file, const char *section) {
        for (guint i = 0; i < file->sections->len; i++)
                if (is_section(file->sections->pdata[i], section))
                        return file->sections->pdata[i];
        return NULL;
}

static const char *keep_name(UnitFile *file, const char *section) {
        return section ? arena_strndup(file->arena, section, strlen(section)) : NULL;
}

UnitSection *unit_file_ensure(UnitFile *file, const char *section) {
        UnitSection *found = unit_file_find(file, section);
        if (found)
                return found;
        UnitSection *s = arena_alloc(file->arena, sizeof(UnitSection));
        s->name = keep_name(file, section);
        s->lines = g_ptr_array_sized_new(32);
        g_ptr_array_add(file->sections, s);
        return s;
}

/* Lines of another arena are copied, those of the same one are shared. */
static void
append_lines(UnitFile *file, UnitSection *to, const UnitFile *other, const UnitSection *from) {
        for (guint i = 0; i < from->lines->len; i++) {
                UnitLine *line = from->lines->pdata[i];
                if (other->arena != file->arena) {
                        const UnitLine *original = line;
                        line = unit_line_new(file, original->key, original->value);
                        line->path = original->path;
                        line->line = original->line;
                        line->column = original->column;
                        line->value_column = original->value_column;
                }
                g_ptr_array_add(to->lines, line);
        }
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
                append_lines(file, to, drop_in, from);
        }
}

UnitFile *unit_file_copy(const UnitFile *file) {
        UnitFile *copy = file_new(file->path, arena_ref(file->arena));
        for (guint i = 0; i < file->sections->len; i++) {
                const UnitSection *from = file->sections->pdata[i];
                UnitSection *to = unit_file_ensure(copy, from->name);
                to->line = from->line;
                to->column = from->column;
                append_lines(copy, to, file, from);
        }
        return copy;
}

void unit_file_rename(UnitFile *file, const char *section, const char *name) {
        UnitSection *from = unit_file_find(file, section);
        if (!from)
                return;
        UnitSection *to = unit_file_find(file, name);
        if (!to) {
                from->name = keep_name(file, name);
                return;
        }
        append_lines(file, to, file, from);
        g_ptr_array_remove(file->sections, from);
}

void unit_file_remove_section(UnitFile *file, const char *section) {
        UnitSection *s = unit_file_find(file, section);
        if (s)
                g_ptr_array_remove(file->sections, s);
}

/* The first letters differ nearly always, and this is what a run spends its time on. */
static bool is_key(const UnitLine *line, const char *key) {
        return line->key && line->key[0] == key[0] && strcmp(line->key, key) == 0;
}

const UnitLine *unit_section_last(const UnitSection *section, const char *key) {
        for (guint i = section ? section->lines->len : 0; i > 0; i--)
                if (is_key(section->lines->pdata[i - 1], key))
                        return section->lines->pdata[i - 1];
        return NULL;
}

const UnitLine *unit_file_last(const UnitFile *file, const char *section, const char *key) {
        return unit_section_last(unit_file_find(file, section), key);
}

GPtrArray *unit_file_all(const UnitFile *file, const char *section, const char *key) {
        GPtrArray *found = g_ptr_array_new();
        const UnitSection *s = unit_file_find(file, section);
        for (guint i = 0; s && i < s->lines->len; i++) {
                UnitLine *line = s->lines->pdata[i];
                if (!is_key(line, key))
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
                if (is_key(line, key) && line->value[0] == '\0')
                        return true;
        }
        return false;
}

/* Behind the last line that says something: empty lines stay between the sections. */
void unit_file_add(UnitFile *file, const char *section, const char *key, const char *value) {
        GPtrArray *lines = unit_file_ensure(file, section)->lines;
        guint at = lines->len;
        while (at > 0 && !((UnitLine *) lines->pdata[at - 1])->key &&
               ((UnitLine *) lines->pdata[at - 1])->value[0] == '\0')
                at--;
        g_ptr_array_insert(lines, (gint) at, unit_line_new(file, key, value));
}

void unit_file_add_first(UnitFile *file, const char *section, const char *key, const char *value) {
        g_ptr_array_insert(
                        unit_file_ensure(file, section)->lines, 0, unit_line_new(file, key, value));
}

void unit_file_set(UnitFile *file, const char *section, const char *key, const char *value) {
        UnitSection *s = unit_file_find(file, section);
        for (guint i = s ? s->lines->len : 0; i > 0; i--)
                if (is_key(s->lines->pdata[i - 1], key)) {
                        s->lines->pdata[i - 1] = unit_line_new(file, key, value);
                        return;
                }
        unit_file_add(file, section, key, value);
}

void unit_file_set_default(
                UnitFile *file, const char *section, const char *key, const char *value) {
        if (!unit_file_has(file, section, key))
                unit_file_add(file, section, key, value);
}

void unit_file_remove(UnitFile *file, const char *section, const char *key) {
        UnitSection *s = unit_file_find(file, section);
        for (guint i = s ? s->lines->len : 0; i > 0; i--) {
                if (is_key(s->lines->pdata[i - 1], key))
                        g_ptr_array_remove_index(s->lines, i - 1);
        }
}

static size_t formatted_size(const UnitFile *file) {
        size_t size = 1;
        for (guint i = 0; i < file->sections->len; i++) {
                const UnitSection *s = file->sections->pdata[i];
                size += s->name ? strlen(s->name) + strlen("\n[]\n") : 0;
                for (guint j = 0; j < s->lines->len; j++) {
                        const UnitLine *line = s->lines->pdata[j];
                        size += (size_t) line->key_size + line->value_size + strlen("=\n");
                }
        }
        return size;
}

static char *put(char *at, const char *text, size_t size) {
        memcpy(at, text, size);
        return at + size;
}

char *unit_file_format(const UnitFile *file) {
        char *text = g_malloc(formatted_size(file));
        char *at = text;
        for (guint i = 0; i < file->sections->len; i++) {
                const UnitSection *s = file->sections->pdata[i];
                if (s->name) {
                        /* one empty line above a header */
                        if (at - text > 1 && !(at[-1] == '\n' && at[-2] == '\n'))
                                *at++ = '\n';
                        *at++ = '[';
                        at = put(at, s->name, strlen(s->name));
                        at = put(at, "]\n", 2);
                }
                for (guint j = 0; j < s->lines->len; j++) {
                        const UnitLine *line = s->lines->pdata[j];
                        if (line->key) {
                                at = put(at, line->key, line->key_size);
                                *at++ = '=';
                        }
                        at = put(at, line->value, line->value_size);
                        *at++ = '\n';
                }
        }
        *at = '\0';
        return text;
}
