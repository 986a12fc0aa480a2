/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "oci/reference.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void normalises(void) {
        static const struct {
                const char *text, *expect;
        } cases[] = {
                { "busybox", "docker.io/library/busybox" },
                { "busybox:1", "docker.io/library/busybox:1" },
                { "team/app", "docker.io/team/app" },
                { "docker.io/busybox", "docker.io/library/busybox" },
                { "index.docker.io/library/x:y", "docker.io/library/x:y" },
                { "localhost/x", "localhost/x" },
                { "localhost:5000/x", "localhost:5000/x" },
                { "127.0.0.1:5000/lab/small:1", "127.0.0.1:5000/lab/small:1" },
                { "[::1]:5000/x:2", "[::1]:5000/x:2" },
                { "quay.io/a/b__c/d--e.f_g", "quay.io/a/b__c/d--e.f_g" },
                { "reg.example/x:1@sha256:" HEX64, "reg.example/x:1@sha256:" HEX64 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(OciReference) r = oci_reference_parse(cases[i].text, &error);
                g_assert_no_error(error);
                g_autofree char *text = oci_reference_format(r);
                g_assert_cmpstr(text, ==, cases[i].expect);
        }
}

static void refuses(void) {
        static const char *const cases[] = {
                "",
                ":tag",
                "Busybox",
                "quay.io/Team/x",
                "x:",
                "x:.bad",
                "x@sha256:12",
                "x@md5:" HEX64,
                "a//b",
                "/a",
                "a/",
                "a..b",
                "a___b",
                "-a",
                "a_",
                "re_g.io:port/x",
                "reg.io:123456/x",
                "reg.io/x y",
                "reg.io/../x",
                "reg..io/x",
                "http://reg.io/x",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(OciReference) r = oci_reference_parse(cases[i], &error);
                if (r)
                        g_error("'%s' was accepted", cases[i]);
                g_assert_nonnull(error);
        }
        g_autofree char *deep = g_strnfill(4000, 'a');
        g_assert_null(oci_reference_parse(deep, NULL));
}

static void stored_name(void) {
        g_autoptr(OciReference) plain = oci_reference_parse("x", NULL);
        g_autofree char *tagged = oci_reference_format_stored(plain);
        g_assert_cmpstr(tagged, ==, "docker.io/library/x:latest");
        g_autoptr(OciReference) both = oci_reference_parse("x:1@sha256:" HEX64, NULL);
        g_autofree char *pinned = oci_reference_format_stored(both);
        g_assert_cmpstr(pinned, ==, "docker.io/library/x@sha256:" HEX64);
        g_assert_true(oci_reference_is_short("team/x"));
        g_assert_false(oci_reference_is_short("localhost/x"));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/oci/reference/normalises-names", normalises);
        g_test_add_func("/oci/reference/refuses-bad-names", refuses);
        g_test_add_func("/oci/reference/stored-name-prefers-the-digest", stored_name);
        return g_test_run();
}
