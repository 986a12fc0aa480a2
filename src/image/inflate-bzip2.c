/* SPDX-License-Identifier: Apache-2.0 */
/* bzip2 by libbz2. */
#include <bzlib.h>

#include "base/error.h"
#include "image/inflate.h"

typedef struct Bzip2State {
        bz_stream stream;
        bool ended; /* of a stream; another one may follow (pbzip2) */
} Bzip2State;

static void begin_stream(Bzip2State *state) {
        state->stream = (bz_stream){ 0 };
        int r = BZ2_bzDecompressInit(&state->stream, 0, 0);
        g_assert(r == BZ_OK); /* out of memory, as GLib treats it */
        state->ended = false;
}

static void *bzip2_open(void) {
        Bzip2State *state = g_new0(Bzip2State, 1);
        begin_stream(state);
        return state;
}

static bool
bzip2_step(void *data,
           const uint8_t **in,
           size_t *size,
           uint8_t *out,
           size_t room,
           size_t *ret_produced,
           bool *ret_between,
           GError **error) {
        Bzip2State *state = data;
        if (state->ended && *size > 0) {
                BZ2_bzDecompressEnd(&state->stream);
                begin_stream(state);
        }
        *ret_produced = 0;
        *ret_between = state->ended;
        if (state->ended)
                return true;
        size_t give = MIN(*size, 1u << 30);
        state->stream.next_in = (char *) *in;
        state->stream.avail_in = (unsigned int) give;
        state->stream.next_out = (char *) out;
        state->stream.avail_out = (unsigned int) room;
        int r = BZ2_bzDecompress(&state->stream);
        if (r != BZ_OK && r != BZ_STREAM_END)
                return error_set_invalid(error, "the bzip2 data are damaged");
        size_t used = give - state->stream.avail_in;
        *in += used;
        *size -= used;
        *ret_produced = room - state->stream.avail_out;
        state->ended = r == BZ_STREAM_END;
        *ret_between = state->ended;
        return true;
}

static void bzip2_close(void *data) {
        Bzip2State *state = data;
        BZ2_bzDecompressEnd(&state->stream);
        g_free(state);
}

const InflateBackend inflate_bzip2 = {
        .open = bzip2_open,
        .step = bzip2_step,
        .close = bzip2_close,
};
