/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Aligned columns as Podman prints them: at least 12 wide, two blanks between. */
typedef struct Table Table;

Table *table_new(const char *const *headings); /* NULL-terminated */
void table_free(Table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

/* Adds a row; takes ownership of the NULL-terminated vector. */
void table_add(Table *table, char **cells);
void table_print(const Table *table, bool headings);
