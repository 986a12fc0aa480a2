/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <string.h>

#include "config/storage-conf.h"

static StorageConf *load(const char *text, GError **error) {
        g_autofree char *dir = g_dir_make_tmp("berth-conf-XXXXXX", NULL);
        g_autofree char *path = g_build_filename(dir, "storage.conf", NULL);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        g_setenv("CONTAINERS_STORAGE_CONF", path, TRUE);
        StorageConf *conf = storage_conf_load(error);
        g_unlink(path);
        g_rmdir(dir);
        return conf;
}

static void reads(void) {
        g_autoptr(GError) error = NULL;
        g_setenv("HOME", "/home/u", TRUE);
        g_autoptr(StorageConf) conf =
                        load("[storage]\ndriver='overlay'\ngraphroot='$HOME/g'\nrunroot='/r'\n"
                             "[storage.options]\nadditionalimagestores=['/x']\n"
                             "[storage.options.overlay]\nmountopt='nodev'\n",
                             &error);
        g_assert_no_error(error);
        g_assert_true(g_str_has_suffix(conf->graph_root, "/g"));
        g_assert_null(strstr(conf->graph_root, "$HOME"));
        g_assert_cmpstr(conf->run_root, ==, "/r");
        g_assert_cmpstr(conf->additional_image_stores[0], ==, "/x");
        g_assert_cmpstr(conf->mount_options, ==, "nodev");
}

static void refuses(void) {
        g_autoptr(GError) driver = NULL;
        g_assert_null(load("[storage]\ndriver='btrfs'\n", &driver));
        g_assert_nonnull(strstr(driver->message, "btrfs"));
        g_autoptr(GError) relative = NULL;
        g_assert_null(load("[storage]\ngraphroot='x'\n", &relative));
        g_assert_nonnull(strstr(relative->message, "absolute"));
        g_autoptr(GError) missing = NULL;
        g_setenv("CONTAINERS_STORAGE_CONF", "/nonexistent/storage.conf", TRUE);
        g_assert_null(storage_conf_load(&missing));
        g_assert_nonnull(strstr(missing->message, "/nonexistent/storage.conf"));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/config/storage-conf/reads-what-matters", reads);
        g_test_add_func("/config/storage-conf/refuses-with-a-reason", refuses);
        return g_test_run();
}
