/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/notify-proxy.h"

static void filters(void) {
        static const struct {
                const char *in, *out;
                bool ready;
        } rows[] = {
                { "READY=1", "READY=1\n", true },
                { "MAINPID=1\nREADY=1\nSTATUS=up", "READY=1\nSTATUS=up\n", true },
                { "MAINPID=1", "", false },
                { "FDSTORE=1\nBARRIER=1\nNOTIFYACCESS=all", "", false },
                { "EXTEND_TIMEOUT_USEC=99999999", "", false },
                { "WATCHDOG=1\nWATCHDOG_USEC=1", "WATCHDOG=1\n", false },
                { "READY=11", "", false },
                { "", "", false },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                bool ready;
                g_autofree char *out = notify_filter(rows[i].in, &ready);
                g_assert_cmpstr(out, ==, rows[i].out);
                g_assert_true(ready == rows[i].ready);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/notify-proxy/only-harmless-lines-pass", filters);
        return g_test_run();
}
