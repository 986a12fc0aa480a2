/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

/* What people write after --format: Go's templates (text/template) over the fields that Podman
 * has, "table ..." for aligned columns with headings, and the escapes \t and \n. A field that does
 * not exist is an error. */

/* The text for one object. Caller frees; NULL on error. */
char *template_format(const char *format, JsonObject *fields, GError **error);

typedef struct TemplateHeading {
        const char *field; /* "ID"; NULL ends the list */
        const char *heading;
} TemplateHeading;

/* One line per object (JsonObject) on standard output; a format that ranges over the list itself is
 * used once. Headings of a table are the fields' names ("CreatedAt": CREATED AT) but for those in
 * names (may be NULL). */
bool template_print_named(
                const char *format,
                GPtrArray *objects,
                bool headings,
                const TemplateHeading *names,
                GError **error);
bool template_print(const char *format, GPtrArray *objects, bool headings, GError **error);

/* "json", and what else asks for the whole list as JSON. */
bool template_is_json(const char *format);

/* The objects as a JSON array on standard output. */
void template_print_json(GPtrArray *objects);
