/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes -> UnitFile, after systemd.syntax(7).
 *
 * Where Quadlet files in the wild depend on it, Quadlet's own reading is kept: CRLF is fine, blanks
 * behind a trailing backslash are tolerated, and comments and empty lines inside a continued
 * assignment are passed over. Lines join with one blank, as in systemd, unless one is there. */
#include "unit/parse.h"

#include <string.h>

typedef struct Parser {
        const char *path; /* interned */
        const char *at;
        const char *end;
        unsigned int number; /* of the line read last */
        unsigned int n_lines;
        UnitFile *file;
        UnitSection *section;
        bool in_section;
        Diagnostics *diagnostics;
} Parser;

typedef struct Span {
        const char *text; /* trimmed at both ends */
        size_t size;
        unsigned int column;
} Span;

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool next_line(Parser *p, Span *ret_span) {
        if (p->at >= p->end)
                return false;
        const char *start = p->at;
        const char *stop = memchr(start, '\n', (size_t) (p->end - start));
        p->at = stop ? stop + 1 : p->end;
        if (!stop)
                stop = p->end;
        p->number++;
        const char *text = start;
        while (text < stop && is_blank(*text))
                text++;
        while (stop > text && is_blank(stop[-1]))
                stop--;
        *ret_span = (Span){ text, (size_t) (stop - text), (unsigned int) (text - start) + 1 };
        return true;
}

static bool is_comment(const Span *span) {
        return span->size > 0 && (span->text[0] == '#' || span->text[0] == ';');
}

static void syntax_error(Parser *p, unsigned int column, const char *suggestion, const char *text) {
        diagnostics_add(p->diagnostics, DIAGNOSTIC_ERROR, "syntax", p->path, p->number, column,
                        suggestion, "%s", text);
}

static void add_comment(Parser *p, const Span *span) {
        UnitSection *section = p->in_section ? p->section : unit_file_ensure(p->file, NULL);
        if (!section)
                return;
        UnitLine *line = unit_line_new(p->file, NULL, NULL);
        line->value = arena_strndup(p->file->arena, span->text, span->size);
        line->value_size = (unsigned int) span->size;
        line->line = p->number;
        g_ptr_array_add(section->lines, line);
}

static void begin_section(Parser *p, const Span *span) {
        p->in_section = true;
        p->section = NULL;
        const char *close = memchr(span->text, ']', span->size);
        const char *why = NULL;
        if (!close)
                why = "Section header without ']'";
        else if (close != span->text + span->size - 1)
                why = "Text behind the ']' of a section header";
        else if (span->size == 2)
                why = "Section header without a name";
        for (size_t i = 1; !why && i + 1 < span->size; i++)
                if (span->text[i] == '[' || g_ascii_iscntrl(span->text[i]))
                        why = "Section header with a bracket or control character in its name";
        if (why) {
                syntax_error(p, span->column, NULL, why);
                return; /* its lines go nowhere, rather than into the section before */
        }
        g_autofree char *name = g_strndup(span->text + 1, span->size - 2);
        p->section = unit_file_ensure(p->file, name);
        if (p->section->line == 0) {
                p->section->line = p->number;
                p->section->column = span->column;
        }
}

/* A line continues when it ends in an odd number of backslashes: "\\" at the end is a backslash. */
static bool is_continued(const char *text, size_t size) {
        size_t n = 0;
        while (n < size && text[size - 1 - n] == '\\')
                n++;
        return n % 2 == 1;
}

static void join(GString *value, const Span *span) {
        if (value->len > 0 && span->size > 0 && !is_blank(value->str[value->len - 1]))
                g_string_append_c(value, ' ');
        g_string_append_len(value, span->text, (gssize) span->size);
}

static void note_swallowed(Parser *p, const Span *span, bool over_empty, unsigned int first) {
        bool header = span->size > 2 && span->text[0] == '[' && span->text[span->size - 1] == ']' &&
                      g_ascii_isupper(span->text[1]);
        if (!header && !over_empty)
                return;
        g_autofree char *hint = g_strdup_printf("remove the '\\' that line %u ends in", first);
        diagnostics_add(p->diagnostics, DIAGNOSTIC_WARNING, "continuation", p->path, p->number,
                        span->column, hint,
                        header ? "A section header is read as part of the value above it"
                               : "Line is read as part of the value above the empty line");
}

/* Reads on while the value ends in a backslash. */
static void read_continuation(Parser *p, GString *value) {
        bool over_empty = false;
        while (is_continued(value->str, value->len)) {
                g_string_truncate(value, value->len - 1);
                unsigned int before = p->number;
                Span span = { 0 };
                bool found = false;
                while (next_line(p, &span)) {
                        found = span.size > 0 && !is_comment(&span);
                        over_empty = over_empty || span.size == 0;
                        if (found)
                                break;
                }
                if (!found)
                        return;
                note_swallowed(p, &span, over_empty, before);
                join(value, &span);
        }
}

/* The value that begins with text, continuations joined; in the arena. */
static const char *read_value(Parser *p, const char *text, size_t size) {
        if (!is_continued(text, size))
                return arena_strndup(p->file->arena, text, size);
        g_autoptr(GString) value = g_string_new_len(text, (gssize) size);
        read_continuation(p, value);
        /* a value that ended in a backslash would take the next line of the output with it */
        while (value->len > 0 &&
               (is_blank(value->str[value->len - 1]) || is_continued(value->str, value->len)))
                g_string_truncate(value, value->len - 1);
        return arena_strndup(p->file->arena, value->str, value->len);
}

static void add_assignment(Parser *p, const Span *span) {
        unsigned int number = p->number;
        const char *equal = memchr(span->text, '=', span->size);
        if (!equal || equal == span->text) {
                syntax_error(p, span->column,
                             equal ? NULL : "comments begin with '#', settings are Key=value",
                             equal ? "Assignment without a key" : "Line is not an assignment");
                /* swallow what would have been its continuation */
                g_autoptr(GString) rest = g_string_new_len(span->text, (gssize) span->size);
                read_continuation(p, rest);
                return;
        }
        if (!p->in_section)
                syntax_error(p, span->column, "begin with a header such as [Container]",
                             "Assignment before the first section");
        const char *key_end = equal;
        while (is_blank(key_end[-1]))
                key_end--;
        const char *from = equal + 1;
        const char *stop = span->text + span->size;
        while (from < stop && is_blank(*from))
                from++;
        UnitLine *line = unit_line_new(p->file, NULL, NULL);
        line->value = read_value(p, from, (size_t) (stop - from));
        if (!p->section)
                return;
        line->value_size = (unsigned int) strlen(line->value);
        line->key_size = (unsigned int) (key_end - span->text);
        line->key = arena_strndup(p->file->arena, span->text, line->key_size);
        line->line = number;
        line->column = span->column;
        line->value_column = from < stop ? span->column + (unsigned int) (from - span->text)
                                         : span->column;
        g_ptr_array_add(p->section->lines, line);
}

UnitFile *unit_parse(const char *path, const char *bytes, size_t size, Diagnostics *diagnostics) {
        Parser p = { .file = unit_file_new(path), .diagnostics = diagnostics };
        p.path = p.file->path;
        if (size > UNIT_FILE_SIZE_MAX) {
                syntax_error(&p, 0, NULL, "File is larger than a unit file may be (1 MiB)");
                return p.file;
        }
        if (size > 0 && memchr(bytes, '\0', size)) {
                syntax_error(&p, 0, NULL, "File is not text: it has a NUL byte");
                return p.file;
        }
        /* an editor's byte order mark is no reason to refuse the file */
        if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
                bytes += 3;
                size -= 3;
        }
        p.at = bytes;
        p.end = bytes + size;
        for (Span span; next_line(&p, &span);) {
                if (++p.n_lines > UNIT_FILE_LINES_MAX) {
                        syntax_error(&p, 0, NULL, "File has more lines than a unit file may have");
                        break;
                }
                if (span.size == 0 || is_comment(&span))
                        add_comment(&p, &span);
                else if (span.text[0] == '[')
                        begin_section(&p, &span);
                else
                        add_assignment(&p, &span);
        }
        return p.file;
}
