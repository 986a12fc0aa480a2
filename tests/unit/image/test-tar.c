/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "image/tar.h"

#define BLOCK 512

/* What the reader said, as text. */
typedef struct Record {
        GString *text;
        GByteArray *raw;
        uint64_t body;
} Record;

static bool on_raw(void *data, const void *bytes, size_t size, GError **error) {
        g_byte_array_append(((Record *) data)->raw, bytes, (guint) size);
        return true;
}

static bool on_header(void *data, const TarEntry *entry, GError **error) {
        Record *record = data;
        g_string_append_printf(
                        record->text, "%d:%s:%s:%o:%u:%u:%lu ", entry->kind, entry->name,
                        entry->link, entry->mode, entry->uid, entry->gid,
                        (unsigned long) entry->size);
        record->body = 0;
        return true;
}

static bool on_body(void *data, const void *bytes, size_t size, GError **error) {
        ((Record *) data)->body += size;
        return true;
}

static bool on_end(void *data, const TarEntry *entry, GError **error) {
        g_assert_cmpuint(((Record *) data)->body, ==, entry->size);
        return true;
}

static const TarSink sink = { on_raw, on_header, on_body, on_end };

static void put_number(uint8_t *field, size_t n, uint64_t value) {
        g_snprintf((char *) field, n, "%0*lo", (int) n - 1, (unsigned long) value);
}

static void add(GByteArray *tar, const char *name, char type, const char *link, const char *body) {
        uint8_t block[BLOCK] = { 0 };
        size_t size = body ? strlen(body) : 0;
        memcpy(block, name, MIN(strlen(name), 100));
        put_number(block + 100, 8, 0644);
        put_number(block + 108, 8, 7);
        put_number(block + 116, 8, 8);
        put_number(block + 124, 12, size);
        put_number(block + 136, 12, 1);
        block[156] = (uint8_t) type;
        if (link)
                memcpy(block + 157, link, strlen(link));
        memcpy(block + 257, "ustar\00000", 8);
        memset(block + 148, ' ', 8);
        unsigned int sum = 0;
        for (size_t i = 0; i < BLOCK; i++)
                sum += block[i];
        put_number(block + 148, 7, sum);
        g_byte_array_append(tar, block, BLOCK);
        if (size == 0)
                return;
        uint8_t padding[BLOCK] = { 0 };
        g_byte_array_append(tar, (const guint8 *) body, (guint) size);
        g_byte_array_append(tar, padding, (guint) (-size & (BLOCK - 1)));
}

static void end(GByteArray *tar) {
        uint8_t zeros[2 * BLOCK] = { 0 };
        g_byte_array_append(tar, zeros, sizeof zeros);
}

static char *read_in_steps(GByteArray *tar, size_t step, GError **error) {
        Record record = { g_string_new(NULL), g_byte_array_new(), 0 };
        g_autoptr(TarReader) reader = tar_reader_new(&sink, &record);
        bool ok = true;
        for (size_t at = 0; ok && at < tar->len; at += step)
                ok = tar_reader_push(reader, tar->data + at, MIN(step, tar->len - at), error);
        ok = ok && tar_reader_finish(reader, error);
        g_byte_array_unref(record.raw);
        char *text = g_string_free(record.text, FALSE);
        if (ok)
                return text;
        g_free(text);
        return NULL;
}

static void reads(void) {
        g_autoptr(GByteArray) tar = g_byte_array_new();
        add(tar, "etc/", '5', NULL, NULL);
        add(tar, "etc/motd", '0', NULL, "hello\n");
        add(tar, "link", '2', "etc/motd", NULL);
        add(tar, "x", 'x', NULL, "18 path=long name\n18 uid=4000000000\n");
        add(tar, "short", '0', NULL, "body");
        add(tar, "././@LongLink", 'L', NULL, "gnu/name");
        add(tar, "gnu", '0', NULL, NULL);
        add(tar, "olddir/", '\0', NULL, NULL);
        end(tar);
        static const char expect[] =
                        "5:etc/::644:7:8:0 0:etc/motd::644:7:8:6 2:link:etc/motd:644:7:8:0 "
                        "0:long name::644:4000000000:8:4 0:gnu/name::644:7:8:0 "
                        "5:olddir/::644:7:8:0 ";
        for (size_t step = 1; step < 3000; step = step * 3 + 1) {
                g_autoptr(GError) error = NULL;
                g_autofree char *text = read_in_steps(tar, step, &error);
                g_assert_no_error(error);
                g_assert_cmpstr(text, ==, expect);
        }
}

static void refuses_one(const char *what, GByteArray *tar, const char *expect) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = read_in_steps(tar, 700, &error);
        if (text)
                g_error("%s was accepted", what);
        if (!strstr(error->message, expect))
                g_error("%s: %s", what, error->message);
}

static void refuses(void) {
        static const struct {
                const char *what, *pax, *expect;
        } cases[] = {
                { "a length past the end", "99 path=x\n", "bad pax header" },
                { "no newline", "9 path=x!", "bad pax header" },
                { "no equals sign", "9 path x\n", "bad pax header" },
                { "a negative size", "11 size=-1\n", "bad pax record 'size'" },
                { "a huge size", "29 size=99999999999999999999\n", "bad pax record 'size'" },
                { "owner -1", "18 uid=4294967295\n", "bad pax record 'uid'" },
                { "a sparse file", "25 GNU.sparse.realsize=9\n", "sparse" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GByteArray) tar = g_byte_array_new();
                add(tar, "x", 'x', NULL, cases[i].pax);
                add(tar, "file", '0', NULL, "x");
                end(tar);
                refuses_one(cases[i].what, tar, cases[i].expect);
        }
        g_autoptr(GByteArray) cut = g_byte_array_new();
        add(cut, "file", '0', NULL, "body");
        g_byte_array_set_size(cut, BLOCK + 2);
        refuses_one("a cut body", cut, "ends too early");
        g_autoptr(GByteArray) broken = g_byte_array_new();
        add(broken, "file", '0', NULL, NULL);
        broken->data[3] ^= 1;
        refuses_one("a bad checksum", broken, "not a tar archive");
        g_autoptr(GByteArray) unknown = g_byte_array_new();
        add(unknown, "file", 'V', NULL, NULL);
        refuses_one("an unknown type", unknown, "unknown type");
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/image/tar/reads-in-any-steps", reads);
        g_test_add_func("/image/tar/refuses-broken-headers", refuses);
        return g_test_run();
}
