/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "cli/options.h"
#include "runtime/container.h"

/* Which containers a verb is about, and the walk over them. */

typedef struct Selection {
        char **names; /* operands, borrowed */
        bool all;
        bool latest;
        bool quiet;          /* nothing is printed of those that worked */
        bool ignore;         /* a name that nobody has is fine */
        bool fine_statuses;  /* podman-rm(1): 1 for an unknown name, 2 for one in the way */
        bool running_only;   /* of --all and of --filter */
        GPtrArray *filters;  /* of char *; then names are not needed */
        GPtrArray *cidfiles; /* files with ids, of char * */
} Selection;

void selection_clear(Selection *selection);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Selection, selection_clear)

/* Rows of an option table for a struct with a member `selection`. */
#define SELECTION_ROW_ALL(type, text)                                                              \
        { "all", 'a', OPTION_BOOL, offsetof(type, selection.all), NULL, text }
#define SELECTION_ROW_LATEST(type)                                                                 \
        {                                                                                          \
                "latest", 'l', OPTION_BOOL, offsetof(type, selection.latest), NULL,                \
                                "The newest container"                                             \
        }
#define SELECTION_ROW_IGNORE(type)                                                                 \
        {                                                                                          \
                "ignore", 'i', OPTION_BOOL, offsetof(type, selection.ignore), NULL,                \
                                "No error for unknown names"                                       \
        }
#define SELECTION_ROW_FILTER(type)                                                                 \
        {                                                                                          \
                "filter", 'f', OPTION_LIST, offsetof(type, selection.filters), "FILTER",           \
                                "Those that pass: id=, name=, label=, status=, …"                \
        }
#define SELECTION_ROW_CIDFILE(type)                                                                \
        {                                                                                          \
                "cidfile", 0, OPTION_LIST, offsetof(type, selection.cidfiles), "PATH",             \
                                "Those whose ids stand in files"                                   \
        }

/* ExecStop= and ExecStopPost= of a unit, systemd.exec(5), mean one name and nothing else: once what
 * has it is gone, "db" is not to be the beginning of somebody's id. */
bool selection_means(const char *given, const char *name, const char *id);

/* Element type ContainerRecord, owned. NULL when a name is not known. */
GPtrArray *selection_resolve(Runtime *runtime, const Selection *selection, GError **error);

/* Runs act on each and prints "Error: …" for those that fail; prints the name as given, or the id,
 * of those that worked when asked. Exit status 0 or 125. */
typedef bool (*ContainerAct)(Runtime *runtime, ContainerRecord *record, void *data, GError **error);
int selection_run(
                Runtime *runtime,
                const Selection *selection,
                bool print,
                ContainerAct act,
                void *data);

/* A whole verb: flags, the runtime, and act on what the flags and operands select. options has the
 * verb's defaults and is act's data; check (or NULL) looks at it before anything is done. */
int selection_verb(
                const OptionTable *table,
                int argc,
                char **argv,
                void *options,
                Selection *selection,
                bool (*check)(void *options, GError **error),
                bool print,
                ContainerAct act);
