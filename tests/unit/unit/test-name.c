/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/name.h"

static void parses(void) {
        g_auto(UnitName) n = { 0 };
        g_assert_true(unit_name_parse("a.b@c.d.container", &n));
        g_assert_cmpstr(n.stem, ==, "a.b@c.d");
        g_assert_cmpstr(n.prefix, ==, "a.b");
        g_assert_cmpstr(n.instance, ==, "c.d");
        g_assert_cmpstr(n.suffix, ==, "container");
        g_auto(UnitName) none = { 0 };
        g_assert_false(unit_name_parse(".container", &none));
        g_assert_false(unit_name_parse("container", &none));
}

static void validity(void) {
        g_assert_true(unit_name_is_valid("web@a\\x2d.service"));
        g_assert_false(unit_name_is_valid(""));
        g_assert_false(unit_name_is_valid("a/b.service"));
        g_assert_false(unit_name_is_valid("a b.service"));
        g_autofree char *long_name = g_strnfill(UNIT_NAME_MAX + 1, 'a');
        g_assert_false(unit_name_is_valid(long_name));
}

static void escapes(void) {
        g_autofree char *escaped = unit_name_escape(".a/b-c d");
        g_assert_cmpstr(escaped, ==, "\\x2ea-b\\x2dc\\x20d");
        g_autofree char *back = unit_name_unescape(escaped);
        g_assert_cmpstr(back, ==, ".a/b-c d");
        g_assert_null(unit_name_unescape("\\x2"));
        g_assert_null(unit_name_unescape("\\x00"));
}

static void expands(void) {
        static const struct {
                const char *service, *text, *expected;
        } rows[] = {
                { "web.service", "systemd-%N", "systemd-web" },
                { "web@a.service", "%p_%i|%n|%N", "web_a|web@a.service|web@a" },
                { "web@.service", "%p_%i|%n|%N", "web_%i|web@%i.service|web@%i" },
                { "a-b.service", "%j %%N %h %", "b %%N %h %" },
                { "x\\x2dy.service", "%P", "x-y" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *text = unit_name_expand(rows[i].service, rows[i].text);
                g_assert_cmpstr(text, ==, rows[i].expected);
        }
}

static void unknown(void) {
        size_t at = 0;
        g_assert_cmpint(unit_name_unknown_specifier("a %n %% %H", &at), ==, '\0');
        g_assert_cmpint(unit_name_unknown_specifier("a %z", &at), ==, 'z');
        g_assert_cmpuint(at, ==, 2);
        g_assert_cmpint(unit_name_unknown_specifier("50%", &at), ==, '%');
        g_assert_cmpint(unit_name_unknown_specifier("%%%", &at), ==, '%');
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/unit/name/parts", parses);
        g_test_add_func("/unit/name/validity", validity);
        g_test_add_func("/unit/name/escaping-goes-both-ways", escapes);
        g_test_add_func("/unit/name/specifiers-of-the-name-expand", expands);
        g_test_add_func("/unit/name/unknown-specifier-is-found", unknown);
        return g_test_run();
}
