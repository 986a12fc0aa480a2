/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "generator/quadlet.h"

/* Mount= in CSV form. Resolves the source and gives the word behind --mount; NULL when that was an
 * error. Caller frees. */
char *mount_resolve(Quadlet *quadlet, const char *value, const UnitLine *line);

/* RFC 4180 fields of one record; NULL on a misplaced or unclosed quote. */
GPtrArray *csv_split(const char *text);
char *csv_join(const GPtrArray *fields);
