/* SPDX-License-Identifier: Apache-2.0 */
/* The unit parser: whatever is parsed can be written, and reads back as the same text. */
#include <stdint.h>
#include <string.h>

#include "unit/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autoptr(Diagnostics) d = diagnostics_new();
        g_autoptr(UnitFile) file = unit_parse("fuzz.container", (const char *) data, size, d);
        g_autofree char *text = unit_file_format(file);
        if (d->n_errors > 0 || strlen(text) > UNIT_FILE_SIZE_MAX / 2)
                return 0;
        g_autoptr(UnitFile) again = unit_parse("fuzz.container", text, strlen(text), d);
        g_autofree char *text_again = unit_file_format(again);
        g_assert_cmpstr(text, ==, text_again);
        return 0;
}
