/* SPDX-License-Identifier: Apache-2.0 */
/* The word splitter: words that are quoted read back as the same words. */
#include <stdint.h>
#include <string.h>

#include "unit/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autofree char *text = g_strndup((const char *) data, size);
        g_autoptr(GPtrArray) plain = g_ptr_array_new_with_free_func(g_free);
        (void) words_split(text, WORDS_PLAIN, plain, NULL);
        g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
        if (!words_split(text, WORDS_COMMAND, words, NULL))
                return 0;
        g_autofree char *line = words_join_quoted(words);
        g_assert_true(g_utf8_validate(line, -1, NULL));
        g_autoptr(GPtrArray) again = g_ptr_array_new_with_free_func(g_free);
        g_assert_true(words_split(line, WORDS_COMMAND, again, NULL));
        g_assert_cmpuint(again->len, ==, words->len);
        for (guint i = 0; i < words->len; i++)
                g_assert_cmpstr(again->pdata[i], ==, words->pdata[i]);
        return 0;
}
