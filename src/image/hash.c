/* SPDX-License-Identifier: Apache-2.0 */
/* Stream digests. */
#include "image/hash.h"

#include <openssl/evp.h>

struct Hash {
        EVP_MD_CTX *context;
        HashKind kind;
};

Hash *hash_new(HashKind kind) {
        Hash *hash = g_new0(Hash, 1);
        hash->kind = kind;
        hash->context = EVP_MD_CTX_new();
        g_assert(hash->context); /* out of memory, as GLib treats it */
        int ok = EVP_DigestInit_ex(
                        hash->context, kind == HASH_SHA512 ? EVP_sha512() : EVP_sha256(), NULL);
        g_assert(ok == 1);
        return hash;
}

Hash *hash_new_for(const char *digest) {
        return hash_new(g_str_has_prefix(digest, "sha512:") ? HASH_SHA512 : HASH_SHA256);
}

void hash_free(Hash *hash) {
        if (!hash)
                return;
        EVP_MD_CTX_free(hash->context);
        g_free(hash);
}

void hash_update(Hash *hash, const void *bytes, size_t size) {
        int ok = EVP_DigestUpdate(hash->context, bytes, size);
        g_assert(ok == 1);
}

char *hash_finish(Hash *hash) {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned int n = 0;
        int ok = EVP_DigestFinal_ex(hash->context, digest, &n);
        g_assert(ok == 1);
        GString *text = g_string_new(hash->kind == HASH_SHA512 ? "sha512:" : "sha256:");
        for (unsigned int i = 0; i < n; i++)
                g_string_append_printf(text, "%02x", digest[i]);
        return g_string_free(text, FALSE);
}
