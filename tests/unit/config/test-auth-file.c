/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <string.h>

#include "config/auth-file.h"

static char *dir, *path;

static void write_file(const char *name, const char *text, int mode) {
        g_autofree char *full = g_build_filename(dir, name, NULL);
        g_assert_true(g_file_set_contents(full, text, -1, NULL));
        g_chmod(full, mode);
}

static const char *user_of(const char *key) {
        g_auto(Credentials) found = { 0 };
        g_autoptr(GError) error = NULL;
        g_assert_true(auth_find(path, key, &found, &error) || !error);
        g_assert_no_error(error);
        return found.user ? g_intern_string(found.user) : NULL;
}

static void finds(void) {
        /* base64 of "host:1", "ns:2", "repo:3", "hub:4" */
        write_file("auth.json",
                   "{\"auths\":{\"reg:5000\":{\"auth\":\"aG9zdDox\"},\"reg:5000/ns\":{\"auth\":"
                   "\"bnM6Mg==\"},\"reg:5000/ns/repo\":{\"auth\":\"cmVwbzoz\"},"
                   "\"https://index.docker.io/v1/\":{\"auth\":\"aHViOjQ=\"},\"none\":{}}}",
                   0600);
        g_assert_cmpstr(user_of("reg:5000/ns/repo"), ==, "repo");
        g_assert_cmpstr(user_of("reg:5000/ns/other"), ==, "ns");
        g_assert_cmpstr(user_of("reg:5000/x/y"), ==, "host");
        g_assert_cmpstr(user_of("docker.io/library/x"), ==, "hub");
        g_assert_cmpstr(user_of("other/x"), ==, NULL);
        g_assert_cmpstr(user_of("none/x"), ==, NULL);
}

static void stores(void) {
        g_autoptr(GError) error = NULL;
        bool found = false;
        g_assert_true(auth_store(path, "new.example", "u", "p:q", &error));
        g_assert_cmpstr(user_of("new.example/x"), ==, "u");
        GStatBuf st;
        g_assert_cmpint(g_stat(path, &st), ==, 0);
        g_assert_cmpint(st.st_mode & 0777, ==, 0600);
        g_assert_true(auth_erase(path, "new.example", &found, &error));
        g_assert_true(found);
        g_assert_cmpstr(user_of("new.example/x"), ==, NULL);
        g_assert_cmpstr(user_of("reg:5000/x"), ==, "host");
}

static void helper(void) {
        write_file("docker-credential-test",
                   "#!/bin/sh\nread host\n[ $host = h.example ] || { echo 'credentials not found "
                   "in "
                   "native keychain'; exit 1; }\necho "
                   "'{\"ServerURL\":\"h\",\"Username\":\"<token>\",\"Secret\":\"tok\"}'\n",
                   0755);
        g_autofree char *search = g_strconcat(dir, ":", g_getenv("PATH"), NULL);
        g_setenv("PATH", search, TRUE);
        write_file("auth.json", "{\"credHelpers\":{\"h.example\":\"test\",\"i.example\":\"test\"}}",
                   0600);
        g_auto(Credentials) found = { 0 };
        g_autoptr(GError) error = NULL;
        g_assert_true(auth_find(path, "h.example/x", &found, &error));
        g_assert_cmpstr(found.identity_token, ==, "tok");
        g_assert_cmpstr(user_of("i.example/x"), ==, NULL);
        write_file("auth.json", "{\"credsStore\":\"../evil\"}", 0600);
        g_auto(Credentials) none = { 0 };
        g_assert_false(auth_find(path, "h.example/x", &none, &error));
        g_assert_nonnull(strstr(error->message, "../evil"));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        dir = g_dir_make_tmp("berth-auth-XXXXXX", NULL);
        path = g_build_filename(dir, "auth.json", NULL);
        g_test_add_func("/config/auth-file/most-specific-entry-wins", finds);
        g_test_add_func("/config/auth-file/stores-and-erases", stores);
        g_test_add_func("/config/auth-file/asks-helpers", helper);
        int status = g_test_run();
        g_unlink(path);
        g_autofree char *program = g_build_filename(dir, "docker-credential-test", NULL);
        g_unlink(program);
        g_rmdir(dir);
        return status;
}
