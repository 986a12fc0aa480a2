/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/mount.h>
#include <sys/mount.h>

#include "base/error.h"
#include "runtime/mount-options.h"

static void sorts_words(void) {
        static const char *const words[] = { "rbind",  "ro",       "rnosuid", "noatime",
                                             "rslave", "size=64k", NULL };
        g_auto(MountOptions) o = { 0 };
        g_autoptr(GError) error = NULL;
        g_assert_true(mount_options_parse(words, "mount '/x'", &o, &error));
        g_assert_true(o.is_bind && o.is_recursive_bind);
        g_assert_cmpuint(o.attributes_set, ==, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME);
        g_assert_cmpuint(o.attributes_clear, ==, MOUNT_ATTR__ATIME);
        g_assert_cmpuint(o.recursive_set, ==, MOUNT_ATTR_NOSUID);
        g_assert_cmpuint(o.propagation, ==, MS_SLAVE);
        g_assert_true(o.propagation_recursive);
        g_assert_cmpuint(o.data->len, ==, 1);
}

static void last_wins(void) {
        static const char *const words[] = { "ro", "rw", NULL };
        g_auto(MountOptions) o = { 0 };
        g_assert_true(mount_options_parse(words, "mount '/x'", &o, NULL));
        g_assert_cmpuint(o.attributes_set, ==, 0);
        g_assert_cmpuint(o.attributes_clear, ==, MOUNT_ATTR_RDONLY);
}

static void refuses(void) {
        static const char *const words[] = { "ro", "sideways", NULL };
        g_auto(MountOptions) o = { 0 };
        g_autoptr(GError) error = NULL;
        g_assert_false(mount_options_parse(words, "mount '/x'", &o, &error));
        g_assert_error(error, ERROR_ERRNO, 22);
        g_assert_nonnull(g_strstr_len(error->message, -1, "sideways"));
        g_assert_nonnull(g_strstr_len(error->message, -1, "/x"));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/mount-options/words-go-where-they-belong", sorts_words);
        g_test_add_func("/mount-options/the-last-of-ro-and-rw-wins", last_wins);
        g_test_add_func("/mount-options/an-unknown-word-is-an-error", refuses);
        return g_test_run();
}
