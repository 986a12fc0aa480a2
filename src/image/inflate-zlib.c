/* SPDX-License-Identifier: Apache-2.0 */
/* gzip by zlib, where isa-l is not built. */
#include <zlib.h>

#include "base/error.h"
#include "image/inflate.h"

typedef struct ZlibState {
        z_stream stream;
        bool ended;
} ZlibState;

static void *zlib_open(void) {
        ZlibState *state = g_new0(ZlibState, 1);
        int r = inflateInit2(&state->stream, 16 + MAX_WBITS); /* 16: gzip only */
        g_assert(r == Z_OK);
        return state;
}

static bool
zlib_step(void *data,
          const uint8_t **in,
          size_t *size,
          uint8_t *out,
          size_t room,
          size_t *ret_produced,
          bool *ret_between,
          GError **error) {
        ZlibState *state = data;
        if (state->ended && *size > 0) {             /* another member */
                (void) inflateReset(&state->stream); /* fails only on a broken state */
                state->ended = false;
        }
        state->stream.next_in = (Bytef *) *in;
        state->stream.avail_in = (uInt) MIN(*size, 1u << 30);
        state->stream.next_out = out;
        state->stream.avail_out = (uInt) room;
        int r = inflate(&state->stream, Z_NO_FLUSH);
        if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
                return error_set_invalid(error, "the gzip data are damaged");
        state->ended = state->ended || r == Z_STREAM_END;
        *size -= (size_t) (state->stream.next_in - *in);
        *in = state->stream.next_in;
        *ret_produced = room - state->stream.avail_out;
        *ret_between = state->ended;
        return true;
}

static void zlib_close(void *data) {
        ZlibState *state = data;
        inflateEnd(&state->stream);
        g_free(state);
}

const InflateBackend inflate_gzip = {
        .open = zlib_open,
        .step = zlib_step,
        .close = zlib_close,
};
