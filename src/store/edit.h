/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "store/place.h"
#include "store/writer.h"

/* Inside the store layer: the locked state of the main place while it is being changed. */

typedef struct StoreEdit {
        const StorePlace *place; /* borrowed; where we write */
        int storage_lock, layers_lock, images_lock;
        JsonNode *layers_root, *images_root;
        JsonArray *layers, *images; /* mutable; elements are immutable until thawed */
} StoreEdit;

/* Takes storage.lock, layers.lock and images.lock for writing and loads the records. */
StoreEdit *store_edit_begin(Store *store, GError **error);
void store_edit_free(StoreEdit *edit); /* drops the locks; nothing is saved */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreEdit, store_edit_free)

/* Writes the list and a fresh token. */
bool store_edit_save_layers(StoreEdit *edit, GError **error);
bool store_edit_save_images(StoreEdit *edit, GError **error);

/* Removes the records that are flagged incomplete, and their files. The directories are moved into
 * the stage, so that little time passes under the lock. */
bool store_edit_drop_incomplete(StoreEdit *edit, const StoreStage *trash, GError **error);

/* Flags the layers (ids), moves their directories into the stage, removes the records. */
bool store_edit_drop_layers(
                StoreEdit *edit, GPtrArray *ids, const StoreStage *trash, GError **error);

/* flags.incomplete on or off, on a mutable record. */
void store_record_set_incomplete(JsonObject *record, bool incomplete);
