/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "generator/set.h"

/* All findings about unit files: those of the conversion, and what only a reader wants to know. */

typedef struct LintTarget {
        unsigned int major; /* 0: berth itself, which knows every key */
        unsigned int minor;
} LintTarget;

/* "berth", "podman-5.4"; false for anything else. */
bool lint_target_parse(const char *text, LintTarget *ret_target);

/* Converts the set and collects what is to be said about the files in paths (of char *, a set;
 * NULL: all), sorted by place. Caller frees. */
Diagnostics *lint(QuadletSet *set, LintTarget target, GHashTable *paths);

typedef struct LintCode {
        const char *code;
        const char *help;
} LintCode;

/* Every code a finding can have, with what it means; ends with a row without a code. */
const LintCode *lint_codes(void);
