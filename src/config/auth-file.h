/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* auth.json (containers-auth.json(5)) in all its places, and credential helpers. */

typedef struct Credentials {
        char *user, *password;
        char *identity_token; /* instead of both */
} Credentials;

/* Wipes the secrets. */
void credentials_clear(Credentials *credentials);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Credentials, credentials_clear)

/* Looks for "host[:port][/namespace[/repo]]": the most specific entry of the first file that has
 * one. path is --authfile, or NULL for $REGISTRY_AUTH_FILE and the usual places. Nothing found is
 * success with all members NULL. */
bool auth_find(const char *path, const char *key, Credentials *ret_credentials, GError **error);

/* The file that `login` writes; caller frees. */
char *auth_write_path(const char *path);

/* Adds or replaces; removes (all when key is NULL). *ret_found: there was an entry. */
bool auth_store(const char *path,
                const char *key,
                const char *user,
                const char *password,
                GError **error);
bool auth_erase(const char *path, const char *key, bool *ret_found, GError **error);
