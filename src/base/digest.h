/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* OCI digests "algorithm:hex" (image-spec descriptor.md, "Digests"). sha256 and sha512 are
 * accepted; a digest that passed digest_is_valid() is safe as a path component. */

bool digest_is_valid(const char *text);

/* The part behind ':', borrowed from digest, which must be valid. */
const char *digest_hex(const char *digest);

/* "sha256:<hex>" of bytes. Caller frees. For small documents; layers are hashed in image/ by
 * libcrypto. */
char *digest_of_bytes(const void *bytes, size_t size);

/* Checks bytes against a digest of either algorithm; the error names `what` and both digests. */
bool digest_verify(
                const char *digest,
                const void *bytes,
                size_t size,
                const char *what,
                GError **error);

/* 64 lower-case hex characters: ids of images, layers and containers in containers/storage. */
bool hex_id_is_valid(const char *text);

/* A fresh random id of 64 hex characters (getrandom(2)). Caller frees. */
char *hex_id_new(void);
