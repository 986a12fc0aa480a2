/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "store/store.h"

/* Inside the store layer: one directory tree in containers/storage layout. places[0] is where we
 * write; the others are additional, read-only image stores. */

typedef struct StorePlace {
        char *path;
        bool read_only;
} StorePlace;

struct Store {
        char *graph_root;
        char *run_root;
        char *mount_options;
        bool rootless;
        GPtrArray *places; /* of StorePlace */
};

/* "<place>/overlay-images/images.json" and so on; caller frees. */
char *place_images_path(const StorePlace *place, const char *name);
char *place_layers_path(const StorePlace *place, const char *name);
char *place_overlay_path(const StorePlace *place, const char *layer, const char *name);

/* The file of a big data item of an image: c/storage's encoding of the key. */
char *place_image_item_path(const StorePlace *place, const char *image, const char *key);

/* Renames within the place; both names are relative to it. 0 or -errno. */
int place_rename(const StorePlace *place, const char *from, const char *to);

/* The place a store_path of an image names, or NULL. */
const StorePlace *store_place_find(const Store *store, const char *path);

/* One layer of a chain. */
typedef struct StoreLayer {
        char *id;
        char *diff_digest, *compressed_digest; /* or NULL */
        int64_t diff_size, compressed_size;    /* -1 unknown */
        const StorePlace *place;               /* borrowed from the store */
} StoreLayer;

void store_layer_free(StoreLayer *layer);

/* The layers from `top` down to the base, topmost first (StoreLayer, owned by the array). A
 * missing or incomplete one is looked for once more under the readers' lock, then it is
 * STORE_ERROR_DAMAGED. top may be NULL: no layers. */
bool store_layer_chain(Store *store, const char *top, GPtrArray **ret_chain, GError **error);
