/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Findings in files that users write. The parser collects them and goes on; one list feeds the
 * generator's log, the loud unit, `berth quadlet lint` and the tests. */

typedef enum DiagnosticSeverity {
        DIAGNOSTIC_ERROR,   /* the unit cannot be used */
        DIAGNOSTIC_WARNING, /* the assignment is ignored or doubtful, the unit is used */
        DIAGNOSTIC_NOTE,
} DiagnosticSeverity;

typedef struct Diagnostic {
        char *path;
        unsigned int line;   /* from 1; 0 = the whole file */
        unsigned int column; /* from 1, in bytes; 0 = the whole line */
        DiagnosticSeverity severity;
        const char *code; /* stable, static: "unknown-key" */
        char *text;
        char *suggestion; /* may be NULL: "did you mean 'Image='?" */
} Diagnostic;

typedef struct Diagnostics {
        GPtrArray *items; /* of Diagnostic, owned, in the order found */
        unsigned int n_errors;
        unsigned int n_warnings;
} Diagnostics;

Diagnostics *diagnostics_new(void);
void diagnostics_free(Diagnostics *diagnostics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Diagnostics, diagnostics_free)

/* Adds one finding. Past DIAGNOSTICS_MAX only the counters move: a hostile file does not fill
 * memory. */
#define DIAGNOSTICS_MAX 1000
void diagnostics_add(
                Diagnostics *diagnostics,
                DiagnosticSeverity severity,
                const char *code,
                const char *path,
                unsigned int line,
                unsigned int column,
                const char *suggestion,
                const char *format,
                ...) G_GNUC_PRINTF(8, 9);

const char *diagnostic_severity_to_text(DiagnosticSeverity severity);

/* "path:line:column: error: text (suggestion) [code]", the form that editors jump to. Caller frees.
 */
char *diagnostic_format(const Diagnostic *diagnostic);

/* The row of names nearest to word by edit distance, or NULL when none is near enough. */
const char *diagnostic_nearest(const char *word, const char *const *names);
