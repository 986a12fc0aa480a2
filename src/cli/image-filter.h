/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "oci/image-config.h"
#include "store/store.h"

/* Images with what listings show, chosen by --filter. */

typedef struct ImageFacts {
        StoreImage *image;
        OciImageConfig *config;
        uint64_t size;
        int64_t created_nsec;
        int64_t n_containers;
} ImageFacts;

/* All images that pass every filter ("key=value") and, when given, the name pattern. ImageFacts,
 * owned by the array. Damaged images are left out with a warning: one must not hide the others. */
GPtrArray *
image_facts_list(Store *store, const char *const *filters, const char *name, GError **error);

/* "repo@digest" for every name, NULL-terminated. */
GPtrArray *image_repo_digests(const StoreImage *image);
