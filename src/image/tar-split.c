/* SPDX-License-Identifier: Apache-2.0 */
/* The tar-split file of a layer. */
#include "image/tar-split.h"

#include <string.h>

#include "image/crc64.h"
#include "image/gzip-writer.h"

#define RAW_SIZE  (24u << 10) /* raw bytes are flushed as one record at the latest here */
#define TEXT_SIZE (48u << 10)

struct TarSplit {
        GzipWriter *gzip;
        GByteArray *raw;
        GString *text; /* JSON lines on their way to gzip */
        uint64_t crc;
        uint64_t position;
};

TarSplit *tar_split_new(int fd) {
        TarSplit *split = g_new0(TarSplit, 1);
        split->gzip = gzip_writer_new(fd);
        split->raw = g_byte_array_sized_new(RAW_SIZE);
        split->text = g_string_sized_new(TEXT_SIZE);
        return split;
}

void tar_split_free(TarSplit *split) {
        if (!split)
                return;
        gzip_writer_free(split->gzip);
        g_byte_array_unref(split->raw);
        g_string_free(split->text, TRUE);
        g_free(split);
}

static bool flush_text(TarSplit *split, size_t above, GError **error) {
        if (split->text->len <= above)
                return true;
        bool ok = gzip_writer_write(split->gzip, split->text->str, split->text->len, error);
        g_string_truncate(split->text, 0);
        return ok;
}

static void append_base64(GString *text, const guint8 *bytes, size_t size) {
        gsize before = text->len;
        int state = 0, save = 0;
        g_string_set_size(text, before + (size / 3 + 1) * 4 + 4);
        gsize n = g_base64_encode_step(bytes, size, FALSE, text->str + before, &state, &save);
        n += g_base64_encode_close(FALSE, text->str + before + n, &state, &save);
        g_string_truncate(text, before + n);
}

static bool emit_raw(TarSplit *split, GError **error) {
        if (split->raw->len == 0)
                return true;
        g_string_append(split->text, "{\"type\":2,\"payload\":\"");
        append_base64(split->text, split->raw->data, split->raw->len);
        g_string_append_printf(
                        split->text, "\",\"position\":%" G_GUINT64_FORMAT "}\n", split->position++);
        g_byte_array_set_size(split->raw, 0);
        return flush_text(split, TEXT_SIZE / 2, error);
}

bool tar_split_raw(TarSplit *split, const void *bytes, size_t size, GError **error) {
        const guint8 *at = bytes;
        while (size > 0) {
                size_t n = MIN(size, RAW_SIZE - split->raw->len);
                g_byte_array_append(split->raw, at, (guint) n);
                at += n;
                size -= n;
                if (split->raw->len == RAW_SIZE && !emit_raw(split, error))
                        return false;
        }
        return true;
}

void tar_split_body(TarSplit *split, const void *bytes, size_t size) {
        split->crc = crc64_iso(split->crc, bytes, size);
}

/* A JSON string; Go reads raw UTF-8, so only what JSON itself forbids is escaped. */
static void append_name(GString *text, const char *name) {
        if (!g_utf8_validate(name, -1, NULL)) {
                g_string_append(text, "\"name_raw\":\"");
                append_base64(text, (const guint8 *) name, strlen(name));
                g_string_append_c(text, '"');
                return;
        }
        g_string_append(text, "\"name\":\"");
        for (const char *c = name; *c; c++) {
                if (*c == '"' || *c == '\\')
                        g_string_append_printf(text, "\\%c", *c);
                else if ((guchar) *c < 0x20)
                        g_string_append_printf(text, "\\u%04x", (guchar) *c);
                else
                        g_string_append_c(text, *c);
        }
        g_string_append_c(text, '"');
}

bool tar_split_entry(TarSplit *split, const char *name, uint64_t size, GError **error) {
        if (!emit_raw(split, error))
                return false;
        GString *text = split->text;
        g_string_append(text, "{\"type\":1,");
        append_name(text, name);
        if (size > 0) {
                guint64 crc = GUINT64_TO_BE(split->crc);
                g_string_append_printf(
                                text, ",\"size\":%" G_GUINT64_FORMAT ",\"payload\":\"", size);
                append_base64(text, (const guint8 *) &crc, sizeof crc);
                g_string_append_c(text, '"');
        } else {
                g_string_append(text, ",\"payload\":null");
        }
        g_string_append_printf(text, ",\"position\":%" G_GUINT64_FORMAT "}\n", split->position++);
        split->crc = 0;
        return flush_text(split, TEXT_SIZE / 2, error);
}

bool tar_split_finish(TarSplit *split, GError **error) {
        return emit_raw(split, error) && flush_text(split, 0, error) &&
               gzip_writer_finish(split->gzip, error);
}
