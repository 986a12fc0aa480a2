/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "image/inflate.h"

/* One layer's blob on its way into a directory: bytes come in as they arrive from the network and
 * are hashed, inflated, hashed again, split and unpacked at once; no copy of the blob is kept. The
 * caller's directory gets "diff/" and "tar-split.gz". */

typedef struct LayerWant {
        const char *digest;  /* of the blob; NULL: not known beforehand */
        int64_t size;        /* of the blob; -1: not known */
        const char *diff_id; /* of the plain tar; NULL: not known */
} LayerWant;

typedef struct LayerResult {
        char *digest;
        int64_t size;
        char *diff_id;
        int64_t diff_size;
        InflateFormat compression;
        GArray *uids, *gids; /* of uint32_t */
} LayerResult;

void layer_result_clear(LayerResult *result);

#define LAYER_DIFF_SIZE_MAX  (INT64_C(256) << 30)
#define LAYER_BOMB_SIZE_MIN  (INT64_C(1) << 30)
#define LAYER_BOMB_RATIO_MAX 200 /* above LAYER_BOMB_SIZE_MIN of plain bytes */

typedef struct LayerStream LayerStream;

LayerStream *layer_stream_new(int directory_fd, const LayerWant *want, GError **error);
void layer_stream_free(LayerStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LayerStream, layer_stream_free)

bool layer_stream_push(LayerStream *stream, const void *bytes, size_t size, GError **error);

/* The end: both digests and the size are checked before true is returned. */
bool layer_stream_finish(LayerStream *stream, LayerResult *ret_result, GError **error);
