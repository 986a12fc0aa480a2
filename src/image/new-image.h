/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "image/layer.h"
#include "store/writer.h"

/* Images that are made here: `import`, `commit`. */

/* Reads a layer's tar to its end and unpacks it into a staged directory. */
bool new_image_read_layer(int fd, int directory_fd, LayerResult *ret_result, GError **error);

/* parent: the id of the layer below, or NULL. Caller frees. */
StoreNewLayer *new_image_layer(const char *parent, const LayerResult *result, const char *staged);

/* From the configuration and all layers (StoreNewLayer, base first; taken, digests and sizes of all
 * of them set) to what store_commit() wants. docker: a manifest with Docker's media types. */
StoreNewImage *new_image_make(bool docker, GPtrArray *layers, GBytes *config, const char *created);
