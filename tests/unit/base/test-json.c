/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "base/json.h"

static bool parses(const char *text, const char *expect_in_error) {
        g_autoptr(JsonNode) root = NULL;
        g_autoptr(GError) error = NULL;
        bool ok = json_parse(text, strlen(text), 1 << 20, "doc", &root, &error);
        if (ok) {
                g_assert_no_error(error);
        } else {
                g_assert_nonnull(error);
                if (expect_in_error)
                        g_assert_nonnull(strstr(error->message, expect_in_error));
        }
        return ok;
}

static void refuses(void) {
        g_assert_true(parses("{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":2}]}", NULL));
        g_assert_true(parses("{\"k\\u003c\":1,\"k\\u003e\":\"x,{\"}", NULL));
        g_assert_false(parses("{\"a\":1,\"a\":2}", "given twice"));
        g_assert_false(parses("{\"a\":1,\"\\u0061\":2}", "given twice"));
        g_assert_false(parses("{\"a\":1 /* c */}", "not JSON"));
        g_assert_false(parses("{\"a\":\"x", "does not end"));
        g_assert_false(parses("{\"a\":\"\xff\"}", "UTF-8"));
        g_assert_false(parses("", NULL));
        g_assert_false(parses("{\"a\":", NULL));
        g_autofree char *deep = g_strnfill(100000, '[');
        g_assert_false(parses(deep, "deep"));
}

static void types(void) {
        static const char text[] =
                        "{\"s\":\"x\",\"n\":3,\"z\":null,\"l\":[\"a\",\"b\"],\"m\":{\"k\":\"v\"}}";
        g_autoptr(JsonNode) root = NULL;
        g_autoptr(GError) error = NULL;
        JsonObject *object;
        g_assert_true(json_parse_object(
                        text, sizeof text - 1, 1000, "doc", &root, &object, &error));
        const char *s = NULL;
        g_assert_true(json_need_string(object, "s", &s, &error));
        g_assert_cmpstr(s, ==, "x");
        g_assert_true(json_get_string(object, "z", &s, &error));
        g_assert_null(s);
        g_assert_false(json_get_string(object, "n", &s, &error));
        g_assert_error(error, ERROR_ERRNO, EINVAL);
        g_clear_error(&error);
        g_assert_false(json_need_string(object, "absent", &s, &error));
        g_clear_error(&error);
        g_auto(GStrv) list = NULL;
        g_assert_true(json_get_strings(object, "l", &list, &error));
        g_assert_cmpuint(g_strv_length(list), ==, 2);
        g_autoptr(GHashTable) map = NULL;
        g_assert_true(json_get_string_map(object, "m", &map, &error));
        g_assert_cmpstr(g_hash_table_lookup(map, "k"), ==, "v");
        g_assert_false(json_get_string_map(object, "l", &map, &error));
}

static void formats(void) {
        static const char text[] = "{\"a\":[],\"b\":{\"c\":\"x:{,\\\"\",\"d\":[1,2]},\"e\":{}}";
        g_autoptr(JsonNode) root = NULL;
        g_assert_true(json_parse(text, sizeof text - 1, 1000, "doc", &root, NULL));
        g_autofree char *compact = json_format(root, false);
        g_assert_cmpstr(compact, ==, text);
        g_autofree char *pretty = json_format(root, true);
        g_assert_cmpstr(pretty, ==,
                        "{\n    \"a\": [],\n    \"b\": {\n        \"c\": \"x:{,\\\"\",\n        "
                        "\"d\": [\n"
                        "            1,\n            2\n        ]\n    },\n    \"e\": {}\n}");
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/json/refuses-duplicates-depth-and-comments", refuses);
        g_test_add_func("/json/getters-check-types", types);
        g_test_add_func("/json/format-indents-as-go-does", formats);
        return g_test_run();
}
