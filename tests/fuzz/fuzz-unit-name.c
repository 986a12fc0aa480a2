/* SPDX-License-Identifier: Apache-2.0 */
/* Unit names, escaping and specifiers: escaped names are valid and read back. */
#include <stdint.h>
#include <string.h>

#include "unit/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autofree char *text = g_strndup((const char *) data, size);
        g_autofree char *escaped = unit_name_escape(text);
        g_autofree char *back = unit_name_unescape(escaped);
        g_assert_cmpstr(back, ==, text);
        if (*text && strlen(escaped) < 200) {
                g_autofree char *unit = g_strconcat("x", escaped, ".service", NULL);
                g_assert_true(unit_name_is_valid(unit));
        }
        g_autofree char *raw = unit_name_unescape(text);
        size_t offset = 0;
        if (unit_name_unknown_specifier(text, &offset))
                g_assert_cmpint(text[offset], ==, '%');
        /* the first line is the service, the rest the text */
        char *newline = strchr(text, '\n');
        if (newline)
                *newline = '\0';
        g_autofree char *expanded = unit_name_expand(text, newline ? newline + 1 : "%n %N %i %P");
        g_assert_nonnull(expanded);
        return 0;
}
