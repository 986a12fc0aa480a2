/* SPDX-License-Identifier: Apache-2.0 */
/* "0-3,8" */
#include "runtime/cpu-list.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

bool cpu_list_parse(
                const char *text,
                unsigned long *mask,
                size_t size_bytes,
                unsigned long *ret_n_bits,
                GError **error) {
        const uint64_t last = size_bytes * 8 - 1;
        unsigned long n = 0;
        memset(mask, 0, size_bytes);
        g_auto(GStrv) parts = g_strsplit(text, ",", -1);
        for (char **part = parts; *part; part++) {
                char *dash = strchr(g_strstrip(*part), '-');
                uint64_t from, to;
                if (dash)
                        *dash = '\0';
                if (!text_parse_uint64(*part, last, &from) ||
                    !text_parse_uint64(dash ? dash + 1 : *part, last, &to) || from > to)
                        return error_set_invalid(error, "invalid list '%s'", text);
                for (uint64_t bit = from; bit <= to; bit++)
                        mask[bit / (8 * sizeof *mask)] |= 1UL << (bit % (8 * sizeof *mask));
                n = MAX(n, (unsigned long) to + 1);
        }
        if (n == 0)
                return error_set_invalid(error, "a list is empty");
        *ret_n_bits = n;
        return true;
}
