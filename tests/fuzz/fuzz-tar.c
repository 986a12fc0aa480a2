/* SPDX-License-Identifier: Apache-2.0 */
/* The tar stream: fed in steps of any size it says the same, and never more bytes than came. */
#include <stdint.h>

#include "image/tar.h"

typedef struct Sum {
        uint64_t bytes, entries;
} Sum;

static bool on_bytes(void *data, const void *bytes, size_t size, GError **error) {
        ((Sum *) data)->bytes += size;
        return true;
}

static bool on_entry(void *data, const TarEntry *entry, GError **error) {
        ((Sum *) data)->entries++;
        return true;
}

static bool feed(const uint8_t *data, size_t size, size_t step, Sum *sum) {
        static const TarSink sink = { on_bytes, on_entry, on_bytes, on_entry };
        g_autoptr(TarReader) reader = tar_reader_new(&sink, sum);
        for (size_t at = 0; at < size; at += step)
                if (!tar_reader_push(reader, data + at, MIN(step, size - at), NULL))
                        return false;
        return tar_reader_finish(reader, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Sum whole = { 0 }, pieces = { 0 };
        bool ok = feed(data, size, size ? size : 1, &whole);
        bool ok_pieces = feed(data, size, 37, &pieces);
        g_assert_cmpint(ok, ==, ok_pieces);
        g_assert_cmpuint(whole.entries, ==, pieces.entries);
        g_assert_cmpuint(whole.bytes, <=, size);
        if (ok)
                g_assert_cmpuint(whole.bytes, ==, size);
        return 0;
}
