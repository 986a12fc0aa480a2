/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "oci/reference.h"

/* The YAML files of registries.d, containers-registries.d(5): where signatures of an image are. */

typedef struct SignatureStore {
        char *lookaside;  /* URL without the image's path; never NULL */
        bool attachments; /* sigstore signatures beside the image in its registry */
} SignatureStore;

void signature_store_clear(SignatureStore *store);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SignatureStore, signature_store_clear)

/* The most specific scope decides alone. directory: --registries.d or NULL for the usual places. */
bool registries_d_find(
                const char *directory,
                const OciReference *name,
                SignatureStore *ret_store,
                GError **error);
