/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json.h"
#include "runtime/cgroup-resources.h"
#include "runtime/cpu-list.h"

static GPtrArray *rows_of(const char *text, GError **error) {
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object;
        g_assert_true(json_parse_object(text, strlen(text), 65536, "t", &root, &object, NULL));
        return resource_rows(root, error);
}

static const char *value_of(const GPtrArray *rows, const char *file) {
        for (guint i = 0; i < rows->len; i++)
                if (strcmp(((ResourceRow *) rows->pdata[i])->file, file) == 0)
                        return ((ResourceRow *) rows->pdata[i])->value;
        return NULL;
}

static void converts(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) rows =
                        rows_of("{\"memory\":{\"limit\":1000,\"swap\":1500,\"reservation\":-1},"
                                "\"cpu\":{\"shares\":1024,\"quota\":50000,\"period\":100000,"
                                "\"cpus\":\"0-1\"},"
                                "\"pids\":{\"limit\":-1},\"blockIO\":{\"weight\":1000,"
                                "\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}]},"
                                "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":7}],"
                                "\"unified\":{\"memory.high\":\"9\"}}",
                                &error);
        g_assert_no_error(error);
        static const struct {
                const char *file, *value;
        } wanted[] = {
                { "memory.max", "1000" },      { "memory.swap.max", "500" },
                { "memory.low", "max" },       { "cpu.weight", "39" },
                { "cpu.max", "50000 100000" }, { "cpuset.cpus", "0-1" },
                { "pids.max", "max" },         { "io.weight", "10000" },
                { "io.max", "8:0 rbps=5" },    { "hugetlb.2MB.max", "7" },
                { "memory.high", "9" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
                g_assert_cmpstr(value_of(rows, wanted[i].file), ==, wanted[i].value);
        g_assert_cmpuint(rows->len, ==, G_N_ELEMENTS(wanted));
}

static void refuses(void) {
        static const char *const bad[] = {
                "{\"memory\":{\"swappiness\":1}}",
                "{\"memory\":{\"swap\":5,\"limit\":10}}",
                "{\"cpu\":{\"realtimeRuntime\":1}}",
                "{\"network\":{\"classID\":1}}",
                "{\"unified\":{\"../x.y\":\"1\"}}",
                "{\"unified\":{\"moon.max\":\"1\"}}",
                "{\"hugepageLimits\":[{\"pageSize\":\"../x\",\"limit\":1}]}",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(GPtrArray) rows = rows_of(bad[i], &error);
                g_assert_null(rows);
                g_assert_nonnull(error);
        }
}

static void lists(void) {
        unsigned long mask[4], n;
        g_assert_true(cpu_list_parse("0-2, 65", mask, sizeof mask, &n, NULL));
        g_assert_cmpuint(mask[0], ==, 7);
        g_assert_cmpuint(mask[1], ==, 2);
        g_assert_cmpuint(n, ==, 66);
        static const char *const bad[] = { "", "x", "3-1", "1-", "256", "-1" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(GError) error = NULL;
                g_assert_false(cpu_list_parse(bad[i], mask, sizeof mask, &n, &error));
                g_assert_nonnull(error);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/runtime/cgroup-resources/converts-to-version-2", converts);
        g_test_add_func("/runtime/cgroup-resources/refuses-version-1-and-paths", refuses);
        g_test_add_func("/runtime/cgroup-resources/parses-lists-of-processors", lists);
        return g_test_run();
}
