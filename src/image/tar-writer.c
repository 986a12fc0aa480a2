/* SPDX-License-Identifier: Apache-2.0 */
/* Writing tar archives. */
#include "image/tar-writer.h"

#include <string.h>

#include "base/error.h"
#include "base/fd.h"

#define BLOCK        512
#define OCTAL_MAX    077777777777 /* eleven digits, 8 GiB */
#define NAME_MAX_TAR 100

struct TarWriter {
        int fd; /* borrowed */
        int64_t size, left;
};

TarWriter *tar_writer_new(int fd) {
        TarWriter *writer = g_new0(TarWriter, 1);
        writer->fd = fd;
        return writer;
}

void tar_writer_free(TarWriter *writer) {
        g_free(writer);
}

static bool put(TarWriter *writer, const void *bytes, size_t size, GError **error) {
        int r = fd_write_all(writer->fd, bytes, size);
        return r >= 0 || error_set_errno(error, r, "Cannot write the archive");
}

static void put_octal(uint8_t *field, size_t n, uint64_t value) {
        g_snprintf((char *) field, n, "%0*" G_GINT64_MODIFIER "o", (int) n - 1, value);
}

/* GNU's base-256 for sizes that eleven octal digits cannot hold. */
static void put_size(uint8_t *field, int64_t size) {
        if (size <= OCTAL_MAX) {
                put_octal(field, 12, (uint64_t) size);
                return;
        }
        memset(field, 0, 12);
        field[0] = 0x80;
        for (int i = 11; size > 0; i--, size >>= 8)
                field[i] = (uint8_t) size;
}

bool tar_writer_begin(TarWriter *writer, const char *name, int64_t size, GError **error) {
        uint8_t block[BLOCK] = { 0 };
        g_assert(strlen(name) < NAME_MAX_TAR); /* ours are digests */
        memcpy(block, name, strlen(name));
        put_octal(block + 100, 8, 0444);
        put_octal(block + 108, 8, 0);
        put_octal(block + 116, 8, 0);
        put_size(block + 124, size);
        put_octal(block + 136, 12, 0);
        block[156] = '0';
        memcpy(block + 257, "ustar\00000", 8);
        memset(block + 148, ' ', 8);
        unsigned int sum = 0;
        for (size_t i = 0; i < BLOCK; i++)
                sum += block[i];
        put_octal(block + 148, 7, sum);
        writer->size = writer->left = size;
        return put(writer, block, BLOCK, error);
}

bool tar_writer_bytes(TarWriter *writer, const void *bytes, size_t size, GError **error) {
        if ((int64_t) size > writer->left)
                return error_set_invalid(error, "a layer is larger than its record says");
        writer->left -= (int64_t) size;
        return put(writer, bytes, size, error);
}

bool tar_writer_end(TarWriter *writer, GError **error) {
        static const uint8_t zeros[BLOCK];
        if (writer->left != 0)
                return error_set_invalid(error, "a layer is smaller than its record says");
        return put(writer, zeros, (size_t) (-(uint64_t) writer->size & (BLOCK - 1)), error);
}

bool tar_writer_file(TarWriter *writer, const char *name, GBytes *bytes, GError **error) {
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        return tar_writer_begin(writer, name, (int64_t) size, error) &&
               tar_writer_bytes(writer, data, size, error) && tar_writer_end(writer, error);
}

bool tar_writer_finish(TarWriter *writer, GError **error) {
        static const uint8_t zeros[2 * BLOCK];
        return put(writer, zeros, sizeof zeros, error);
}
