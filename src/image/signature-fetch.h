/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "config/registries-d.h"
#include "image/registry.h"

/* Collects the signatures of a manifest (GBytes in containers/image's encoding): from the lookaside
 * store, and from the registry as sigstore attachments. None is not an error. */
bool signature_fetch(
                Registry *registry,
                const OciReference *name,
                const SignatureStore *store,
                const char *digest,
                GPtrArray *signatures,
                GError **error);
