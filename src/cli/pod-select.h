/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "cli/options.h"
#include "runtime/pod.h"

/* Which pods a verb is about, and the walk over them. */

typedef struct PodSelection {
        char **names; /* operands, borrowed */
        bool all, latest;
        bool ignore;         /* a name that nobody has is fine */
        GPtrArray *id_files; /* of char * */
        GPtrArray *filters;
        int absent_status; /* exit status for an unknown name; 0: that of any error */
} PodSelection;

void pod_selection_clear(PodSelection *selection);

#define POD_ROW_ALL(type, text)                                                                    \
        { "all", 'a', OPTION_BOOL, offsetof(type, selection.all), NULL, text }
#define POD_ROW_LATEST(type)                                                                       \
        { "latest", 'l', OPTION_BOOL, offsetof(type, selection.latest), NULL, "The newest pod" }
#define POD_ROW_IGNORE(type)                                                                       \
        {                                                                                          \
                "ignore", 'i', OPTION_BOOL, offsetof(type, selection.ignore), NULL,                \
                                "No error for unknown names"                                       \
        }
#define POD_ROW_ID_FILE(type)                                                                      \
        {                                                                                          \
                "pod-id-file", 0, OPTION_LIST, offsetof(type, selection.id_files), "PATH",         \
                                "Those whose ids stand in files"                                   \
        }

/* A whole verb: flags, the runtime, act on each. print: the name as given, or the id. */
typedef bool (*PodAct)(Runtime *runtime, Pod *pod, void *data, GError **error);
int pod_selection_verb(
                const OptionTable *table,
                int argc,
                char **argv,
                void *options,
                PodSelection *selection,
                bool (*check)(void *options, GError **error),
                bool by_name,
                PodAct act);

/* The id in a file of --pod-id-file. Caller frees. */
char *pod_read_id_file(const char *path, GError **error);

/* Element type Pod, owned. NULL when a name is not known. */
GPtrArray *pod_selection_resolve(Runtime *runtime, const PodSelection *selection, GError **error);
