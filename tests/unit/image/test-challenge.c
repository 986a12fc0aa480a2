/* SPDX-License-Identifier: Apache-2.0 */
#include "image/challenge.h"

static void parses(void) {
        g_auto(Challenge) c = { 0 };
        g_assert_true(challenge_parse(
                        "Bearer realm=\"https://auth.example/token\",service=\"reg, \\\"x\\\"\","
                        "scope=\"repository:a/b:pull\",error=insufficient_scope",
                        &c));
        g_assert_cmpint(c.scheme, ==, CHALLENGE_BEARER);
        g_assert_cmpstr(c.realm, ==, "https://auth.example/token");
        g_assert_cmpstr(c.service, ==, "reg, \"x\"");
        g_assert_cmpstr(c.scope, ==, "repository:a/b:pull");
        g_assert_cmpstr(c.error, ==, "insufficient_scope");
}

static void chooses(void) {
        g_auto(Challenge) second = { 0 };
        g_assert_true(challenge_parse(
                        "Digest realm=\"x\", nonce=\"y\", BASIC realm=\"z\"", &second));
        g_assert_cmpint(second.scheme, ==, CHALLENGE_BASIC);
        g_assert_cmpstr(second.realm, ==, "z");
        g_auto(Challenge) bare = { 0 };
        g_assert_true(challenge_parse("basic", &bare));
}

static void refuses(void) {
        static const char *const cases[] = { "",
                                             ",,,",
                                             "Bearer",
                                             "Bearer realm",
                                             "Negotiate abc==",
                                             "=x",
                                             "\"",
                                             "Bearer service=\"x" };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_auto(Challenge) c = { 0 };
                g_assert_false(challenge_parse(cases[i], &c));
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/image/challenge/parses-bearer", parses);
        g_test_add_func("/image/challenge/takes-the-first-known-scheme", chooses);
        g_test_add_func("/image/challenge/refuses-noise", refuses);
        return g_test_run();
}
