/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "config/policy.h"
#include "image/source.h"
#include "oci/reference.h"

/* policy.json put to an image: is it let in, why, and who signed it. */

typedef struct TrustContext {
        const Policy *policy;     /* borrowed, as all */
        const char *transport;    /* "docker", "oci", … */
        const char *identity;     /* what scopes are matched with; or NULL */
        const OciReference *name; /* that signatures must speak for; NULL: none can */
} TrustContext;

typedef struct TrustVerdict {
        char *scope;        /* of policy.json */
        GPtrArray *reasons; /* of char *, one per requirement and signature, for people */
        GPtrArray *signers; /* of char * */
        GPtrArray *good;    /* of GBytes: the signatures that counted */
} TrustVerdict;

void trust_verdict_clear(TrustVerdict *verdict);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TrustVerdict, trust_verdict_clear)

/* True when all requirements hold. On IMAGE_ERROR_UNTRUSTED the verdict is filled all the same. */
bool trust_evaluate(
                const TrustContext *context,
                ImageSource *source,
                const char *manifest_digest,
                TrustVerdict *ret_verdict,
                GError **error);

/* For PullOptions.verify; data is a TrustContext. */
bool trust_verify(
                void *data,
                ImageSource *source,
                const char *manifest_digest,
                GPtrArray *signatures,
                GPtrArray *signers,
                GError **error);
