/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a small store made by hand in the test's directory; stores made by Podman are read in
 * tests/integration/image-store.bats. */
#include <glib/gstdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "store/store.h"

#define L1          "1111111111111111111111111111111111111111111111111111111111111111"
#define L2          "2222222222222222222222222222222222222222222222222222222222222222"
#define CONFIG_TEXT "{\"rootfs\":{\"diff_ids\":[]}}"

typedef struct Fixture {
        char *root;
        char *image_id;
        Store *store;
} Fixture;

static void put(const char *root, const char *path, const char *text) {
        g_autofree char *full = g_build_filename(root, path, NULL);
        g_autofree char *parent = g_path_get_dirname(full);
        g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
        g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

static void set_up(Fixture *f, gconstpointer flags) {
        f->root = g_dir_make_tmp("berth-store-XXXXXX", NULL);
        g_autofree char *digest = digest_of_bytes(CONFIG_TEXT, strlen(CONFIG_TEXT));
        f->image_id = g_strdup(digest_hex(digest));
        g_autofree char *images = g_strdup_printf(
                        "[{\"id\":\"%s\",\"digest\":\"sha256:" L1 "\",\"names\":[\"localhost/"
                        "web:latest\",\"quay.io/team/app:1\"],\"layer\":\"" L2 "\"}]",
                        f->image_id);
        g_autofree char *layers =
                        g_strdup_printf("[{\"id\":\"" L1 "\",\"diff-size\":10},{\"id\":\"" L2
                                        "\",\"parent\":\"" L1 "\",\"diff-size\":5%s}]",
                                        flags ? (const char *) flags : "");
        g_autofree char *name = g_base64_encode((const guchar *) digest, strlen(digest));
        g_autofree char *config = g_strdup_printf("overlay-images/%s/=%s", f->image_id, name);
        put(f->root, "overlay-images/images.json", images);
        put(f->root, "overlay-layers/layers.json", layers);
        put(f->root, config, CONFIG_TEXT);
        put(f->root, "overlay/" L1 "/diff/a", "x");
        put(f->root, "overlay/" L2 "/diff/b", "x");
        StoreOptions options = { .graph_root = f->root, .run_root = f->root };
        g_autoptr(GError) error = NULL;
        g_setenv("CONTAINERS_STORAGE_CONF", "/dev/null", TRUE);
        f->store = store_open(&options, &error);
        g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer data) {
        g_assert_true(file_remove_tree(-100, f->root, NULL));
        store_free(f->store);
        g_free(f->root);
        g_free(f->image_id);
}

static void finds(Fixture *f, gconstpointer data) {
        g_autofree char *prefix = g_strndup(f->image_id, 12);
        const char *const names[] = {
                "web",
                "web:latest",
                "localhost/web",
                "app:1",
                "quay.io/team/app:1",
                "quay.io/team/app@sha256:" L1,
                "team/app:1",
                prefix,
                f->image_id,
        };
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(StoreImage) image = NULL;
                store_image_find(f->store, names[i], &image, &error);
                g_assert_no_error(error);
                g_assert_cmpstr(image->id, ==, f->image_id);
        }
        const char *const absent[] = { "app", "web:2", "other", "quay.io/team/app", "zz", "Bad" };
        for (size_t i = 0; i < G_N_ELEMENTS(absent); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(StoreImage) image = NULL;
                g_assert_false(store_image_find(f->store, absent[i], &image, &error));
                g_assert_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
        }
}

static void reads(Fixture *f, gconstpointer data) {
        g_autoptr(GError) error = NULL;
        g_autoptr(StoreImage) image = NULL;
        g_assert_true(store_image_find(f->store, "web", &image, &error));
        g_autoptr(GBytes) config = NULL;
        g_assert_true(store_image_read_config(f->store, image, &config, &error));
        g_assert_cmpuint(g_bytes_get_size(config), ==, strlen(CONFIG_TEXT));
        g_auto(GStrv) paths = NULL;
        g_assert_true(store_image_layer_paths(f->store, image, &paths, &error));
        g_assert_cmpuint(g_strv_length(paths), ==, 2);
        g_assert_true(g_str_has_suffix(paths[0], "/overlay/" L2 "/diff"));
        uint64_t size;
        g_assert_true(store_image_size(f->store, image, &size, &error));
        g_assert_cmpuint(size, ==, 15);
}

static void names_damage(Fixture *f, gconstpointer data) {
        g_autoptr(GError) error = NULL;
        g_autoptr(StoreImage) image = NULL;
        g_auto(GStrv) paths = NULL;
        g_assert_true(store_image_find(f->store, "web", &image, &error));
        g_assert_false(store_image_layer_paths(f->store, image, &paths, &error));
        g_assert_error(error, STORE_ERROR, STORE_ERROR_DAMAGED);
        g_assert_nonnull(strstr(error->message, L2));
}

static void empty(void) {
        StoreOptions options = { .graph_root = "/nonexistent/x", .run_root = "/nonexistent/y" };
        g_autoptr(GError) error = NULL;
        g_autoptr(Store) store = store_open(&options, &error);
        g_autoptr(GPtrArray) images = NULL;
        g_assert_true(store_image_list(store, &images, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(images->len, ==, 0);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_setenv("CONTAINERS_STORAGE_CONF", "/dev/null", TRUE);
        g_test_add("/store/finds-by-every-name", Fixture, NULL, set_up, finds, tear_down);
        g_test_add("/store/reads-config-and-layers", Fixture, NULL, set_up, reads, tear_down);
        g_test_add("/store/incomplete-layer-is-absent", Fixture, ",\"flags\":{\"incomplete\":true}",
                   set_up, names_damage, tear_down);
        g_test_add_func("/store/absent-store-is-empty", empty);
        return g_test_run();
}
