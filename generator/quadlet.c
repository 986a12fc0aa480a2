/* SPDX-License-Identifier: Apache-2.0 */
/* Reading keys: from assignments with line numbers to values, by the kind that the table gives. */
#include "generator/quadlet.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "unit/words.h"

static char *escape_specifiers(const char *path) {
        if (!strchr(path, '%'))
                return g_strdup(path);
        g_auto(GStrv) parts = g_strsplit(path, "%", -1);
        return g_strjoinv("%%", parts);
}

Quadlet *quadlet_new(const char *path) {
        Quadlet *q = g_new0(Quadlet, 1);
        q->path = g_strdup(path);
        const char *slash = strrchr(q->path, '/');
        q->file_name = slash ? slash + 1 : q->path;
        q->folder = g_path_get_dirname(path);
        q->base = escape_specifiers(q->folder);
        q->type = quadlet_type_of_file(q->file_name);
        q->diagnostics = diagnostics_new();
        g_assert(q->type && unit_name_parse(q->file_name, &q->name));
        return q;
}

void quadlet_free(Quadlet *q) {
        if (!q)
                return;
        g_free(q->path);
        g_free(q->folder);
        g_free(q->base);
        unit_name_clear(&q->name);
        unit_file_free(q->file);
        diagnostics_free(q->diagnostics);
        g_free(q->service);
        g_free(q->resource);
        g_clear_pointer(&q->pod_members, g_ptr_array_unref);
        unit_file_free(q->unit);
        g_free(q);
}

bool quadlet_is_template(const Quadlet *q) {
        return q->name.instance && q->name.instance[0] == '\0';
}

bool quadlet_has_instance(const Quadlet *q) {
        return q->name.instance && q->name.instance[0] != '\0';
}

static void add(Quadlet *q,
                DiagnosticSeverity severity,
                const UnitLine *line,
                const char *code,
                const char *suggestion,
                const char *format,
                va_list ap) {
        g_autofree char *text = g_strdup_vprintf(format, ap);
        const UnitSection *section = q->section;
        if (line && line->line > 0)
                diagnostics_add(q->diagnostics, severity, code, line->path, line->line,
                                line->value_column, suggestion, "%s", text);
        else /* what is missing is missing in the section */
                diagnostics_add(q->diagnostics, severity, code, q->path,
                                section ? section->line : 0, section ? section->column : 0,
                                suggestion, "%s", text);
}

void quadlet_error(
                Quadlet *q,
                const UnitLine *line,
                const char *code,
                const char *suggestion,
                const char *format,
                ...) {
        va_list ap;
        va_start(ap, format);
        add(q, DIAGNOSTIC_ERROR, line, code, suggestion, format, ap);
        va_end(ap);
}

void quadlet_warn(
                Quadlet *q,
                const UnitLine *line,
                const char *code,
                const char *suggestion,
                const char *format,
                ...) {
        va_list ap;
        va_start(ap, format);
        add(q, DIAGNOSTIC_WARNING, line, code, suggestion, format, ap);
        va_end(ap);
}

char *quadlet_unquote(const char *value) {
        size_t n = strlen(value);
        while (n > 0 && g_ascii_isspace(value[n - 1]))
                n--;
        if (n >= 2 && value[0] == '"' && value[n - 1] == '"')
                return g_strndup(value + 1, n - 2);
        return g_strndup(value, n);
}

static const KeyRow *row_of(const Quadlet *q, const char *key) {
        const KeyRow *row = key_find(q->type->rows, key);
        g_assert(row);
        return row;
}

static uint64_t initial(const char *key) {
        return UINT64_C(1) << ((unsigned char) key[0] % 64);
}

void quadlet_index(Quadlet *q, const KeyRow *row) {
        size_t n = (size_t) (row - q->type->rows);
        g_assert(n < 64 * G_N_ELEMENTS(q->present));
        q->present[n / 64] |= UINT64_C(1) << (n % 64);
        q->initials |= initial(row->name);
}

const KeyRow *quadlet_next_row(const Quadlet *q, const KeyRow *row) {
        size_t n = (size_t) (row - q->type->rows);
        for (size_t word = n / 64; word < G_N_ELEMENTS(q->present); word++) {
                uint64_t bits = q->present[word];
                if (word == n / 64)
                        bits &= ~UINT64_C(0) << (n % 64);
                if (bits != 0)
                        return q->type->rows + word * 64 + (size_t) __builtin_ctzll(bits);
        }
        return NULL;
}

static const UnitLine *last(const Quadlet *q, const char *key) {
        return q->initials & initial(key) ? unit_section_last(q->section, key) : NULL;
}

bool quadlet_has(const Quadlet *q, const char *key) {
        return last(q, key) != NULL;
}

const UnitLine *quadlet_line(const Quadlet *q, const char *key) {
        const UnitLine *line = last(q, key);
        if (!line || (line->value[0] == '\0' && !(row_of(q, key)->flags & KEY_EMPTY_IS_SET)))
                return NULL;
        return line;
}

char *quadlet_string(const Quadlet *q, const char *key) {
        const UnitLine *line = quadlet_line(q, key);
        if (!line)
                return NULL;
        g_autofree char *text = quadlet_unquote(line->value);
        if (text[0] == '\0' && !(row_of(q, key)->flags & KEY_EMPTY_IS_SET))
                return NULL;
        return g_steal_pointer(&text);
}

bool quadlet_section_bool(Quadlet *q, const char *section, const char *key, bool otherwise) {
        const UnitLine *line = unit_file_last(q->file, section, key);
        if (!line)
                return otherwise;
        g_autofree char *text = quadlet_unquote(line->value);
        bool value = false;
        if (text[0] != '\0' && !text_parse_bool(text, &value)) {
                quadlet_warn(q, line, "invalid-value", "use 'yes' or 'no'",
                             "%s=%s is not a boolean, reading it as false", key, text);
                return false;
        }
        return value;
}

bool quadlet_bool(Quadlet *q, const char *key, bool otherwise) {
        return quadlet_section_bool(q, q->type->section, key, otherwise);
}

const char *quadlet_value_text(const GPtrArray *values, guint i) {
        return ((QuadletValue *) values->pdata[i])->text;
}

static void value_add(Quadlet *q, GPtrArray *values, const char *text, const UnitLine *line) {
        QuadletValue *value = arena_alloc(q->file->arena, sizeof(QuadletValue));
        value->text = text;
        value->line = line;
        g_ptr_array_add(values, value);
}

static void split_line(Quadlet *q, const UnitLine *line, WordsMode mode, GPtrArray *values) {
        if (words_is_one(line->value)) {
                value_add(q, values, line->value, line);
                return;
        }
        g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GError) error = NULL;
        if (!words_split(line->value, mode, words, &error)) {
                quadlet_warn(q, line, "invalid-value",
                             mode == WORDS_COMMAND ? "write '\\\\' for a backslash" : NULL,
                             "Cannot split the value of %s=: %s, ignoring this line", line->key,
                             error->message);
                return;
        }
        for (guint i = 0; i < words->len; i++)
                value_add(q, values,
                          arena_strndup(q->file->arena, words->pdata[i], strlen(words->pdata[i])),
                          line);
}

static gint compare_pairs(gconstpointer a, gconstpointer b) {
        const QuadletValue *x = *(const QuadletValue *const *) a;
        const QuadletValue *y = *(const QuadletValue *const *) b;
        size_t nx = strcspn(x->text, "="), ny = strcspn(y->text, "=");
        int r = strncmp(x->text, y->text, MIN(nx, ny));
        return r != 0 ? r : (nx > ny) - (nx < ny);
}

/* Sorted by name; of equal names the last stays (the sort of GLib is stable for arrays). */
static void settle_pairs(GPtrArray *values) {
        g_ptr_array_sort(values, compare_pairs);
        for (guint i = values->len; i > 1; i--)
                if (compare_pairs(&values->pdata[i - 2], &values->pdata[i - 1]) == 0)
                        g_ptr_array_remove_index(values, i - 2);
}

GPtrArray *quadlet_values(Quadlet *q, const char *key) {
        GPtrArray *values = g_ptr_array_new();
        if (!quadlet_has(q, key))
                return values;
        const KeyRow *row = row_of(q, key);
        if (row->kind == KEY_COMMAND) {
                const UnitLine *line = quadlet_line(q, key);
                if (line)
                        split_line(q, line, WORDS_COMMAND, values);
                return values;
        }
        g_autoptr(GPtrArray) lines = unit_file_all(q->file, q->type->section, key);
        for (guint i = 0; i < lines->len; i++) {
                const UnitLine *line = lines->pdata[i];
                if (row->kind == KEY_LIST)
                        value_add(q, values, line->value, line);
                else
                        split_line(q, line, row->kind == KEY_WORDS ? WORDS_PLAIN : WORDS_COMMAND,
                                   values);
        }
        if (row->kind == KEY_PAIRS)
                settle_pairs(values);
        return values;
}

GPtrArray *quadlet_section_words(Quadlet *q, const char *section, const char *key) {
        GPtrArray *values = g_ptr_array_new();
        if (!unit_file_has(q->file, section, key))
                return values;
        g_autoptr(GPtrArray) lines = unit_file_all(q->file, section, key);
        for (guint i = 0; i < lines->len; i++)
                split_line(q, lines->pdata[i], WORDS_PLAIN, values);
        return values;
}

char *quadlet_source_path(const Quadlet *q) {
        return escape_specifiers(q->path);
}

char *quadlet_absolute_path(const Quadlet *q, const char *path) {
        if (path[0] == '/' || (path[0] == '%' && path[1] != '%'))
                return NULL;
        return g_canonicalize_filename(path, q->base);
}

bool quadlet_is_url(const char *text) {
        static const char *const schemes[] = { "http://", "https://", "git://", "git@", "ssh://" };
        for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
                if (g_str_has_prefix(text, schemes[i]))
                        return true;
        /* podman-build(1): "github.com/user/repository" is a repository, too */
        return g_str_has_prefix(text, "github.com/") && strlen(text) > strlen("github.com/");
}
