/* SPDX-License-Identifier: Apache-2.0 */
/* Detects the compression of a stream and runs the library for it. */
#include "image/inflate.h"

#include <string.h>

#include "base/error.h"

#define OUT_SIZE   (128u << 10) /* stays in the cores' own cache between inflate, hash and write */
#define MAGIC_SIZE 6

struct Inflater {
        InflateSink sink;
        void *data; /* borrowed */
        uint8_t head[MAGIC_SIZE];
        size_t n_head;
        bool decided;
        InflateFormat format;
        const InflateBackend *backend; /* NULL: plain bytes */
        void *state;
        bool between; /* the input may end here */
        uint8_t *out;
};

Inflater *inflater_new(InflateSink sink, void *data) {
        Inflater *inflater = g_new0(Inflater, 1);
        inflater->sink = sink;
        inflater->data = data;
        inflater->between = true;
        return inflater;
}

void inflater_free(Inflater *inflater) {
        if (!inflater)
                return;
        if (inflater->state)
                inflater->backend->close(inflater->state);
        g_free(inflater->out);
        g_free(inflater);
}

InflateFormat inflater_format(const Inflater *inflater) {
        return inflater->format;
}

static InflateFormat detect(const uint8_t *head, size_t n) {
        if (n >= 3 && memcmp(head, "\x1f\x8b\x08", 3) == 0)
                return INFLATE_GZIP;
        if (n >= 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
                return INFLATE_ZSTD;
        /* RFC 8878, 3.1.2: skippable frames may come first. */
        if (n >= 4 && (head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0)
                return INFLATE_ZSTD;
        if (n >= 3 && memcmp(head, "BZh", 3) == 0)
                return INFLATE_BZIP2;
        if (n >= 6 && memcmp(head,
                             "\xfd"
                             "7zXZ\0",
                             6) == 0)
                return INFLATE_XZ;
        return INFLATE_NONE;
}

static const InflateBackend *const backends[] = {
        [INFLATE_NONE] = NULL,          [INFLATE_BZIP2] = &inflate_bzip2,
        [INFLATE_GZIP] = &inflate_gzip, [INFLATE_XZ] = &inflate_xz,
        [INFLATE_ZSTD] = &inflate_zstd,
};

static void decide(Inflater *inflater) {
        inflater->decided = true;
        inflater->format = detect(inflater->head, inflater->n_head);
        inflater->backend = backends[inflater->format];
        if (inflater->backend) {
                inflater->state = inflater->backend->open();
                inflater->out = g_malloc(OUT_SIZE);
        }
}

static bool feed(Inflater *inflater, const uint8_t *bytes, size_t size, GError **error) {
        if (!inflater->backend)
                return size == 0 || inflater->sink(inflater->data, bytes, size, error);
        size_t produced = OUT_SIZE;
        /* A full output buffer means that there may be more without further input. */
        while (size > 0 || produced == OUT_SIZE) {
                if (!inflater->backend->step(
                                    inflater->state, &bytes, &size, inflater->out, OUT_SIZE,
                                    &produced, &inflater->between, error))
                        return false;
                if (produced > 0 && !inflater->sink(inflater->data, inflater->out, produced, error))
                        return false;
        }
        return true;
}

bool inflater_push(Inflater *inflater, const void *bytes, size_t size, GError **error) {
        const uint8_t *at = bytes;
        if (!inflater->decided) {
                size_t n = MIN(size, MAGIC_SIZE - inflater->n_head);
                memcpy(inflater->head + inflater->n_head, at, n);
                inflater->n_head += n;
                at += n;
                size -= n;
                if (inflater->n_head < MAGIC_SIZE)
                        return true;
                decide(inflater);
                if (!feed(inflater, inflater->head, inflater->n_head, error))
                        return false;
        }
        return size == 0 || feed(inflater, at, size, error);
}

bool inflater_finish(Inflater *inflater, GError **error) {
        if (!inflater->decided) {
                decide(inflater);
                if (!feed(inflater, inflater->head, inflater->n_head, error))
                        return false;
        }
        if (!inflater->between)
                return error_set_invalid(error, "the compressed data end too early");
        return true;
}
