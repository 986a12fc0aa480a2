/* SPDX-License-Identifier: Apache-2.0 */
#include <bzlib.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "image/crc64.h"
#include "image/hash.h"
#include "image/inflate.h"

static bool collect(void *data, const void *bytes, size_t size, GError **error) {
        g_byte_array_append(data, bytes, (guint) size);
        return true;
}

static GByteArray *text_bytes(void) {
        GByteArray *text = g_byte_array_new();
        for (int i = 0; i < 60000; i++) {
                g_autofree char *line = g_strdup_printf("line %d of %d\n", i, i * 7919 % 10007);
                g_byte_array_append(text, (const guint8 *) line, (guint) strlen(line));
        }
        return text;
}

/* Two members, as pigz and eStargz write them. */
static void add_gzip(GByteArray *out, const guint8 *bytes, guint size) {
        z_stream stream = { 0 };
        deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
        guint8 *room = g_malloc(size + 1024);
        stream.next_in = (Bytef *) bytes;
        stream.avail_in = size;
        stream.next_out = room;
        stream.avail_out = size + 1024;
        g_assert_cmpint(deflate(&stream, Z_FINISH), ==, Z_STREAM_END);
        g_byte_array_append(out, room, (guint) stream.total_out);
        deflateEnd(&stream);
        g_free(room);
}

static void add_zstd(GByteArray *out, const guint8 *bytes, guint size) {
        size_t bound = ZSTD_compressBound(size);
        guint8 *room = g_malloc(bound);
        size_t n = ZSTD_compress(room, bound, bytes, size, 3);
        g_byte_array_append(out, room, (guint) n);
        g_free(room);
}

static void add_xz(GByteArray *out, const guint8 *bytes, guint size) {
        static const guint8 padding[8] = { 0 };
        size_t n = 0, bound = lzma_stream_buffer_bound(size);
        guint8 *room = g_malloc(bound);
        lzma_ret r = lzma_easy_buffer_encode(
                        6, LZMA_CHECK_CRC64, NULL, bytes, size, room, &n, bound);
        g_assert_cmpint(r, ==, LZMA_OK);
        g_byte_array_append(out, room, (guint) n);
        g_byte_array_append(out, padding, sizeof padding); /* may stand between and behind */
        g_free(room);
}

static void add_bzip2(GByteArray *out, const guint8 *bytes, guint size) {
        unsigned int n = size + size / 100 + 600;
        char *room = g_malloc(n);
        g_assert_cmpint(BZ2_bzBuffToBuffCompress(room, &n, (char *) bytes, size, 9, 0, 0), ==,
                        BZ_OK);
        g_byte_array_append(out, (const guint8 *) room, n);
        g_free(room);
}

static GByteArray *pack(const GByteArray *plain, InflateFormat format) {
        GByteArray *packed = g_byte_array_new();
        guint half = plain->len / 2;
        if (format == INFLATE_NONE)
                g_byte_array_append(packed, plain->data, plain->len);
        if (format == INFLATE_GZIP) {
                add_gzip(packed, plain->data, half);
                add_gzip(packed, plain->data + half, plain->len - half);
        }
        if (format == INFLATE_XZ) {
                add_xz(packed, plain->data, half);
                add_xz(packed, plain->data + half, plain->len - half);
        }
        if (format == INFLATE_BZIP2) {
                add_bzip2(packed, plain->data, half);
                add_bzip2(packed, plain->data + half, plain->len - half);
        }
        if (format == INFLATE_ZSTD) {
                static const guint8 skippable[] = { 0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'x', 'y' };
                g_byte_array_append(packed, skippable, sizeof skippable);
                add_zstd(packed, plain->data, half);
                add_zstd(packed, plain->data + half, plain->len - half);
                g_byte_array_append(packed, skippable, sizeof skippable);
        }
        return packed;
}

static bool unpack(const GByteArray *packed, size_t step, GByteArray *out, GError **error) {
        g_autoptr(Inflater) inflater = inflater_new(collect, out);
        for (size_t at = 0; at < packed->len; at += step)
                if (!inflater_push(inflater, packed->data + at, MIN(step, packed->len - at), error))
                        return false;
        return inflater_finish(inflater, error);
}

static void round_trip(gconstpointer data) {
        InflateFormat format = (InflateFormat) GPOINTER_TO_INT(data);
        g_autoptr(GByteArray) plain = text_bytes();
        g_autoptr(GByteArray) packed = pack(plain, format);
        static const size_t steps[] = { 1, 7, 4096, 1 << 20 };
        for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(GByteArray) out = g_byte_array_new();
                g_assert_true(unpack(packed, steps[i], out, &error));
                g_assert_no_error(error);
                g_assert_cmpmem(out->data, out->len, plain->data, plain->len);
        }
        if (format == INFLATE_NONE)
                return;
        /* cut anywhere it is an error */
        for (guint cut = 1; cut < 40; cut += 3) {
                g_autoptr(GError) error = NULL;
                g_autoptr(GByteArray) out = g_byte_array_new();
                g_autoptr(GByteArray) part = g_byte_array_new();
                g_byte_array_append(part, packed->data, packed->len / 3 - cut);
                g_assert_false(unpack(part, 1000, out, &error));
        }
}

static void refuses_damage(gconstpointer data) {
        InflateFormat format = (InflateFormat) GPOINTER_TO_INT(data);
        g_autoptr(GByteArray) plain = text_bytes();
        g_autoptr(GByteArray) packed = pack(plain, format);
        g_autoptr(GByteArray) out = g_byte_array_new();
        g_autoptr(GError) error = NULL;
        packed->data[packed->len / 4] ^= 0x55;
        g_assert_false(unpack(packed, 4096, out, &error));
        g_assert_nonnull(strstr(error->message, "damaged"));
}

/* The first bytes of an xz file with a dictionary of half a GiB. */
static void refuses_large_dictionary(void) {
        lzma_options_lzma options;
        g_assert_false(lzma_lzma_preset(&options, 6));
        options.dict_size = 1u << 29;
        lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &options },
                                  { .id = LZMA_VLI_UNKNOWN, .options = NULL } };
        lzma_stream_flags flags = { .check = LZMA_CHECK_CRC32 };
        lzma_block block = { .check = LZMA_CHECK_CRC32,
                             .compressed_size = LZMA_VLI_UNKNOWN,
                             .uncompressed_size = LZMA_VLI_UNKNOWN,
                             .filters = filters };
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) out = g_byte_array_new();
        g_autoptr(GByteArray) xz = g_byte_array_new();
        g_assert_cmpint(lzma_block_header_size(&block), ==, LZMA_OK);
        g_byte_array_set_size(xz, LZMA_STREAM_HEADER_SIZE + block.header_size);
        g_assert_cmpint(lzma_stream_header_encode(&flags, xz->data), ==, LZMA_OK);
        g_assert_cmpint(lzma_block_header_encode(&block, xz->data + LZMA_STREAM_HEADER_SIZE), ==,
                        LZMA_OK);
        g_assert_false(unpack(xz, 4, out, &error));
        g_assert_nonnull(strstr(error->message, "more memory than is allowed"));
}

static void digests(void) {
        g_autoptr(Hash) hash = hash_new(HASH_SHA256);
        hash_update(hash, "abc", 3);
        g_autofree char *text = hash_finish(hash);
        g_assert_cmpstr(text, ==,
                        "sha256:"
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        /* what Podman writes into tar-split for this body */
        uint64_t crc = crc64_iso(crc64_iso(0, "hel", 3), "lo\n", 3);
        g_assert_cmphex(crc, ==, 0x614c3eeee2d81000);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_data_func("/image/inflate/plain", GINT_TO_POINTER(INFLATE_NONE), round_trip);
        g_test_add_data_func(
                        "/image/inflate/gzip-members", GINT_TO_POINTER(INFLATE_GZIP), round_trip);
        g_test_add_data_func(
                        "/image/inflate/zstd-frames", GINT_TO_POINTER(INFLATE_ZSTD), round_trip);
        g_test_add_data_func("/image/inflate/xz-streams", GINT_TO_POINTER(INFLATE_XZ), round_trip);
        g_test_add_data_func(
                        "/image/inflate/bzip2-streams", GINT_TO_POINTER(INFLATE_BZIP2), round_trip);
        g_test_add_data_func(
                        "/image/inflate/xz-damaged", GINT_TO_POINTER(INFLATE_XZ), refuses_damage);
        g_test_add_data_func(
                        "/image/inflate/bzip2-damaged", GINT_TO_POINTER(INFLATE_BZIP2),
                        refuses_damage);
        g_test_add_func("/image/inflate/xz-refuses-a-large-dictionary", refuses_large_dictionary);
        g_test_add_func("/image/hash/known-values", digests);
        return g_test_run();
}
