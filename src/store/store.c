/* SPDX-License-Identifier: Apache-2.0 */
/* Where the store is: roots, additional stores, paths. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "config/storage-conf.h"
#include "store/place.h"

GQuark store_error_quark(void) {
        return g_quark_from_static_string("berth-store");
}

static void place_free(gpointer data) {
        StorePlace *place = data;
        g_free(place->path);
        g_free(place);
}

static void add_place(Store *store, const char *path, bool read_only) {
        StorePlace *place = g_new0(StorePlace, 1);
        place->path = g_strdup(path);
        place->read_only = read_only;
        g_ptr_array_add(store->places, place);
}

Store *store_open(const StoreOptions *options, GError **error) {
        g_autoptr(StorageConf) conf = storage_conf_load(error);
        if (!conf)
                return NULL;
        g_autoptr(Store) store = g_new0(Store, 1);
        const char *graph_root = options ? options->graph_root : NULL;
        const char *run_root = options ? options->run_root : NULL;
        store->graph_root =
                        g_canonicalize_filename(graph_root ? graph_root : conf->graph_root, NULL);
        store->run_root = g_canonicalize_filename(run_root ? run_root : conf->run_root, NULL);
        store->mount_options = g_strdup(conf->mount_options);
        store->rootless = conf->rootless;
        store->places = g_ptr_array_new_with_free_func(place_free);

        /* With an image store of its own, the graph root is one more place to look in. An explicit
         * --root means: everything there. */
        bool split = conf->image_store && !graph_root;
        add_place(store, split ? conf->image_store : store->graph_root, false);
        if (split)
                add_place(store, store->graph_root, true);
        /* podman(1): --root makes the storage options of storage.conf not count. */
        for (char **at = conf->additional_image_stores; *at && !graph_root; at++)
                add_place(store, *at, true);
        return g_steal_pointer(&store);
}

void store_free(Store *store) {
        if (!store)
                return;
        g_free(store->graph_root);
        g_free(store->run_root);
        g_free(store->mount_options);
        g_clear_pointer(&store->places, g_ptr_array_unref);
        g_free(store);
}

const char *store_graph_root(const Store *store) {
        return store->graph_root;
}

const char *store_run_root(const Store *store) {
        return store->run_root;
}

char *place_images_path(const StorePlace *place, const char *name) {
        return g_build_filename(place->path, "overlay-images", name, NULL);
}

char *place_layers_path(const StorePlace *place, const char *name) {
        return g_build_filename(place->path, "overlay-layers", name, NULL);
}

char *place_overlay_path(const StorePlace *place, const char *layer, const char *name) {
        return g_build_filename(place->path, "overlay", layer, name, NULL);
}

char *place_image_item_path(const StorePlace *place, const char *image, const char *key) {
        bool plain = *key != '\0';
        for (const char *c = key; *c; c++)
                plain = plain && (g_ascii_islower(*c) || g_ascii_isdigit(*c) || *c == '.');
        if (plain)
                return g_build_filename(place->path, "overlay-images", image, key, NULL);
        g_autofree char *encoded = g_base64_encode((const guchar *) key, strlen(key));
        g_autofree char *name = g_strconcat("=", encoded, NULL);
        return g_build_filename(place->path, "overlay-images", image, name, NULL);
}

/* Podman mounts overlay/ onto itself, and a rename does not cross mounts, not even of one file
 * system. A private copy of the mount below (open_tree(2), not recursive) does not have that cover.
 */
static int rename_below_mounts(const StorePlace *place, const char *from, const char *to) {
        autofd int fd = sys_open_tree(AT_FDCWD, place->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (fd < 0)
                return fd;
        return renameat(fd, from, fd, to) < 0 ? -errno : 0;
}

int place_rename(const StorePlace *place, const char *from, const char *to) {
        autofd int fd = open(place->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (renameat(fd, from, fd, to) == 0)
                return 0;
        return errno == EXDEV ? rename_below_mounts(place, from, to) : -errno;
}

const StorePlace *store_place_find(const Store *store, const char *path) {
        for (guint i = 0; i < store->places->len; i++) {
                const StorePlace *place = store->places->pdata[i];
                if (g_str_equal(place->path, path))
                        return place;
        }
        return NULL;
}
