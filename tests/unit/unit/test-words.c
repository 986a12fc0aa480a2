/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/words.h"

static char *split(const char *text, WordsMode mode) {
        g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
        if (!words_split(text, mode, words, NULL))
                return NULL;
        g_ptr_array_add(words, NULL);
        return g_strjoinv("|", (char **) words->pdata);
}

typedef struct Row {
        const char *text;
        const char *words;
} Row;

static void check(const Row *rows, size_t n, WordsMode mode) {
        for (size_t i = 0; i < n; i++) {
                g_autofree char *words = split(rows[i].text, mode);
                g_assert_cmpstr(words, ==, rows[i].words);
        }
}

static void plain(void) {
        static const Row rows[] = {
                { "a  b\tc", "a|b|c" },
                { "'a b' \"c d\"", "a b|c d" },
                { "a'b c'd", "ab cd" },
                { "a\\ b", "a\\|b" },
                { "'a \"b' x", "a \"b|x" },
                { "a '' b", "a||b" },
                { "", "" },
                { "'open", NULL },
        };
        check(rows, G_N_ELEMENTS(rows), WORDS_PLAIN);
}

static void command(void) {
        static const Row rows[] = {
                { "a\\x20b \"c\\td\"", "a b|c\td" },
                { "\\xc3\\xa9 \\303\\251 \\u00e9 \\U000000e9",
                  "\xc3\xa9|\xc3\xa9|\xc3\xa9|\xc3\xa9" },
                { "a\\sb '\\''", "a b|'" },
                { "\\\\ \\\"", "\\|\"" },
                { "foo \"\" bar", "foo||bar" },
                { "\"open end", "open end" },
                { "tail\\", "tail\\" },
                { "\\q", NULL },
                { "\\x00", NULL },
                { "\\400", NULL },
                { "\\ud800", NULL },
                { "\\x4", NULL },
        };
        check(rows, G_N_ELEMENTS(rows), WORDS_COMMAND);
}

static void quotes(void) {
        static const Row rows[] = {
                { "plain", "plain" },
                { "%h$x", "%h$x" },
                { "two words", "\"two\\x20words\"" },
                { "", "\"\"" },
                { ";", "\";\"" },
                { "a;b", "a;b" },
                { "q\"q", "\"q\\\"q\"" },
                { "it's", "\"it's\"" },
                { "back\\slash", "\"back\\\\slash\"" },
                { "a\nb\x01", "\"a\\nb\\x01\"" },
                { "\xc3\xa9", "\xc3\xa9" },
                { "\xe9", "\"\\xe9\"" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *quoted = words_quote(rows[i].text);
                g_assert_cmpstr(quoted, ==, rows[i].words);
                /* what is written is read back as the same word */
                g_autofree char *back = split(quoted, WORDS_COMMAND);
                g_assert_cmpstr(back, ==, rows[i].text);
        }
}

static void bounded(void) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (int i = 0; i <= WORDS_MAX; i++)
                g_string_append(text, "x ");
        g_assert_null(split(text->str, WORDS_PLAIN));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/unit/words/plain-mode-groups-by-quotes", plain);
        g_test_add_func("/unit/words/command-mode-knows-escapes", command);
        g_test_add_func("/unit/words/quoting-survives-the-way-back", quotes);
        g_test_add_func("/unit/words/count-is-bounded", bounded);
        return g_test_run();
}
