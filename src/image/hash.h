/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Digests of streams, by libcrypto (SHA instructions; GLib's checksum is generic C). */
typedef struct Hash Hash;

typedef enum HashKind {
        HASH_SHA256,
        HASH_SHA512,
} HashKind;

Hash *hash_new(HashKind kind);
Hash *hash_new_for(const char *digest); /* of the algorithm that a valid digest names */
void hash_free(Hash *hash);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hash, hash_free)

void hash_update(Hash *hash, const void *bytes, size_t size);

/* "sha256:<hex>" of all bytes so far; the hash is finished. Caller frees. */
char *hash_finish(Hash *hash);
