/* SPDX-License-Identifier: Apache-2.0 */
/* Findings in user files, and the nearest-name search behind "did you mean". */
#include "base/diagnostics.h"

#include <stdarg.h>
#include <string.h>

#define NEAREST_WORD_MAX 64

static void diagnostic_free(gpointer data) {
        Diagnostic *d = data;
        g_free(d->path);
        g_free(d->text);
        g_free(d->suggestion);
        g_free(d);
}

Diagnostics *diagnostics_new(void) {
        Diagnostics *d = g_new0(Diagnostics, 1);
        d->items = g_ptr_array_new_with_free_func(diagnostic_free);
        return d;
}

void diagnostics_free(Diagnostics *diagnostics) {
        if (!diagnostics)
                return;
        g_ptr_array_unref(diagnostics->items);
        g_free(diagnostics);
}

void diagnostics_add(
                Diagnostics *diagnostics,
                DiagnosticSeverity severity,
                const char *code,
                const char *path,
                unsigned int line,
                unsigned int column,
                const char *suggestion,
                const char *format,
                ...) {
        if (severity == DIAGNOSTIC_ERROR)
                diagnostics->n_errors++;
        else if (severity == DIAGNOSTIC_WARNING)
                diagnostics->n_warnings++;
        if (diagnostics->items->len >= DIAGNOSTICS_MAX)
                return;
        Diagnostic *d = g_new0(Diagnostic, 1);
        d->path = g_strdup(path);
        d->line = line;
        d->column = column;
        d->severity = severity;
        d->code = code;
        d->suggestion = g_strdup(suggestion);
        va_list ap;
        va_start(ap, format);
        d->text = g_strdup_vprintf(format, ap);
        va_end(ap);
        g_ptr_array_add(diagnostics->items, d);
}

const char *diagnostic_severity_to_text(DiagnosticSeverity severity) {
        static const char *const texts[] = {
                [DIAGNOSTIC_ERROR] = "error",
                [DIAGNOSTIC_WARNING] = "warning",
                [DIAGNOSTIC_NOTE] = "note",
        };
        return texts[severity];
}

char *diagnostic_format(const Diagnostic *d) {
        GString *s = g_string_new(d->path);
        if (d->line > 0)
                g_string_append_printf(s, ":%u", d->line);
        if (d->line > 0 && d->column > 0)
                g_string_append_printf(s, ":%u", d->column);
        g_string_append_printf(s, ": %s: %s", diagnostic_severity_to_text(d->severity), d->text);
        if (d->suggestion)
                g_string_append_printf(s, " (%s)", d->suggestion);
        g_string_append_printf(s, " [%s]", d->code);
        return g_string_free(s, FALSE);
}

/* Levenshtein distance over two rows, letters compared without case. */
static unsigned int edit_distance(const char *a, size_t na, const char *b, size_t nb) {
        unsigned int row[NEAREST_WORD_MAX + 1];
        for (size_t j = 0; j <= nb; j++)
                row[j] = (unsigned int) j;
        for (size_t i = 1; i <= na; i++) {
                unsigned int diagonal = row[0];
                row[0] = (unsigned int) i;
                for (size_t j = 1; j <= nb; j++) {
                        unsigned int keep = row[j];
                        bool same = g_ascii_tolower(a[i - 1]) == g_ascii_tolower(b[j - 1]);
                        unsigned int best = diagonal + (same ? 0 : 1);
                        best = MIN(best, row[j] + 1);
                        best = MIN(best, row[j - 1] + 1);
                        row[j] = best;
                        diagonal = keep;
                }
        }
        return row[nb];
}

const char *diagnostic_nearest(const char *word, const char *const *names) {
        size_t n = strlen(word);
        if (n == 0 || n > NEAREST_WORD_MAX)
                return NULL;
        const char *best = NULL;
        unsigned int best_distance = (n < 4 ? 1 : (unsigned int) MAX(2, MIN(3, n / 3))) + 1;
        for (; *names; names++) {
                size_t m = strlen(*names);
                if (m > NEAREST_WORD_MAX)
                        continue;
                unsigned int distance = edit_distance(word, n, *names, m);
                if (distance < best_distance) {
                        best_distance = distance;
                        best = *names;
                }
        }
        return best;
}
