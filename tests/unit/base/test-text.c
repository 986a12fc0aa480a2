/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "base/text.h"

static void sizes(void) {
        static const struct {
                const char *text;
                uint64_t bytes;
        } good[] = {
                { "0", 0 },
                { "512", 512 },
                { "512b", 512 },
                { "64k", 65536 },
                { "64KB", 65536 },
                { "10MiB", 10485760 },
                { "1.5g", 1610612736 },
                { "2 G", (uint64_t) 2 << 30 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
                uint64_t bytes = 1;
                g_assert_true(text_parse_size(good[i].text, &bytes));
                g_assert_cmpuint(bytes, ==, good[i].bytes);
        }
        static const char *const bad[] = { "",    "-1",   "1x",  "1kk",   "k",
                                           "1e3", "0x10", "nan", "1.2.3", "9e" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                uint64_t bytes = 77;
                g_assert_false(text_parse_size(bad[i], &bytes));
                g_assert_cmpuint(bytes, ==, 77);
        }
}

static void durations(void) {
        uint64_t usec = 0;
        g_assert_true(text_parse_duration("1h30m", &usec));
        g_assert_cmpuint(usec, ==, 5400000000u);
        g_assert_true(text_parse_duration("300ms", &usec));
        g_assert_cmpuint(usec, ==, 300000);
        g_assert_true(text_parse_duration("10", &usec));
        g_assert_cmpuint(usec, ==, 10000000);
        g_assert_true(text_parse_duration("0", &usec));
        g_assert_cmpuint(usec, ==, 0);
        g_assert_false(text_parse_duration("", &usec));
        g_assert_false(text_parse_duration("1x", &usec));
        g_assert_false(text_parse_duration("-1s", &usec));
}

static void signals(void) {
        g_assert_cmpint(text_parse_signal("TERM"), ==, SIGTERM);
        g_assert_cmpint(text_parse_signal("sigterm"), ==, SIGTERM);
        g_assert_cmpint(text_parse_signal("15"), ==, 15);
        g_assert_cmpint(text_parse_signal("SIGRTMIN+3"), ==, SIGRTMIN + 3);
        g_assert_cmpint(text_parse_signal("RTMAX-1"), ==, SIGRTMAX - 1);
        g_assert_cmpint(text_parse_signal("0"), ==, -1);
        g_assert_cmpint(text_parse_signal("NOPE"), ==, -1);
        g_assert_cmpint(text_parse_signal("RTMIN+99"), ==, -1);
        g_autofree char *term = text_format_signal(SIGTERM);
        g_assert_cmpstr(term, ==, "SIGTERM");
}

static void times(void) {
        int64_t nsec = 0;
        g_assert_true(text_parse_time("2026-11-23T22:02:43.6919295Z", &nsec));
        g_autofree char *text = text_format_time(nsec);
        g_assert_cmpstr(text, ==, "2026-11-23T22:02:43.691929500Z");
        int64_t offset = 0;
        g_assert_true(text_parse_time("2026-11-23T23:02:43.6919295+01:00", &offset));
        g_assert_cmpint(offset, ==, nsec);
        g_assert_false(text_parse_time("yesterday", &nsec));
        g_assert_false(text_parse_time("", &nsec));
        g_assert_true(text_parse_moment("1795624559.25", &nsec));
        g_assert_cmpint(nsec, ==, 1795624559250000000);
        g_assert_false(text_parse_moment("1795624559.", &nsec));
}

static void sanitizes(void) {
        g_autofree char *text = text_sanitize("a\033[31mé\xff\n");
        g_assert_cmpstr(text, ==, "a\\x1b[31mé\\xff\\x0a");
}

static void human_sizes(void) {
        static const struct {
                uint64_t bytes;
                const char *text;
        } rows[] = { { 0, "0 B" }, { 999, "999 B" }, { 1996800, "2 MB" }, { 1032071, "1.03 MB" } };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *text = text_format_size(rows[i].bytes);
                g_assert_cmpstr(text, ==, rows[i].text);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/text/size-takes-powers-of-1024-and-nothing-else", sizes);
        g_test_add_func("/text/duration-takes-go-units-and-plain-seconds", durations);
        g_test_add_func("/text/signal-takes-names-and-numbers", signals);
        g_test_add_func("/text/time-keeps-nanoseconds-and-offset", times);
        g_test_add_func("/text/sanitize-escapes-control-and-broken-utf8", sanitizes);
        g_test_add_func("/text/size-prints-three-digits", human_sizes);
        return g_test_run();
}
