/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "runtime/container.h"

/* Which containers a verb is about, and the walk over them. */

typedef struct Selection {
        char **names; /* operands, borrowed */
        bool all;
        bool latest;
        bool ignore;       /* a name that nobody has is fine */
        bool running_only; /* of --all */
} Selection;

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
