/* SPDX-License-Identifier: Apache-2.0 */
/* Layers as a reader sees them: chains of parents, their directories and sizes. */
#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "store/lock.h"
#include "store/place.h"
#include "store/records.h"

#define CHAIN_MAX 501 /* the overlay driver's 500 lower layers, and a container's own */

void store_layer_free(StoreLayer *layer) {
        if (!layer)
                return;
        g_free(layer->id);
        g_free(layer->diff_digest);
        g_free(layer->compressed_digest);
        g_free(layer);
}

/* layers.json of one place, and volatile-layers.json, which Podman 5 keeps beside it. */
typedef struct PlaceLayers {
        const StorePlace *place;
        JsonNode *lists[2];
} PlaceLayers;

static void place_layers_free(gpointer data) {
        PlaceLayers *layers = data;
        g_clear_pointer(&layers->lists[0], json_node_unref);
        g_clear_pointer(&layers->lists[1], json_node_unref);
        g_free(layers);
}

static bool load_place(const StorePlace *place, bool locked, GPtrArray *ret_all, GError **error) {
        autofd int lock = -1;
        if (locked) {
                g_autofree char *lock_path = place_layers_path(place, "layers.lock");
                if (access(lock_path, F_OK) == 0) {
                        lock = lock_take(lock_path, STORE_LOCK_READ, error);
                        if (lock < 0)
                                return false;
                }
        }
        static const char *const names[] = { "layers.json", "volatile-layers.json" };
        PlaceLayers *layers = g_new0(PlaceLayers, 1);
        layers->place = place;
        g_ptr_array_add(ret_all, layers);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = place_layers_path(place, names[i]);
                if (!records_load(path, &layers->lists[i], error))
                        return false;
        }
        return true;
}

static JsonObject *find_record(GPtrArray *all, const char *id, const StorePlace **ret_place) {
        for (guint i = 0; i < all->len; i++) {
                const PlaceLayers *layers = all->pdata[i];
                for (size_t k = 0; k < G_N_ELEMENTS(layers->lists); k++) {
                        JsonObject *record =
                                        records_find(json_node_get_array(layers->lists[k]), id);
                        if (record && !record_is_incomplete(record)) {
                                *ret_place = layers->place;
                                return record;
                        }
                }
        }
        return NULL;
}

static StoreLayer *layer_from(JsonObject *record, const StorePlace *place, GError **error) {
        const char *diff, *compressed;
        StoreLayer *layer = g_new0(StoreLayer, 1);
        layer->place = place;
        layer->id = g_strdup(json_object_get_string_member(record, "id"));
        if (!json_get_string(record, "diff-digest", &diff, error) ||
            !json_get_string(record, "compressed-diff-digest", &compressed, error) ||
            !json_get_int(record, "diff-size", &layer->diff_size, error) ||
            !json_get_int(record, "compressed-size", &layer->compressed_size, error)) {
                g_prefix_error(error, "layer '%s': ", layer->id);
                store_layer_free(layer);
                return NULL;
        }
        layer->diff_digest = g_strdup(diff);
        layer->compressed_digest = g_strdup(compressed);
        return layer;
}

static bool
walk(Store *store, const char *top, bool locked, GPtrArray **ret_chain, GError **error) {
        g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(place_layers_free);
        for (guint i = 0; i < store->places->len; i++)
                if (!load_place(store->places->pdata[i], locked, all, error))
                        return false;
        g_autoptr(GPtrArray) chain =
                        g_ptr_array_new_with_free_func((GDestroyNotify) store_layer_free);
        for (const char *id = top; id && *id;) {
                const StorePlace *place = NULL;
                JsonObject *record = find_record(all, id, &place);
                if (!record)
                        return error_set(
                                        error, STORE_ERROR, STORE_ERROR_DAMAGED,
                                        "layer '%s' is not in the store", id);
                if (chain->len >= CHAIN_MAX)
                        return error_set(
                                        error, STORE_ERROR, STORE_ERROR_DAMAGED,
                                        "layer '%s' has more than %d parents", top, CHAIN_MAX);
                StoreLayer *layer = layer_from(record, place, error);
                if (!layer)
                        return false;
                g_ptr_array_add(chain, layer);
                if (!json_get_string(record, "parent", &id, error))
                        return false;
        }
        *ret_chain = g_steal_pointer(&chain);
        return true;
}

bool store_layer_chain(Store *store, const char *top, GPtrArray **ret_chain, GError **error) {
        g_autoptr(GError) inner = NULL;
        if (walk(store, top, false, ret_chain, &inner))
                return true;
        /* A writer between our reads of images.json and layers.json looks like damage. */
        if (g_error_matches(inner, STORE_ERROR, STORE_ERROR_DAMAGED))
                return walk(store, top, true, ret_chain, error);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
}

bool store_image_layer_paths(
                Store *store, const StoreImage *image, char ***ret_paths, GError **error) {
        g_autoptr(GPtrArray) chain = NULL;
        if (!store_layer_chain(store, image->layer, &chain, error))
                return false;
        g_auto(GStrv) paths = g_new0(char *, chain->len + 1);
        for (guint i = 0; i < chain->len; i++) {
                const StoreLayer *layer = chain->pdata[i];
                paths[i] = place_overlay_path(layer->place, layer->id, "diff");
                if (access(paths[i], F_OK) < 0)
                        return error_set(
                                        error, STORE_ERROR, STORE_ERROR_DAMAGED,
                                        "layer '%s' has lost its directory '%s'", layer->id,
                                        paths[i]);
        }
        *ret_paths = g_steal_pointer(&paths);
        return true;
}

bool store_image_size(Store *store, const StoreImage *image, uint64_t *ret_bytes, GError **error) {
        g_autoptr(GPtrArray) chain = NULL;
        if (!store_layer_chain(store, image->layer, &chain, error))
                return false;
        uint64_t sum = image->items_size;
        for (guint i = 0; i < chain->len; i++) {
                const StoreLayer *layer = chain->pdata[i];
                sum += layer->diff_size > 0 ? (uint64_t) layer->diff_size : 0;
        }
        *ret_bytes = sum;
        return true;
}
