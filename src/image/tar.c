/* SPDX-License-Identifier: Apache-2.0 */
/* Tar headers and the state machine around them. The stream is a sequence of 512 byte blocks:
 *
 *     HEADER -> (extension) EXTENSION -> PADDING -> HEADER
 *     HEADER -> (entry)     BODY      -> PADDING -> HEADER
 *     HEADER -> (zero block) -> (zero block) TRAILER, where everything left is raw
 *
 * Extensions (pax "x", GNU "L" and "K") apply to the next entry only; pax "g" is raw to us, as it
 * is to containers/storage. Sparse files are refused: their recorded size says nothing about the
 * bytes that follow, and no image builder writes them. */
#include "image/tar.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

#define BLOCK 512

typedef enum TarState {
        TAR_STATE_HEADER,
        TAR_STATE_EXTENSION,
        TAR_STATE_BODY,
        TAR_STATE_PADDING,
        TAR_STATE_TRAILER,
} TarState;

struct TarReader {
        const TarSink *sink; /* borrowed */
        void *data;          /* borrowed */
        TarState state;
        uint8_t block[BLOCK];
        size_t n_block;
        uint64_t left;       /* bytes of the body or extension still to come */
        uint32_t padding;    /* and of its padding */
        bool zero_seen;      /* one block of zeros: a second one ends the archive */
        char extension_kind; /* 'x', 'g', 'L', 'K' */
        GByteArray *extension;
        TarEntry pending; /* what extensions said about the next entry */
        bool has_uid, has_gid, has_size, has_mtime;
        TarEntry entry;
        uint32_t n_entries;
};

static void xattr_free(gpointer data) {
        TarXattr *xattr = data;
        g_free(xattr->name);
        g_bytes_unref(xattr->value);
        g_free(xattr);
}

static void entry_clear(TarEntry *entry) {
        g_free(entry->name);
        g_free(entry->link);
        g_clear_pointer(&entry->xattrs, g_ptr_array_unref);
        *entry = (TarEntry){ 0 };
}

TarReader *tar_reader_new(const TarSink *sink, void *data) {
        TarReader *reader = g_new0(TarReader, 1);
        reader->sink = sink;
        reader->data = data;
        reader->extension = g_byte_array_new();
        return reader;
}

void tar_reader_free(TarReader *reader) {
        if (!reader)
                return;
        entry_clear(&reader->pending);
        entry_clear(&reader->entry);
        g_byte_array_unref(reader->extension);
        g_free(reader);
}

/* Octal, or base-256 when the top bit of the first byte is set (GNU; negative when the next is). */
static bool parse_number(const uint8_t *field, size_t n, int64_t *ret_value) {
        if (field[0] & 0x80) {
                int64_t value = field[0] & 0x40 ? -1 : 0;
                for (size_t i = 0; i < n; i++) {
                        uint8_t byte = i == 0 ? (uint8_t) ((field[0] & 0x3f) |
                                                           (field[0] & 0x40 ? 0xc0 : 0))
                                              : field[i];
                        if (value > (INT64_MAX >> 8) || value < (INT64_MIN >> 8))
                                return false;
                        value = (int64_t) ((uint64_t) value << 8 | byte);
                }
                *ret_value = value;
                return true;
        }
        int64_t value = 0;
        size_t i = 0;
        while (i < n && (field[i] == ' ' || field[i] == '\0'))
                i++;
        for (; i < n && field[i] >= '0' && field[i] <= '7'; i++) {
                if (value > (INT64_MAX >> 3))
                        return false;
                value = value << 3 | (field[i] - '0');
        }
        while (i < n && (field[i] == ' ' || field[i] == '\0'))
                i++;
        *ret_value = value;
        return i == n;
}

static bool checksum_fits(const uint8_t *block) {
        int64_t wanted, sum = 0, signed_sum = 0;
        if (!parse_number(block + 148, 8, &wanted))
                return false;
        for (size_t i = 0; i < BLOCK; i++) {
                uint8_t byte = i >= 148 && i < 156 ? ' ' : block[i];
                sum += byte;
                signed_sum += (int8_t) byte; /* some old tars summed signed characters */
        }
        return wanted == sum || wanted == signed_sum;
}

static char *field_text(const uint8_t *field, size_t n) {
        return g_strndup((const char *) field, strnlen((const char *) field, n));
}

/* pax numbers: decimal with an optional fraction, possibly negative. */
static bool parse_pax_time(const char *text, struct timespec *ret_time) {
        bool negative = *text == '-';
        char *end = NULL;
        gint64 seconds = g_ascii_strtoll(text, &end, 10);
        int64_t nsec = 0;
        if (end == text)
                return false;
        if (*end == '.') {
                int64_t scale = 100000000;
                for (end++; g_ascii_isdigit(*end); end++, scale /= 10)
                        nsec += scale * (*end - '0');
        }
        if (*end)
                return false;
        if (negative && nsec > 0) {
                seconds--;
                nsec = 1000000000 - nsec;
        }
        *ret_time = (struct timespec){ .tv_sec = seconds, .tv_nsec = nsec };
        return true;
}

static bool bad_extension(const char *what, GError **error) {
        return error_set_invalid(error, "bad pax record '%s'", what);
}

static bool take_pax_text(char **at, const char *value, size_t n, const char *key, GError **error) {
        if (memchr(value, '\0', n) || n > TAR_NAME_SIZE_MAX)
                return bad_extension(key, error);
        g_free(*at);
        *at = g_strndup(value, n);
        return true;
}

static void take_pax_xattr(TarReader *reader, const char *name, const char *value, size_t n) {
        if (!reader->pending.xattrs)
                reader->pending.xattrs = g_ptr_array_new_with_free_func(xattr_free);
        TarXattr *xattr = g_new0(TarXattr, 1);
        xattr->name = g_strdup(name);
        xattr->value = g_bytes_new(value, n);
        g_ptr_array_add(reader->pending.xattrs, xattr);
}

static bool
take_pax_id(const char *text, uint32_t *at, bool *has, const char *key, GError **error) {
        uint64_t value;
        /* (uint32_t) -1 would mean "leave as it is" to chown(2) */
        if (!text_parse_uint64(text, UINT32_MAX - 1, &value))
                return bad_extension(key, error);
        *at = (uint32_t) value;
        *has = true;
        return true;
}

/* One "key=value" record (POSIX pax, "Extended Header"). */
static bool
take_pax(TarReader *reader, const char *key, const char *value, size_t n, GError **error) {
        g_autofree char *text = g_strndup(value, n);
        TarEntry *p = &reader->pending;
        if (g_str_equal(key, "path"))
                return take_pax_text(&p->name, value, n, key, error);
        if (g_str_equal(key, "linkpath"))
                return take_pax_text(&p->link, value, n, key, error);
        if (g_str_equal(key, "uid"))
                return take_pax_id(text, &p->uid, &reader->has_uid, key, error);
        if (g_str_equal(key, "gid"))
                return take_pax_id(text, &p->gid, &reader->has_gid, key, error);
        if (g_str_equal(key, "size")) {
                reader->has_size = true;
                return text_parse_uint64(text, INT64_MAX, &p->size) || bad_extension(key, error);
        }
        if (g_str_equal(key, "mtime")) {
                reader->has_mtime = true;
                return parse_pax_time(text, &p->mtime) || bad_extension(key, error);
        }
        if (g_str_has_prefix(key, "SCHILY.xattr."))
                take_pax_xattr(reader, key + strlen("SCHILY.xattr."), value, n);
        else if (g_str_has_prefix(key, "GNU.sparse."))
                return error_set_invalid(error, "sparse files in layers are not supported");
        return true;
}

/* "27 mtime=1350244992.023960108\n" again and again; the length counts itself. */
static bool parse_pax(TarReader *reader, GError **error) {
        const char *at = (const char *) reader->extension->data;
        size_t left = reader->extension->len;
        while (left > 0) {
                size_t digits = 0, length = 0;
                while (digits < left && digits < 8 && g_ascii_isdigit(at[digits]))
                        length = length * 10 + (size_t) (at[digits++] - '0');
                if (digits == 0 || digits >= left || at[digits] != ' ' || length > left ||
                    length < digits + 4 || at[length - 1] != '\n')
                        return error_set_invalid(error, "bad pax header");
                const char *key = at + digits + 1;
                const char *equal = memchr(key, '=', length - digits - 2);
                if (!equal || equal == key || memchr(key, '\0', (size_t) (equal - key)))
                        return error_set_invalid(error, "bad pax header");
                g_autofree char *name = g_strndup(key, (size_t) (equal - key));
                size_t n = (size_t) (at + length - 1 - (equal + 1));
                if (!take_pax(reader, name, equal + 1, n, error))
                        return false;
                at += length;
                left -= length;
        }
        return true;
}

static bool end_extension(TarReader *reader, GError **error) {
        GByteArray *bytes = reader->extension;
        if (reader->extension_kind == 'x')
                return parse_pax(reader, error);
        if (reader->extension_kind == 'g')
                return true;
        char **at = reader->extension_kind == 'L' ? &reader->pending.name : &reader->pending.link;
        size_t n = strnlen((const char *) bytes->data, bytes->len);
        if (n > TAR_NAME_SIZE_MAX)
                return error_set_invalid(error, "name longer than %d bytes", TAR_NAME_SIZE_MAX);
        g_free(*at);
        *at = g_strndup((const char *) bytes->data, n);
        return true;
}

static bool kind_of(char flag, TarKind *ret_kind, GError **error) {
        static const char flags[] = "0123456";
        static const TarKind kinds[] = { TAR_REGULAR, TAR_HARDLINK,  TAR_SYMLINK, TAR_CHARACTER,
                                         TAR_BLOCK,   TAR_DIRECTORY, TAR_FIFO };
        if (flag == '\0' || flag == '7')
                flag = '0';
        const char *hit = strchr(flags, flag);
        if (flag == 'S')
                return error_set_invalid(error, "sparse files in layers are not supported");
        if (!hit)
                return error_set_invalid(error, "tar entry of unknown type 0x%02x", (uint8_t) flag);
        *ret_kind = kinds[hit - flags];
        return true;
}

/* The name of the header itself: ustar splits long ones into prefix and name. */
static char *header_name(const uint8_t *block) {
        g_autofree char *name = field_text(block, 100);
        if (memcmp(block + 257, "ustar\0", 6) != 0 || block[345] == '\0')
                return g_steal_pointer(&name);
        g_autofree char *prefix = field_text(block + 345, 155);
        return g_strconcat(prefix, "/", name, NULL);
}

static bool take_ids(TarReader *reader, const uint8_t *block, GError **error) {
        int64_t uid, gid, mode, mtime;
        if (!parse_number(block + 100, 8, &mode) || !parse_number(block + 108, 8, &uid) ||
            !parse_number(block + 116, 8, &gid) || !parse_number(block + 136, 12, &mtime))
                return error_set_invalid(error, "bad number in a tar header");
        TarEntry *entry = &reader->entry;
        if (!reader->has_uid && (uid < 0 || uid >= UINT32_MAX))
                return error_set_invalid(error, "owner out of range");
        if (!reader->has_gid && (gid < 0 || gid >= UINT32_MAX))
                return error_set_invalid(error, "group out of range");
        entry->uid = reader->has_uid ? reader->pending.uid : (uint32_t) uid;
        entry->gid = reader->has_gid ? reader->pending.gid : (uint32_t) gid;
        entry->mode = (mode_t) mode & 07777;
        entry->mtime = reader->has_mtime ? reader->pending.mtime
                                         : (struct timespec){ .tv_sec = mtime };
        return true;
}

static bool take_device(TarEntry *entry, const uint8_t *block, GError **error) {
        int64_t major, minor;
        if (entry->kind != TAR_CHARACTER && entry->kind != TAR_BLOCK)
                return true;
        if (!parse_number(block + 329, 8, &major) || !parse_number(block + 337, 8, &minor) ||
            major < 0 || minor < 0 || major > 0xfff || minor > 0xfffff)
                return error_set_invalid(error, "device number out of range");
        entry->major = (uint32_t) major;
        entry->minor = (uint32_t) minor;
        return true;
}

/* A header of a real entry, with what the extensions before it said. */
static bool begin_entry(TarReader *reader, int64_t size, GError **error) {
        const uint8_t *block = reader->block;
        TarEntry *entry = &reader->entry;
        entry_clear(entry);
        if (++reader->n_entries > TAR_ENTRIES_MAX)
                return error_set_invalid(error, "more than %u entries", TAR_ENTRIES_MAX);
        entry->name = reader->pending.name ? g_steal_pointer(&reader->pending.name)
                                           : header_name(block);
        if (!kind_of((char) block[156], &entry->kind, error) || !take_ids(reader, block, error) ||
            !take_device(entry, block, error))
                return false;
        /* Before POSIX a directory was a file whose name ends in '/'. */
        if (block[156] == '\0' && g_str_has_suffix(entry->name, "/"))
                entry->kind = TAR_DIRECTORY;
        entry->link = reader->pending.link ? g_steal_pointer(&reader->pending.link)
                                           : field_text(block + 157, 100);
        entry->xattrs = g_steal_pointer(&reader->pending.xattrs);
        if (entry->kind == TAR_REGULAR)
                entry->size = reader->has_size ? reader->pending.size : (uint64_t) size;
        entry_clear(&reader->pending);
        reader->has_uid = reader->has_gid = reader->has_size = reader->has_mtime = false;
        if (!reader->sink->header(reader->data, entry, error))
                return false;
        reader->left = entry->size;
        reader->padding = (uint32_t) (-entry->size & (BLOCK - 1));
        reader->state = TAR_STATE_BODY;
        return true;
}

static bool begin_extension(TarReader *reader, int64_t size, GError **error) {
        if (size > TAR_EXTENSION_SIZE_MAX)
                return error_set_invalid(
                                error, "tar extension header larger than %u bytes",
                                TAR_EXTENSION_SIZE_MAX);
        reader->extension_kind = (char) reader->block[156];
        g_byte_array_set_size(reader->extension, 0);
        reader->left = (uint64_t) size;
        reader->padding = (uint32_t) (-(uint64_t) size & (BLOCK - 1));
        reader->state = TAR_STATE_EXTENSION;
        return true;
}

static bool is_zero(const uint8_t *block) {
        return block[0] == 0 && memcmp(block, block + 1, BLOCK - 1) == 0;
}

static bool on_block(TarReader *reader, GError **error) {
        if (!reader->sink->raw(reader->data, reader->block, BLOCK, error))
                return false;
        if (is_zero(reader->block)) {
                reader->state = reader->zero_seen ? TAR_STATE_TRAILER : TAR_STATE_HEADER;
                reader->zero_seen = true;
                return true;
        }
        if (reader->zero_seen || !checksum_fits(reader->block))
                return error_set_invalid(error, "not a tar archive, or a damaged one");
        int64_t size;
        if (!parse_number(reader->block + 124, 12, &size) || size < 0)
                return error_set_invalid(error, "bad size in a tar header");
        if (strchr("xgLK", reader->block[156]) && reader->block[156])
                return begin_extension(reader, size, error);
        return begin_entry(reader, size, error);
}

/* Takes from the input what the current state wants; *used says how much. */
static bool step(TarReader *reader, const uint8_t *at, size_t size, size_t *used, GError **error) {
        size_t n;
        switch (reader->state) {
        case TAR_STATE_HEADER:
                n = MIN(size, BLOCK - reader->n_block);
                memcpy(reader->block + reader->n_block, at, n);
                reader->n_block += n;
                *used = n;
                if (reader->n_block < BLOCK)
                        return true;
                reader->n_block = 0;
                return on_block(reader, error);
        case TAR_STATE_EXTENSION:
                n = (size_t) MIN(size, reader->left);
                g_byte_array_append(reader->extension, at, (guint) n);
                reader->left -= n;
                *used = n;
                if (!reader->sink->raw(reader->data, at, n, error))
                        return false;
                if (reader->left > 0)
                        return true;
                reader->state = TAR_STATE_PADDING;
                return end_extension(reader, error);
        case TAR_STATE_BODY:
                n = (size_t) MIN(size, reader->left);
                reader->left -= n;
                *used = n;
                if (n > 0 && !reader->sink->body(reader->data, at, n, error))
                        return false;
                if (reader->left > 0)
                        return true;
                reader->state = TAR_STATE_PADDING;
                return reader->sink->end(reader->data, &reader->entry, error);
        case TAR_STATE_PADDING:
                n = MIN(size, reader->padding);
                reader->padding -= (uint32_t) n;
                *used = n;
                if (reader->padding == 0)
                        reader->state = TAR_STATE_HEADER;
                return n == 0 || reader->sink->raw(reader->data, at, n, error);
        case TAR_STATE_TRAILER:
                *used = size;
                return reader->sink->raw(reader->data, at, size, error);
        }
        g_assert_not_reached();
}

/* States that need no input are left at once, so that an entry without body ends with its header.
 */
static bool is_empty(const TarReader *reader) {
        return ((reader->state == TAR_STATE_BODY || reader->state == TAR_STATE_EXTENSION) &&
                reader->left == 0) ||
               (reader->state == TAR_STATE_PADDING && reader->padding == 0);
}

static bool name_error(TarReader *reader, GError **error) {
        if (error && *error && reader->entry.name) {
                g_autofree char *name = text_sanitize(reader->entry.name);
                g_prefix_error(error, "'%.200s': ", name);
        }
        return false;
}

bool tar_reader_push(TarReader *reader, const void *bytes, size_t size, GError **error) {
        const uint8_t *at = bytes;
        while (size > 0 || is_empty(reader)) {
                size_t used = 0;
                if (!step(reader, at, size, &used, error))
                        return name_error(reader, error);
                at += used;
                size -= used;
        }
        return true;
}

bool tar_reader_finish(TarReader *reader, GError **error) {
        if (reader->state == TAR_STATE_TRAILER)
                return true;
        /* An archive without its two zero blocks, or without its last padding, is read by Go too.
         */
        if ((reader->state == TAR_STATE_HEADER && reader->n_block == 0) ||
            reader->state == TAR_STATE_PADDING)
                return true;
        return error_set_invalid(error, "the tar archive ends too early");
}
