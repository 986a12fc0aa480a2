/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "unit/parse.h"

static UnitFile *parse(const char *text, Diagnostics *d) {
        return unit_parse("/u/x.container", text, strlen(text), d);
}

static void places(void) {
        g_autoptr(Diagnostics) d = diagnostics_new();
        g_autoptr(UnitFile) f = parse("# top\n\n[Container]\r\n  Image = a b \nExec=\n", d);
        g_assert_cmpuint(d->items->len, ==, 0);
        const UnitLine *image = unit_file_last(f, "Container", "Image");
        g_assert_cmpstr(image->value, ==, "a b");
        g_assert_cmpuint(image->line, ==, 4);
        g_assert_cmpuint(image->column, ==, 3);
        g_assert_cmpuint(image->value_column, ==, 11);
        g_assert_cmpstr(unit_file_last(f, "Container", "Exec")->value, ==, "");
}

static const char *value_of(const char *text, UnitFile **ret_file) {
        g_autoptr(Diagnostics) d = diagnostics_new();
        *ret_file = parse(text, d);
        g_assert_cmpuint(d->n_errors, ==, 0);
        const UnitLine *line = unit_file_last(*ret_file, "A", "K");
        return line ? line->value : NULL;
}

static void continuation(void) {
        static const struct {
                const char *text;
                const char *value;
        } rows[] = {
                { "[A]\nK=a\\\nb\n", "a b" },
                { "[A]\nK=a \\\n   b\n", "a b" },
                { "[A]\nK=a \\  \n# note\n; note\n\n b\nL=x\n", "a b" },
                { "[A]\nK=a \\\n", "a" },
                { "[A]\nK=a \\\n\n\n", "a" },
                { "[A]\nK=a\\\\\nL=b\n", "a\\\\" },
                { "[A]\nK=a\\", "a" },
                { "[A]\nK=\\\n b\n", "b" },
                { "\xef\xbb\xbf[A]\nK=bom\n", "bom" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autoptr(UnitFile) f = NULL;
                g_assert_cmpstr(value_of(rows[i].text, &f), ==, rows[i].value);
        }
}

static void swallowed(void) {
        g_autoptr(Diagnostics) d = diagnostics_new();
        g_autoptr(UnitFile) f = parse("[A]\nK=a \\\n[Service]\nRestart=no\n", d);
        g_assert_cmpuint(d->n_warnings, ==, 1);
        const Diagnostic *first = d->items->pdata[0];
        g_assert_cmpuint(first->line, ==, 3);
        g_assert_cmpstr(first->code, ==, "continuation");
        g_assert_cmpstr(unit_file_last(f, "A", "K")->value, ==, "a [Service]");
}

static void lists(void) {
        g_autoptr(Diagnostics) d = diagnostics_new();
        g_autoptr(UnitFile) f = parse("[A]\nK=1\nK=\nK=2\n[B]\n[A]\nK=3\n", d);
        g_autoptr(GPtrArray) all = unit_file_all(f, "A", "K");
        g_assert_cmpuint(all->len, ==, 2);
        g_assert_cmpstr(((UnitLine *) all->pdata[0])->value, ==, "2");
        g_assert_cmpstr(((UnitLine *) all->pdata[1])->value, ==, "3");
        g_assert_cmpuint(f->sections->len, ==, 2);
}

static void errors(void) {
        static const struct {
                const char *text;
                unsigned int line, column;
        } rows[] = {
                { "K=v\n", 1, 1 },     { "[A]\n  word\n", 2, 3 },
                { "[A]\n=v\n", 2, 1 }, { "[A\nK=v\n", 1, 1 },
                { "[]\n", 1, 1 },      { "[A] x\n", 1, 1 },
                { "[A[B]\n", 1, 1 },   { "[A]\nx\\\nK=v\n", 2, 1 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autoptr(Diagnostics) d = diagnostics_new();
                g_autoptr(UnitFile) f = parse(rows[i].text, d);
                g_assert_cmpuint(d->n_errors, ==, 1);
                const Diagnostic *first = d->items->pdata[0];
                g_assert_cmpuint(first->line, ==, rows[i].line);
                g_assert_cmpuint(first->column, ==, rows[i].column);
        }
}

static void hostile(void) {
        g_autoptr(Diagnostics) d = diagnostics_new();
        g_autoptr(UnitFile) nul = unit_parse("x", "[A]\0K=v\n", 8, d);
        g_assert_cmpuint(d->n_errors, ==, 1);
        g_autofree char *large = g_malloc0(UNIT_FILE_SIZE_MAX + 1);
        memset(large, '\n', UNIT_FILE_SIZE_MAX + 1);
        g_autoptr(UnitFile) too_large = unit_parse("x", large, UNIT_FILE_SIZE_MAX + 1, d);
        g_assert_cmpuint(d->n_errors, ==, 2);
        g_autoptr(UnitFile) too_long = unit_parse("x", large, UNIT_FILE_LINES_MAX + 1, d);
        g_assert_cmpuint(d->n_errors, ==, 3);
}

static void writes(void) {
        g_autoptr(Diagnostics) d = diagnostics_new();
        g_autoptr(UnitFile) f = parse("# c\n[A]\nK=1\n; c2\n\n[B]\nL=2\n", d);
        unit_file_add(f, "A", "M", "3");
        unit_file_add_first(f, "B", "N", "4");
        unit_file_set(f, "B", "L", "5");
        unit_file_set_default(f, "B", "L", "6");
        unit_file_add(f, "C", "O", "7");
        unit_file_rename(f, "B", "X-B");
        g_autofree char *text = unit_file_format(f);
        g_assert_cmpstr(text, ==, "# c\n\n[A]\nK=1\n; c2\nM=3\n\n[X-B]\nN=4\nL=5\n\n[C]\nO=7\n");
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/unit/parse/assignments-have-places", places);
        g_test_add_func("/unit/parse/continuation-joins-lines", continuation);
        g_test_add_func("/unit/parse/swallowed-section-is-a-warning", swallowed);
        g_test_add_func("/unit/parse/empty-assignment-resets-list", lists);
        g_test_add_func("/unit/parse/errors-have-places", errors);
        g_test_add_func("/unit/parse/limits-hold", hostile);
        g_test_add_func("/unit/file/changes-are-written", writes);
        return g_test_run();
}
