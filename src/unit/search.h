/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/diagnostics.h"

/* Where unit files lie: the search path, its sub-folders, and the drop-in folders on the way. */

#define UNIT_SEARCH_FOLDERS_MAX 4096
#define UNIT_SEARCH_FILES_MAX   100000
#define UNIT_DROP_INS_MAX       1000

typedef struct UnitSearchOptions {
        bool user;
        uid_t uid;
        const char *unit_dirs;   /* $QUADLET_UNIT_DIRS: replaces everything else; may be NULL */
        const char *runtime_dir; /* $XDG_RUNTIME_DIR, may be NULL */
        const char *config_home; /* $XDG_CONFIG_HOME, may be NULL */
        const char *home;        /* $HOME, may be NULL */
} UnitSearchOptions;

/* The options of this process. */
UnitSearchOptions unit_search_options(bool user);

/* The folders searched, highest precedence first, whether they exist or not. NULL-terminated, the
 * caller frees with g_strfreev(). */
char **unit_search_path(const UnitSearchOptions *options, Diagnostics *diagnostics);

typedef struct UnitSearch {
        GPtrArray *folders;       /* of char *: all folders walked, in order of precedence */
        GPtrArray *files;         /* of char *: paths; for each name only the first that was met */
        GHashTable *names;        /* name (borrowed) -> path (borrowed) */
        GHashTable *drop_ins;     /* "web.container.d" -> GPtrArray of folder paths, in order */
        GHashTable *folders_seen; /* device and inode of each: loops end here */
} UnitSearch;

typedef bool (*UnitNameFilter)(const char *name);

/* Walks the search path. Folders that cannot be read are warnings. */
UnitSearch *
unit_search(const UnitSearchOptions *options, UnitNameFilter wanted, Diagnostics *diagnostics);

/* An empty search, to which single folders and files are added (lint). */
UnitSearch *unit_search_new(void);
void unit_search_add_folder(
                UnitSearch *search,
                const char *path,
                UnitNameFilter wanted,
                Diagnostics *diagnostics);
void unit_search_add_file(UnitSearch *search, const char *path);

void unit_search_free(UnitSearch *search);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UnitSearch, unit_search_free)

/* The drop-ins of a unit file: one per base name, in the order in which they are merged. Caller
 * unrefs; strings are owned by the array. */
GPtrArray *
unit_search_drop_ins(const UnitSearch *search, const char *file_name, Diagnostics *diagnostics);
