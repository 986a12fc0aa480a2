/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Reading the containers/storage overlay store (facts: layout and locks as Podman and CRI-O keep
 * them). Reads take no lock: images.json and layers.json are replaced by rename, so each is whole;
 * a lookup that does not add up is repeated once under the readers' locks. Writing is
 * store/writer.h. */

typedef enum StoreError {
        STORE_ERROR_NOT_FOUND,
        STORE_ERROR_AMBIGUOUS, /* an id prefix fits several images */
        STORE_ERROR_DAMAGED,   /* a record without its data */
        STORE_ERROR_IN_USE,
        STORE_ERROR_READ_ONLY,
} StoreError;
#define STORE_ERROR store_error_quark()
GQuark store_error_quark(void);

typedef struct StoreOptions {
        const char *graph_root; /* NULL: storage.conf, else /var/lib/containers/storage */
        const char *run_root;   /* NULL: storage.conf, else /run/containers/storage */
} StoreOptions;

typedef struct Store Store;

/* Opens for reading; a store that does not exist yet is empty, and nothing is created. Additional
 * image stores of storage.conf are looked through after the main one. options may be NULL. */
Store *store_open(const StoreOptions *options, GError **error);
void store_free(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

const char *store_graph_root(const Store *store); /* absolute path, borrowed */
const char *store_run_root(const Store *store);

typedef struct StoreImage {
        char *id;     /* 64 hex */
        char *digest; /* of the manifest; may be NULL */
        char **names; /* fully qualified; empty vector for a dangling image */
        char **names_history;
        char *layer;      /* top layer's id, or NULL */
        char *created;    /* RFC 3339, of the config */
        char *store_path; /* the store it came from */
        bool read_only;
        char **signers;      /* whose signatures the policy found good at the pull; may be empty */
        uint64_t items_size; /* config, manifests and so on */
} StoreImage;

void store_image_free(StoreImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreImage, store_image_free)

/* Finds by fully qualified name[:tag][@digest], short name (normalised as Podman does:
 * localhost/NAME, then docker.io/library/NAME, tag latest), id or unique id prefix.
 * STORE_ERROR_NOT_FOUND otherwise. */
bool store_image_find(Store *store, const char *name, StoreImage **ret_image, GError **error);

/* All images, main store first. Element type StoreImage, owned by the array. */
bool store_image_list(Store *store, GPtrArray **ret_images, GError **error);

/* The config document's exact bytes, checked against the image's id. */
bool store_image_read_config(
                Store *store, const StoreImage *image, GBytes **ret_config, GError **error);

/* The chosen platform's manifest, exact bytes. */
bool store_image_read_manifest(
                Store *store, const StoreImage *image, GBytes **ret_manifest, GError **error);

/* The layers' content directories (…/overlay/<id>/diff), absolute, topmost first, as overlayfs's
 * lowerdir wants them. Caller frees with g_strfreev(). STORE_ERROR_DAMAGED names the missing layer.
 */
bool store_image_layer_paths(
                Store *store, const StoreImage *image, char ***ret_paths, GError **error);

/* Sum of the layers' uncompressed sizes and the documents', as `podman images` shows. Bytes. */
bool store_image_size(Store *store, const StoreImage *image, uint64_t *ret_bytes, GError **error);
