/* SPDX-License-Identifier: Apache-2.0 */
/* A part of https://mimesniff.spec.whatwg.org, section 7.1: what people put into artifacts. */
#include "image/content-type.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define SIGNATURE(bytes, type)                                                                     \
        { bytes, sizeof bytes - 1, type }

static const struct {
        const char *bytes;
        size_t size;
        const char *type;
} signatures[] = {
        SIGNATURE("%PDF-", "application/pdf"),
        SIGNATURE("%!PS-Adobe-", "application/postscript"),
        SIGNATURE("\x89PNG\r\n\x1a\n", "image/png"),
        SIGNATURE("\xff\xd8\xff", "image/jpeg"),
        SIGNATURE("GIF87a", "image/gif"),
        SIGNATURE("GIF89a", "image/gif"),
        SIGNATURE("\x1f\x8b\x08", "application/x-gzip"),
        SIGNATURE("PK\x03\x04", "application/zip"),
        SIGNATURE("Rar!\x1a\x07\x00", "application/x-rar-compressed"),
        SIGNATURE("\0asm", "application/wasm"),
};

/* They may have blanks before them and end in a blank or '>'; letters in either case. */
static const char *const html[] = { "<!DOCTYPE HTML", "<HTML", "<HEAD", "<BODY", "<!--" };

static const char *markup(const char *text, size_t size) {
        size_t n = 0;
        while (n < size && strchr("\t\n\f\r ", text[n]) && text[n] != '\0')
                n++;
        text += n;
        size -= n;
        if (size >= 5 && memcmp(text, "<?xml", 5) == 0)
                return "text/xml; charset=utf-8";
        for (size_t i = 0; i < G_N_ELEMENTS(html); i++) {
                n = strlen(html[i]);
                if (size > n && g_ascii_strncasecmp(text, html[i], n) == 0 &&
                    (text[n] == ' ' || text[n] == '>'))
                        return "text/html; charset=utf-8";
        }
        return NULL;
}

static bool is_text(const unsigned char *bytes, size_t size) {
        for (size_t i = 0; i < size; i++)
                if (bytes[i] <= 0x08 || bytes[i] == 0x0b ||
                    (bytes[i] >= 0x0e && bytes[i] <= 0x1a) ||
                    (bytes[i] >= 0x1c && bytes[i] <= 0x1f))
                        return false;
        return true;
}

const char *content_type_of(const void *head, size_t size) {
        size = MIN(size, CONTENT_TYPE_HEAD);
        for (size_t i = 0; i < G_N_ELEMENTS(signatures); i++)
                if (size >= signatures[i].size &&
                    memcmp(head, signatures[i].bytes, signatures[i].size) == 0)
                        return signatures[i].type;
        const char *type = markup(head, size);
        if (type)
                return type;
        return is_text(head, size) ? "text/plain; charset=utf-8" : "application/octet-stream";
}
