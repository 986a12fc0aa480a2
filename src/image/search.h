/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "image/registry.h"

/* What registries have: repositories by a part of their names, tags of a repository. */

typedef struct SearchResult {
        char *name; /* "team/app", as the registry says */
        char *description;
        int64_t stars;
        bool is_official, is_automated;
} SearchResult;

/* Whether a result counts, before the limit does. */
typedef bool (*SearchWanted)(const SearchResult *result, void *data);

/* At most limit SearchResult, owned by the array. First by the search of Docker Hub's kind
 * ("/v1/search"), which has descriptions; where a registry lacks it, or the term is empty, by the
 * catalogue (distribution-spec's extension "/v2/_catalog"). */
GPtrArray *search_repositories(
                Registry *registry,
                const char *term,
                guint limit,
                SearchWanted wanted,
                void *data,
                GError **error);

/* At most limit tags (char *, owned by the array) in the registry's order. */
GPtrArray *search_tags(Registry *registry, guint limit, GError **error);
