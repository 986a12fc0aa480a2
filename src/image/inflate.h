/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decompression in push mode. The format is decided by the first bytes, as Podman does: media
 * types are advisory. Several gzip members or zstd frames in a row are one stream (pigz, eStargz,
 * zstd:chunked). */

typedef enum InflateFormat { /* the numbers are those of layers.json's "compression" */
        INFLATE_NONE = 0,
        INFLATE_BZIP2 = 1,
        INFLATE_GZIP = 2,
        INFLATE_XZ = 3,
        INFLATE_ZSTD = 4,
} InflateFormat;

typedef bool (*InflateSink)(void *data, const void *bytes, size_t size, GError **error);

typedef struct Inflater Inflater;

/* sink gets the plain bytes; data is borrowed. */
Inflater *inflater_new(InflateSink sink, void *data);
void inflater_free(Inflater *inflater);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inflater, inflater_free)

bool inflater_push(Inflater *inflater, const void *bytes, size_t size, GError **error);

/* The end of the input: fails when it is in the middle of a member. */
bool inflater_finish(Inflater *inflater, GError **error);

InflateFormat inflater_format(const Inflater *inflater); /* known after the first few bytes */

/* For the backends: one file per library. step() consumes from *in and produces into out; it says
 * in *ret_between whether the input may end here. */
typedef struct InflateBackend {
        void *(*open)(void);
        bool (*step)(void *state,
                     const uint8_t **in,
                     size_t *size,
                     uint8_t *out,
                     size_t room,
                     size_t *ret_produced,
                     bool *ret_between,
                     GError **error);
        void (*close)(void *state);
} InflateBackend;

extern const InflateBackend inflate_bzip2;
extern const InflateBackend inflate_gzip; /* inflate-isal.c or inflate-zlib.c */
extern const InflateBackend inflate_xz;
extern const InflateBackend inflate_zstd;
