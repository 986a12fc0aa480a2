/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Podman's secrets with its driver "file": SECRETS/secrets.json says what there is,
 * SECRETS/filedriver/secretsdata.json holds the bytes in base64, both 0600. */

#define SECRET_SIZE_MAX (512 * 1000) /* Podman's: below it, not more */

typedef struct Secret {
        char *id; /* 25 hexadecimal digits */
        char *name;
        char *driver;
        GHashTable *labels; /* may be NULL */
        GHashTable *driver_options;
        char *created, *updated; /* RFC 3339 */
} Secret;

void secret_free(Secret *secret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Secret, secret_free)

#define SECRET_ERROR secret_error_quark()
GQuark secret_error_quark(void);
typedef enum SecretError {
        SECRET_ERROR_NOT_FOUND,
        SECRET_ERROR_EXISTS,
} SecretError;

typedef struct SecretStore SecretStore;

/* path: GRAPHROOT/secrets; made by the first one. */
SecretStore *secret_store_new(const char *path);
void secret_store_free(SecretStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SecretStore, secret_store_free)

/* All, by name. Caller unrefs; elements are Secret. */
GPtrArray *secret_list(SecretStore *store, GError **error);

/* By name, id or unique beginning of an id. SECRET_ERROR_NOT_FOUND. */
Secret *secret_find(SecretStore *store, const char *name, GError **error);

/* The bytes. They are wiped when the last reference goes. */
GBytes *secret_read(SecretStore *store, const Secret *secret, GError **error);

/* *ret_id is the caller's. SECRET_ERROR_EXISTS unless it may replace one. */
bool secret_create(
                SecretStore *store,
                const char *name,
                const void *bytes,
                size_t size,
                GHashTable *labels,
                bool replace,
                char **ret_id,
                GError **error);

bool secret_remove(SecretStore *store, const Secret *secret, GError **error);

/* Bytes that are wiped when they are freed; takes the memory. */
GBytes *secret_bytes_new(void *bytes, size_t size);
