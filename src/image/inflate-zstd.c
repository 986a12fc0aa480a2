/* SPDX-License-Identifier: Apache-2.0 */
/* zstd by libzstd. */
#include <zstd.h>

#include "base/error.h"
#include "image/inflate.h"

/* 128 MiB, libzstd's own default; `zstd --long=27` is the most that other engines read. */
#define WINDOW_LOG_MAX 27

static void *zstd_open(void) {
        ZSTD_DStream *stream = ZSTD_createDStream();
        g_assert(stream);
        ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
        return stream;
}

static bool
zstd_step(void *data,
          const uint8_t **in,
          size_t *size,
          uint8_t *out,
          size_t room,
          size_t *ret_produced,
          bool *ret_between,
          GError **error) {
        ZSTD_inBuffer input = { *in, *size, 0 };
        ZSTD_outBuffer output = { out, room, 0 };
        size_t r = ZSTD_decompressStream(data, &output, &input);
        if (ZSTD_isError(r))
                return error_set_invalid(
                                error, "the zstd data are damaged: %s", ZSTD_getErrorName(r));
        /* Called once more after a full buffer, at the end of a frame: the hint is then for the
         * next frame and says nothing about this one. */
        if (input.pos > 0 || output.pos > 0)
                *ret_between = r == 0;
        *in += input.pos;
        *size -= input.pos;
        *ret_produced = output.pos;
        return true;
}

static void zstd_close(void *data) {
        ZSTD_freeDStream(data);
}

const InflateBackend inflate_zstd = {
        .open = zstd_open,
        .step = zstd_step,
        .close = zstd_close,
};
