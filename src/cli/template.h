/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

/* The part of Go's templates that people write after --format: text, "{{.Field.Inner}}",
 * "{{json .Field}}", "{{index .Map \"key\"}}", "table ..." for aligned columns with headings, and
 * the escapes \t and \n. A field that does not exist is an error. */

/* The text for one object. Caller frees; NULL on error. */
char *template_format(const char *format, JsonObject *fields, GError **error);

/* One line per object (JsonObject) on standard output. */
bool template_print(const char *format, GPtrArray *objects, bool headings, GError **error);
