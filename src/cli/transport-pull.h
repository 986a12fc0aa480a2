/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "config/policy.h"
#include "image/pull.h"
#include "image/transport.h"

/* Brings one image of a transport into the store under the names it has there; without one, under
 * `fallback` (or none). docker: short names are Docker Hub's, not localhost's. */
bool transport_pull(
                Store *store,
                const LocalImage *image,
                const char *fallback,
                const Policy *policy,
                bool quiet,
                char ***ret_names,
                char **ret_id,
                GError **error);
