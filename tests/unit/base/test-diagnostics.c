/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diagnostics.h"

static void formats(void) {
        g_autoptr(Diagnostics) d = diagnostics_new();
        diagnostics_add(d, DIAGNOSTIC_WARNING, "unknown-key", "/etc/x.container", 3, 1,
                        "did you mean 'Image='?", "Unknown key '%s'", "Imgae");
        g_assert_cmpuint(d->n_warnings, ==, 1);
        g_assert_cmpuint(d->n_errors, ==, 0);
        g_autofree char *text = diagnostic_format(d->items->pdata[0]);
        g_assert_cmpstr(text, ==,
                        "/etc/x.container:3:1: warning: Unknown key 'Imgae' (did you mean "
                        "'Image='?)"
                        " [unknown-key]");
}

static void nearest(void) {
        static const char *const names[] = { "Image", "Volume", "Network", NULL };
        g_assert_cmpstr(diagnostic_nearest("Imgae", names), ==, "Image");
        g_assert_cmpstr(diagnostic_nearest("volumes", names), ==, "Volume");
        g_assert_null(diagnostic_nearest("Xyzzy", names));
        g_assert_null(diagnostic_nearest("", names));
}

static void bounded(void) {
        g_autoptr(Diagnostics) d = diagnostics_new();
        for (int i = 0; i < DIAGNOSTICS_MAX + 5; i++)
                diagnostics_add(d, DIAGNOSTIC_ERROR, "syntax", "f", 1, 1, NULL, "x");
        g_assert_cmpuint(d->items->len, ==, DIAGNOSTICS_MAX);
        g_assert_cmpuint(d->n_errors, ==, DIAGNOSTICS_MAX + 5);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/diagnostics/format-is-path-line-column", formats);
        g_test_add_func("/diagnostics/nearest-finds-misspellings-only", nearest);
        g_test_add_func("/diagnostics/list-is-bounded", bounded);
        return g_test_run();
}
