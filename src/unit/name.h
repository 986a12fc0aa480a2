/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Unit names, systemd.unit(5): "prefix@instance.suffix", and the specifiers made from them. */

#define UNIT_NAME_MAX 255

typedef struct UnitName {
        char *stem;     /* up to the last dot: "web@a" */
        char *prefix;   /* before the '@': "web" */
        char *instance; /* NULL without '@'; "" for a template */
        char *suffix;   /* behind the last dot: "container" */
} UnitName;

void unit_name_clear(UnitName *name);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UnitName, unit_name_clear)

/* False when there is no dot or nothing before it. */
bool unit_name_parse(const char *text, UnitName *ret_name);

/* Letters, digits, ":-_.\\@" and not longer than UNIT_NAME_MAX. */
bool unit_name_is_valid(const char *text);

/* systemd.unit(5) "String Escaping for Inclusion in Unit Names"; caller frees. */
char *unit_name_escape(const char *text);
char *unit_name_unescape(const char *text); /* NULL on a broken escape */

/* Text as another unit has to write it: the specifiers that follow from the name of service (%n %N
 * %p %P %j %J, %i %I of an instance) are replaced; what means the same in every unit, and %i of a
 * template, stays. Caller frees. */
char *unit_name_expand(const char *service, const char *text);

/* The first specifier letter in text that systemd does not know, or '\0'; a single '%' at the end
 * counts as one ('%'). *ret_offset says where. */
char unit_name_unknown_specifier(const char *text, size_t *ret_offset);
