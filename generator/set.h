/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "generator/quadlet.h"
#include "unit/search.h"

/* All unit files of one run, and the names they give each other. */

struct QuadletSet {
        bool user;
        char *program;      /* path in the Exec lines */
        unsigned int depth; /* of references being resolved */
        GPtrArray *items;   /* of Quadlet, owned, sorted by file name */
        GHashTable *stubs;  /* names of services that get a drop-in only (stub.h); NULL: none */
        GPtrArray *nested; /* of char *: sub-folders and drop-in folders; NULL: do not watch them */
        GHashTable *by_name;      /* file name -> Quadlet, borrowed */
        Diagnostics *diagnostics; /* about folders and drop-in folders */
};

/* program NULL: $BERTH, else where berth is installed. */
QuadletSet *quadlet_set_new(bool user, const char *program);
void quadlet_set_free(QuadletSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QuadletSet, quadlet_set_free)

/* Reads every file of the search with its drop-ins, then settles service and resource names. Files
 * that cannot be read are in the set, with an error. A link to /dev/null masks: it is in the search
 * but not in the set. */
void quadlet_set_load(QuadletSet *set, const UnitSearch *search);

/* Notes the folders that lie in others, for berth-units.path: a path unit does not look into
 * sub-folders by itself. */
void quadlet_set_watch(QuadletSet *set, const UnitSearch *search);

/* Adds one unit from bytes; drop-ins do not apply. quadlet_set_settle() must follow. */
Quadlet *quadlet_set_add(QuadletSet *set, const char *path, const char *bytes, size_t size);
void quadlet_set_settle(QuadletSet *set);

Quadlet *quadlet_set_find(const QuadletSet *set, const char *file_name);
