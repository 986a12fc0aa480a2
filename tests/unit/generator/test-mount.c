/* SPDX-License-Identifier: Apache-2.0 */
#include "generator/mount.h"

static void both_ways(void) {
        static const char *const rows[] = { "a,b=c", "\"a,b\",c", "\"q\"\"q\"", "", ",", "a," };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autoptr(GPtrArray) fields = csv_split(rows[i]);
                g_assert_nonnull(fields);
                g_autofree char *text = csv_join(fields);
                g_assert_cmpstr(text, ==, rows[i]);
        }
}

static void broken(void) {
        static const char *const rows[] = { "\"a", "a\"b", "\"a\"b" };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                g_assert_null(csv_split(rows[i]));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/generator/mount/csv-goes-both-ways", both_ways);
        g_test_add_func("/generator/mount/broken-csv-is-refused", broken);
        return g_test_run();
}
