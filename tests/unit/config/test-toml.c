/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json.h"
#include "config/toml.h"

static char *to_json(const char *text) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) root = NULL;
        toml_parse(text, "t", &root, &error);
        g_assert_no_error(error);
        return json_format(root, false);
}

static void accepts(void) {
        static const struct {
                const char *text, *expect;
        } cases[] = {
                { "", "{}" },
                { "# c\r\na = 1\n", "{\"a\":1}" },
                { "a.b.c = true\n[d]\n'e f' = -1", NULL },
                { "a = 0x1F\nb = 1_000\nc = 0o17\nd = -3",
                  "{\"a\":31,\"b\":1000,\"c\":15,\"d\":-3}" },
                { "a = \"x\\ty\\u00e9\\\"\"\nb = 'c:\\n'",
                  "{\"a\":\"x\\ty\303\251\\\"\",\"b\":\"c:\\\\n\"}" },
                { "a = \"\"\"\nx\\\n   y\"\"\"", "{\"a\":\"xy\"}" },
                { "a = [ 1, 2,\n # c\n 3, ]", "{\"a\":[1,2,3]}" },
                { "a = { b = 1, c.d = 'x' }", "{\"a\":{\"b\":1,\"c\":{\"d\":\"x\"}}}" },
                { "[a.b]\nc=1\n[a]\nd=2", "{\"a\":{\"b\":{\"c\":1},\"d\":2}}" },
                { "[[r]]\nl='x'\n[[r.m]]\nl='y'\n[[r.m]]\nl='z'\n[[r]]\nl='w'",
                  "{\"r\":[{\"l\":\"x\",\"m\":[{\"l\":\"y\"},{\"l\":\"z\"}]},{\"l\":\"w\"}]}" },
                { "a = 2024-01-02T03:04:05Z", "{\"a\":\"2024-01-02T03:04:05Z\"}" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *json = to_json(cases[i].text);
                if (cases[i].expect)
                        g_assert_cmpstr(json, ==, cases[i].expect);
        }
}

static void refuses(void) {
        static const struct {
                const char *text, *expect;
        } cases[] = {
                { "a = 1\na = 2", "t:2:" },
                { "[a]\n[a]", "t:2:" },
                { "a = {b=1}\n[a]\nc=1", "given twice" },
                { "a = [1]\n[[a]]", "given twice" },
                { "[a]\nb=1\n[[a]]", "given twice" },
                { "a", "expected '='" },
                { "a = ", "not a value" },
                { "a = 1 2", "unexpected" },
                { "a = 01", "not a value" },
                { "a = 1__0", "not a value" },
                { "a = \"x", "does not end" },
                { "a = \"\\q\"", "escape" },
                { "a = 'x\ny'", "does not end" },
                { "a = [1", "expected" },
                { "a = {b=1,}", "trailing" },
                { "a = yes", "not a value" },
                { "[a", "expected ']'" },
                { "= 1", "expected a key" },
                { "a = \"\001\"", "control" },
                { "a = \"\xff\"", "UTF-8" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(JsonNode) root = NULL;
                if (toml_parse(cases[i].text, "t", &root, &error))
                        g_error("case %zu was accepted", i);
                if (!strstr(error->message, cases[i].expect))
                        g_error("case %zu: %s", i, error->message);
        }
        g_autofree char *brackets = g_strnfill(100000, '[');
        g_autofree char *deep = g_strconcat("a = ", brackets, NULL);
        g_autoptr(JsonNode) root = NULL;
        g_assert_false(toml_parse(deep, "t", &root, NULL));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/config/toml/reads-the-language", accepts);
        g_test_add_func("/config/toml/refuses-with-the-line", refuses);
        return g_test_run();
}
