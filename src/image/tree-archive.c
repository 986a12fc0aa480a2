/* SPDX-License-Identifier: Apache-2.0 */
/* Tar to directory. */
#include "image/tree-archive.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "image/inflate.h"
#include "image/tar.h"
#include "image/unpack.h"

#define BUFFER_SIZE (256u << 10)

static bool drop_raw(void *data, const void *bytes, size_t size, GError **error) {
        return true;
}

static bool on_header(void *data, const TarEntry *entry, GError **error) {
        return unpacker_header(data, entry, error);
}

static bool on_body(void *data, const void *bytes, size_t size, GError **error) {
        return unpacker_body(data, bytes, size, error);
}

static bool on_end(void *data, const TarEntry *entry, GError **error) {
        return unpacker_end(data, entry, error);
}

static bool on_plain(void *data, const void *bytes, size_t size, GError **error) {
        return tar_reader_push(data, bytes, size, error);
}

static bool feed(int input_fd, Inflater *inflater, GError **error) {
        g_autofree char *buffer = g_malloc(BUFFER_SIZE);
        for (;;) {
                ssize_t n = read(input_fd, buffer, BUFFER_SIZE);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(error, errno, "Cannot read the archive");
                if (n == 0)
                        return inflater_finish(inflater, error);
                if (!inflater_push(inflater, buffer, (size_t) n, error))
                        return false;
        }
}

bool tree_archive_read(int input_fd, int root_fd, GError **error) {
        static const TarSink sink = {
                .raw = drop_raw, .header = on_header, .body = on_body, .end = on_end
        };
        g_autoptr(Unpacker) unpacker = unpacker_new(root_fd, root_fd, error);
        if (!unpacker)
                return false;
        unpacker_set_plain(unpacker);
        g_autoptr(TarReader) reader = tar_reader_new(&sink, unpacker);
        g_autoptr(Inflater) inflater = inflater_new(on_plain, reader);
        return feed(input_fd, inflater, error) && tar_reader_finish(reader, error) &&
               unpacker_finish(unpacker, error);
}
