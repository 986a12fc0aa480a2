/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "runtime/record.h"

/* The processes of containers as a table, for `top` and `pod top`. */

/* The columns that words ask for, several in a word by commas or blanks; the usual ones without
 * words. NULL for one that nobody knows. Container only is the caller's. */
GPtrArray *process_columns(char *const *words, GError **error);

/* Prints the processes of all records (of ContainerRecord), which run, in one table. */
bool process_table_print(const GPtrArray *records, GPtrArray *columns, GError **error);
