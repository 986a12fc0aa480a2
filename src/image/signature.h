/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "config/policy.h"
#include "oci/reference.h"

/* Signatures of images: simple signing (GPG) and sigstore's. What they sign is a small JSON
 * document about a name and a manifest digest. */

#define SIGNATURE_SIZE_MAX (4u << 20)
#define SIGNATURES_MAX     128

typedef struct SignaturePayload {
        char *reference; /* the name that was signed, as written */
        char *digest;    /* of the manifest that was signed */
} SignaturePayload;

void signature_payload_clear(SignaturePayload *payload);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SignaturePayload, signature_payload_clear)

/* sigstore: cosign's type member, else simple signing's. Strict: what is not understood in
 * "critical" makes the signature worthless. */
bool signature_payload_parse(
                const char *bytes,
                size_t size,
                bool sigstore,
                SignaturePayload *ret_payload,
                GError **error);

/* Whether the signed name stands for `name` under the requirement's signedIdentity. */
bool signature_identity_fits(
                const PolicyRequirement *requirement,
                const char *signed_reference,
                const OciReference *name,
                GError **error);

/* True for a blob in containers/image's sigstore form ("\0sigstore-json\n…"). */
bool signature_is_sigstore(GBytes *blob);

/* Verifies a simple-signing blob against a key ring with gpgv. *ret_payload: the signed bytes,
 * *ret_signer: the fingerprint of the primary key. */
bool signature_gpg_verify(
                GBytes *blob,
                GPtrArray *keyrings,
                GBytes **ret_payload,
                char **ret_signer,
                GError **error);

/* Verifies a sigstore blob against the requirement's keys or CA (and transparency log). */
bool signature_sigstore_verify(
                GBytes *blob,
                const PolicyRequirement *requirement,
                GBytes **ret_payload,
                char **ret_signer,
                GError **error);
