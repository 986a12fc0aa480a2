/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned output for people. */
#include "cli/table.h"

#include <stdio.h>

#define COLUMN_MIN 12
#define COLUMN_GAP 2

struct Table {
        char **headings;
        GPtrArray *rows; /* of char ** */
};

Table *table_new(const char *const *headings) {
        Table *table = g_new0(Table, 1);
        table->headings = g_strdupv((char **) headings);
        table->rows = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
        return table;
}

void table_free(Table *table) {
        if (!table)
                return;
        g_strfreev(table->headings);
        g_ptr_array_unref(table->rows);
        g_free(table);
}

void table_add(Table *table, char **cells) {
        g_ptr_array_add(table->rows, cells);
}

static void print_row(char **cells, const glong *widths, guint n) {
        for (guint i = 0; i < n && cells[i]; i++) {
                glong pad = i + 1 < n ? widths[i] - g_utf8_strlen(cells[i], -1) : 0;
                printf("%s%*s", cells[i], (int) MAX(pad, 0), "");
        }
        putchar('\n');
}

void table_print(const Table *table, bool headings) {
        guint n = g_strv_length(table->headings);
        g_autofree glong *widths = g_new0(glong, n);
        for (guint i = 0; i < n; i++) {
                widths[i] = headings ? g_utf8_strlen(table->headings[i], -1) + COLUMN_GAP : 0;
                for (guint r = 0; r < table->rows->len; r++) {
                        char **cells = table->rows->pdata[r];
                        widths[i] = MAX(widths[i], g_utf8_strlen(cells[i], -1) + COLUMN_GAP);
                }
                widths[i] = MAX(widths[i], COLUMN_MIN);
        }
        if (headings)
                print_row(table->headings, widths, n);
        for (guint r = 0; r < table->rows->len; r++)
                print_row(table->rows->pdata[r], widths, n);
}
