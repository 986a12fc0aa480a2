/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

/* Writing the store. The crash contract: bytes are unpacked into a staging directory of their own,
 * without any lock; then, under the store's locks and within milliseconds, records are written with
 * flags.incomplete, directories renamed into place, and the flag taken off. A process that dies at
 * any point leaves either a staging directory whose lock nobody holds, or flagged records: the next
 * writer removes both. Locks are always taken in the order storage, layers, images, containers. */

/* Makes the tree where it is missing and removes what dead writers left. */
bool store_prepare(Store *store, GError **error);

/* A staging directory; its lock keeps other writers from removing it. */
typedef struct StoreStage StoreStage;
StoreStage *store_stage_new(Store *store, GError **error);
void store_stage_free(StoreStage *stage); /* removes what was not committed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreStage, store_stage_free)

/* Makes a subdirectory for one layer and opens it; *ret_name (owned by the caller) names it. */
int store_stage_make(StoreStage *stage, char **ret_name, GError **error);
void store_stage_drop(StoreStage *stage, const char *name);
int store_stage_fd(const StoreStage *stage);

/* The store's directory for blobs that came in part; they outlive the stage. -1: there is none. */
int store_stage_open_partials(const StoreStage *stage);

/* The path of something in the stage, relative to the store. Caller frees. */
char *store_stage_relative(const StoreStage *stage, const char *name);

typedef struct StoreNewLayer {
        char *id;      /* chain id */
        char *staged;  /* subdirectory with diff/ and tar-split.gz; NULL: is in the store already */
        char *diff_id; /* digests and sizes, only of staged layers */
        char *digest;
        int64_t diff_size, size;
        int compression;
        GArray *uids, *gids;
} StoreNewLayer;

void store_new_layer_free(StoreNewLayer *layer);

typedef struct StoreItem { /* a big data item */
        char *key;
        GBytes *bytes;
} StoreItem;

typedef struct StoreNewImage {
        char *id;
        char *digest;          /* of the manifest */
        char *created;         /* or NULL: now */
        GPtrArray *names;      /* of char *, fully qualified; may be empty */
        GPtrArray *layers;     /* of StoreNewLayer, base first */
        GPtrArray *items;      /* of StoreItem: config, manifest, … */
        GPtrArray *signatures; /* of GBytes, kept with the image; may be NULL */
        GPtrArray *signers;    /* of char *, who made them; may be NULL */
} StoreNewImage;

StoreNewImage *store_new_image_new(void);
void store_new_image_free(StoreNewImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreNewImage, store_new_image_free)
void store_new_image_add_item(StoreNewImage *image, const char *key, GBytes *bytes);

/* containers/storage's id of a layer: of the parent's id (or NULL) and the diff id. Caller frees.
 */
char *store_chain_id(const char *parent, const char *diff_id);

/* True when the layer is in the store (any place), complete. */
bool store_layer_exists(Store *store, const char *id, bool *ret_exists, GError **error);

/* Adds layers and image. A layer that was to be reused but has vanished meanwhile gives
 * STORE_ERROR_NOT_FOUND: fetch it and try again. */
bool store_commit(Store *store, StoreStage *stage, const StoreNewImage *image, GError **error);

/* Gives the image one more name, taking it from whoever has it; removes a name. */
bool store_image_tag(Store *store, const char *id, const char *name, GError **error);
bool store_image_untag(Store *store, const char *id, const char *name, GError **error);

/* Removes the image and the layers that nothing else uses. STORE_ERROR_IN_USE when a container
 * refers to it. */
bool store_image_remove(Store *store, const char *id, GError **error);

/* Records of containers: as long as one names an image, neither we nor Podman remove it. */
bool store_container_add(
                Store *store, const char *id, const char *name, const char *image, GError **error);
/* Only when may() says so, which is called with the records' lock; NULL: always. */
bool store_container_remove(
                Store *store, const char *id, bool (*may)(void *data), void *data, GError **error);

typedef struct StoreContainer {
        char *id;
        char *name;  /* the first one, or NULL */
        char *image; /* "" when there is none */
} StoreContainer;

/* Everybody's containers of the main place. Caller unrefs; elements are StoreContainer. */
bool store_container_list(Store *store, GPtrArray **ret_containers, GError **error);

/* The ids of the images that containers use: a set of strings. Caller unrefs. */
bool store_images_in_use(Store *store, GHashTable **ret_ids, GError **error);
