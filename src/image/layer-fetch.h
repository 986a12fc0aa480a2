/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "image/layer.h"
#include "image/progress.h"
#include "image/source.h"
#include "store/store.h"
#include "store/writer.h"

/* Fetching and unpacking layers, several at once. */

typedef struct LayerFetch {
        const OciDescriptor *descriptor; /* borrowed */
        const char *diff_id;             /* borrowed */
        char *id;                        /* chain id */
        bool present;                    /* in the store already */
        char *staged;                    /* name in the stage once fetched */
        LayerResult result;
} LayerFetch;

void layer_fetch_free(LayerFetch *fetch);

/* Sets `present`. */
bool layer_fetch_find_present(Store *store, GPtrArray *layers, GError **error);

/* Fetches all that is neither present nor staged. The first failure stops the others at once. */
bool layer_fetch_all(
                ImageSource *source,
                StoreStage *stage,
                GPtrArray *layers,
                Progress *progress,
                GError **error);
