/* SPDX-License-Identifier: Apache-2.0 */
/* gzip into a file by zlib, where isa-l is not built. */
#include <zlib.h>

#include "base/error.h"
#include "base/fd.h"
#include "image/gzip-writer.h"

#define OUT_SIZE (64u << 10)

struct GzipWriter {
        z_stream stream;
        int fd; /* borrowed */
        Bytef out[OUT_SIZE];
};

GzipWriter *gzip_writer_new(int fd) {
        GzipWriter *writer = g_new0(GzipWriter, 1);
        writer->fd = fd;
        int r =
                        deflateInit2(&writer->stream, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8,
                                     Z_DEFAULT_STRATEGY);
        g_assert(r == Z_OK);
        return writer;
}

void gzip_writer_free(GzipWriter *writer) {
        if (!writer)
                return;
        deflateEnd(&writer->stream);
        g_free(writer);
}

static bool run(GzipWriter *writer, const void *bytes, size_t size, int flush, GError **error) {
        writer->stream.next_in = (Bytef *) bytes;
        writer->stream.avail_in = (uInt) size;
        int r;
        do {
                writer->stream.next_out = writer->out;
                writer->stream.avail_out = OUT_SIZE;
                r = deflate(&writer->stream, flush);
                int w = fd_write_all(writer->fd, writer->out, OUT_SIZE - writer->stream.avail_out);
                if (w < 0)
                        return error_set_errno(error, w, "Cannot write compressed data");
        } while (writer->stream.avail_out == 0 || (flush == Z_FINISH && r != Z_STREAM_END));
        return true;
}

bool gzip_writer_write(GzipWriter *writer, const void *bytes, size_t size, GError **error) {
        return run(writer, bytes, size, Z_NO_FLUSH, error);
}

bool gzip_writer_finish(GzipWriter *writer, GError **error) {
        return run(writer, NULL, 0, Z_FINISH, error);
}
