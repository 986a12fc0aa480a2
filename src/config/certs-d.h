/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* certs.d/<host[:port]>/ (containers-certs.d(5)): *.crt are authorities, *.cert with *.key are for
 * us. */

typedef struct RegistryCerts {
        GPtrArray *authorities; /* of char *, paths */
        char *cert, *key;       /* the client's, or NULL */
} RegistryCerts;

void registry_certs_clear(RegistryCerts *certs);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RegistryCerts, registry_certs_clear)

/* directory: --cert-dir, or NULL for the usual places. A .cert without .key (or the reverse) is an
 * error. */
bool certs_d_find(
                const char *directory, const char *host, RegistryCerts *ret_certs, GError **error);
