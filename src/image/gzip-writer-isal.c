/* SPDX-License-Identifier: Apache-2.0 */
/* gzip into a file by isa-l: several times faster than zlib's fastest level. */
#include <isa-l/igzip_lib.h>

#include "base/error.h"
#include "base/fd.h"
#include "image/gzip-writer.h"

#define OUT_SIZE (64u << 10)

struct GzipWriter {
        struct isal_zstream stream;
        int fd; /* borrowed */
        uint8_t level[ISAL_DEF_LVL1_DEFAULT];
        uint8_t out[OUT_SIZE];
};

GzipWriter *gzip_writer_new(int fd) {
        GzipWriter *writer = g_new0(GzipWriter, 1);
        writer->fd = fd;
        isal_deflate_init(&writer->stream);
        writer->stream.gzip_flag = IGZIP_GZIP;
        writer->stream.level = 1;
        writer->stream.level_buf = writer->level;
        writer->stream.level_buf_size = sizeof writer->level;
        return writer;
}

void gzip_writer_free(GzipWriter *writer) {
        g_free(writer);
}

static bool run(GzipWriter *writer, const void *bytes, size_t size, bool end, GError **error) {
        struct isal_zstream *stream = &writer->stream;
        stream->next_in = (uint8_t *) bytes;
        stream->avail_in = (uint32_t) size;
        stream->end_of_stream = end;
        do {
                stream->next_out = writer->out;
                stream->avail_out = OUT_SIZE;
                if (isal_deflate(stream) != COMP_OK)
                        return error_set_invalid(error, "Cannot compress");
                int w = fd_write_all(writer->fd, writer->out, OUT_SIZE - stream->avail_out);
                if (w < 0)
                        return error_set_errno(error, w, "Cannot write compressed data");
        } while (stream->avail_out == 0 || stream->avail_in > 0);
        return true;
}

bool gzip_writer_write(GzipWriter *writer, const void *bytes, size_t size, GError **error) {
        return run(writer, bytes, size, false, error);
}

bool gzip_writer_finish(GzipWriter *writer, GError **error) {
        return run(writer, NULL, 0, true, error);
}
