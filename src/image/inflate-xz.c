/* SPDX-License-Identifier: Apache-2.0 */
/* xz by liblzma: libarchive has it too, but wants to pull, and bytes are pushed here. */
#include <lzma.h>

#include "base/error.h"
#include "image/inflate.h"

/* xz -9 needs 65 MiB to unpack; a dictionary may ask for 1.5 GiB. */
#define XZ_MEMORY_MAX (UINT64_C(128) << 20)

typedef struct XzState {
        lzma_stream stream;
        bool ended; /* of a stream; another one may follow */
} XzState;

static void begin_stream(XzState *state) {
        lzma_ret r = lzma_stream_decoder(&state->stream, XZ_MEMORY_MAX, 0);
        g_assert(r == LZMA_OK); /* out of memory, as GLib treats it */
        state->ended = false;
}

static void *xz_open(void) {
        XzState *state = g_new0(XzState, 1);
        state->stream = (lzma_stream) LZMA_STREAM_INIT;
        begin_stream(state);
        return state;
}

static const char *words(lzma_ret r) {
        switch (r) {
        case LZMA_MEMLIMIT_ERROR:
                return "they need more memory than is allowed";
        case LZMA_OPTIONS_ERROR:
                return "they use options that are not supported";
        case LZMA_FORMAT_ERROR:
                return "not xz";
        default:
                return "a checksum or the structure is wrong";
        }
}

static bool
xz_step(void *data,
        const uint8_t **in,
        size_t *size,
        uint8_t *out,
        size_t room,
        size_t *ret_produced,
        bool *ret_between,
        GError **error) {
        XzState *state = data;
        *ret_produced = 0;
        /* The .xz file format, 2.2: zeros may stand between streams. */
        for (; state->ended && *size > 0 && **in == 0; (*in)++)
                (*size)--;
        if (state->ended && *size > 0)
                begin_stream(state);
        *ret_between = state->ended;
        if (state->ended)
                return true;
        state->stream.next_in = *in;
        state->stream.avail_in = *size;
        state->stream.next_out = out;
        state->stream.avail_out = room;
        lzma_ret r = lzma_code(&state->stream, LZMA_RUN);
        if (r != LZMA_OK && r != LZMA_STREAM_END && r != LZMA_BUF_ERROR)
                return error_set_invalid(error, "the xz data are damaged: %s", words(r));
        state->ended = r == LZMA_STREAM_END;
        *in = state->stream.next_in;
        *size = state->stream.avail_in;
        *ret_produced = room - state->stream.avail_out;
        *ret_between = state->ended;
        return true;
}

static void xz_close(void *data) {
        XzState *state = data;
        lzma_end(&state->stream);
        g_free(state);
}

const InflateBackend inflate_xz = {
        .open = xz_open,
        .step = xz_step,
        .close = xz_close,
};
