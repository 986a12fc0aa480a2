/* SPDX-License-Identifier: Apache-2.0 */
/* Digest text and digests of small documents. */
#include "base/digest.h"

#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/error.h"

static bool is_lower_hex(const char *text, size_t want) {
        size_t n = strspn(text, "0123456789abcdef");
        return n == want && text[n] == '\0';
}

bool digest_is_valid(const char *text) {
        if (!text)
                return false;
        if (g_str_has_prefix(text, "sha256:"))
                return is_lower_hex(text + 7, 64);
        if (g_str_has_prefix(text, "sha512:"))
                return is_lower_hex(text + 7, 128);
        return false;
}

const char *digest_hex(const char *digest) {
        g_assert(digest_is_valid(digest));
        return strchr(digest, ':') + 1;
}

char *digest_of_bytes(const void *bytes, size_t size) {
        g_autofree char *hex = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, size);
        return g_strconcat("sha256:", hex, NULL);
}

bool digest_verify(
                const char *digest,
                const void *bytes,
                size_t size,
                const char *what,
                GError **error) {
        if (!digest_is_valid(digest))
                return error_set_invalid(error, "%s: '%s' is not a digest", what, digest);
        GChecksumType type =
                        g_str_has_prefix(digest, "sha512:") ? G_CHECKSUM_SHA512 : G_CHECKSUM_SHA256;
        g_autofree char *hex = g_compute_checksum_for_data(type, bytes, size);
        if (strcmp(hex, digest_hex(digest)) != 0)
                return error_set_invalid(
                                error, "%s does not have the digest '%s', but '%.7s%s'", what,
                                digest, digest, hex);
        return true;
}

bool hex_id_is_valid(const char *text) {
        return text && is_lower_hex(text, 64);
}

char *hex_id_new(void) {
        uint8_t bytes[32];
        ssize_t n;
        do
                n = getrandom(bytes, sizeof bytes, 0);
        while (n < 0);
        g_assert(n == sizeof bytes); /* random(4): up to 256 bytes are never cut */
        GString *hex = g_string_sized_new(64);
        for (size_t i = 0; i < sizeof bytes; i++)
                g_string_append_printf(hex, "%02x", bytes[i]);
        return g_string_free(hex, FALSE);
}
