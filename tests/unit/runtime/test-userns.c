/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/error.h"
#include "oci/spec.h"
#include "runtime/idmap.h"
#include "runtime/userns.h"

static void finds_hosts(void) {
        g_autoptr(GArray) map = oci_id_map_new();
        uint32_t host;
        oci_id_map_add(map, 0, 999, 1);
        oci_id_map_add(map, 1, 100000, 65535);
        g_assert_true(id_map_to_host(map, 0, &host));
        g_assert_cmpuint(host, ==, 999);
        g_assert_true(id_map_to_host(map, 1000, &host));
        g_assert_cmpuint(host, ==, 100999);
        g_assert_false(id_map_to_host(map, 65536, &host));
        g_assert_cmpuint(id_map_size(map), ==, 65536);
        g_autofree char *text = id_map_format(map);
        g_assert_cmpstr(text, ==, "0 999 1\n1 100000 65535\n");
}

static void refuses_overlaps(void) {
        static const OciIdMapping bad[][2] = {
                { { 0, 1000, 10 }, { 9, 2000, 1 } },   /* the same id inside */
                { { 0, 1000, 10 }, { 10, 1009, 10 } }, /* and outside */
                { { 0, UINT32_MAX - 5, 10 }, { 20, 1, 1 } },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(GArray) map = oci_id_map_new();
                g_autoptr(GError) error = NULL;
                g_array_append_vals(map, bad[i], 2);
                g_assert_false(id_map_check(map, "uid", &error));
                g_assert_error(error, ERROR_ERRNO, EINVAL);
        }
}

static void parses_rows(void) {
        IdMapRow row;
        g_autoptr(GError) error = NULL;
        g_assert_true(id_map_row_parse("0:100000:65536", "UID", &row, &error));
        g_assert_true(row.for_uids && row.for_gids && !row.is_extension && !row.is_host_id);
        g_assert_cmpuint(row.size, ==, 65536);
        g_assert_true(id_map_row_parse("+u5:@1000", "UID", &row, &error));
        g_assert_true(row.for_uids && !row.for_gids && row.is_extension && row.is_host_id);
        g_assert_cmpuint(row.container, ==, 5);
        g_assert_cmpuint(row.from, ==, 1000);
        g_assert_cmpuint(row.size, ==, 1);
        static const char *const bad[] = { "x", "1", "1:2:3:4", "1:-2", "1:@", "4294967295:0", "" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(GError) inner = NULL;
                g_assert_false(id_map_row_parse(bad[i], "UID", &row, &inner));
                g_assert_nonnull(g_strstr_len(inner->message, -1, "UID setting is malformed"));
        }
}

static void overrides_rows(void) {
        g_autoptr(GArray) map = oci_id_map_new();
        oci_id_map_add(map, 0, 100, 10);
        id_map_override(map, 4, 5000, 2);
        uint32_t host;
        static const struct {
                uint32_t inside, outside;
        } rows[] = { { 3, 103 }, { 4, 5000 }, { 5, 5001 }, { 6, 106 }, { 9, 109 } };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_assert_true(id_map_to_host(map, rows[i].inside, &host));
                g_assert_cmpuint(host, ==, rows[i].outside);
        }
        g_assert_cmpuint(map->len, ==, 3);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/runtime/userns/finds-host-ids", finds_hosts);
        g_test_add_func("/runtime/userns/refuses-overlapping-maps", refuses_overlaps);
        g_test_add_func("/runtime/userns/parses-map-rows", parses_rows);
        g_test_add_func("/runtime/userns/puts-a-row-over-others", overrides_rows);
        return g_test_run();
}
