/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

/* The certificate of a signature: by whose CA, and for whom. */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

typedef struct CertificateTrust {
        GBytes *roots;         /* PEM */
        GBytes *intermediates; /* PEM of the policy, or NULL */
        const char *chain; /* PEM that came with the signature: only helps to find a way; NULL */
        int64_t time;      /* the certificates must be valid then */
        bool any_usage;    /* a certificate that names no usage will do */
} CertificateTrust;

X509 *certificate_read(const char *text, gsize size); /* PEM; NULL: it is none */

/* Up to a root, and made for signing code. */
bool certificate_verify(X509 *leaf, const CertificateTrust *trust, GError **error);

bool certificate_has_email(X509 *leaf, const char *email);
bool certificate_has_host(X509 *leaf, const char *host);
bool certificate_has_issuer(X509 *leaf, const char *wanted); /* Fulcio's OIDC issuer */
