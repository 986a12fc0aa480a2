/* SPDX-License-Identifier: Apache-2.0 */
/* Go's way to write durations, which Podman's output has. */
#include "cli/go-duration.h"

#include <glib.h>
#include <string.h>

/* value/scale with as many decimals as it takes, up to n. */
static char *decimal(uint64_t value, uint64_t scale, int n, const char *unit) {
        g_autofree char *text =
                        g_strdup_printf("%" G_GUINT64_FORMAT ".%0*" G_GUINT64_FORMAT, value / scale,
                                        n, value % scale);
        size_t size = strlen(text);
        while (text[size - 1] == '0')
                size--;
        if (text[size - 1] == '.')
                size--;
        text[size] = '\0';
        return g_strconcat(text, unit, NULL);
}

char *go_duration(uint64_t nsec) {
        if (nsec == 0)
                return g_strdup("0s");
        if (nsec < 1000)
                return decimal(nsec, 1, 0, "ns");
        if (nsec < 1000000)
                return decimal(nsec, 1000, 3, "µs");
        if (nsec < 1000000000)
                return decimal(nsec, 1000000, 6, "ms");
        uint64_t minutes = nsec / (60 * UINT64_C(1000000000));
        g_autofree char *seconds = decimal(nsec % (60 * UINT64_C(1000000000)), 1000000000, 9, "s");
        if (minutes == 0)
                return g_steal_pointer(&seconds);
        if (minutes < 60)
                return g_strdup_printf("%" G_GUINT64_FORMAT "m%s", minutes, seconds);
        return g_strdup_printf(
                        "%" G_GUINT64_FORMAT "h%" G_GUINT64_FORMAT "m%s", minutes / 60,
                        minutes % 60, seconds);
}
