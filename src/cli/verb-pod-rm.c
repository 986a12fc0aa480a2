/* SPDX-License-Identifier: Apache-2.0 */
/* berth pod rm, prune */
#include <string.h>

#include "base/error.h"
#include "cli/confirm.h"
#include "cli/exit.h"
#include "cli/pod-json.h"
#include "cli/pod-remove.h"
#include "cli/pod-select.h"
#include "cli/verbs.h"

typedef struct RmOptions {
        PodSelection selection;
        bool force;
        int64_t time;
} RmOptions;

static bool check(void *data, GError **error) {
        RmOptions *options = data;
        options->selection.ignore = options->selection.ignore || options->force;
        return true;
}

static bool remove_one(Runtime *runtime, Pod *pod, void *data, GError **error) {
        const RmOptions *options = data;
        return pod_remove(runtime, pod, options->force, options->time, error);
}

int verb_pod_rm(int argc, char **argv) {
        static const OptionRow rows[] = {
                POD_ROW_ALL(RmOptions, "All pods"),
                { "force", 'f', OPTION_BOOL, offsetof(RmOptions, force), NULL,
                  "Stop running containers first; an unknown name is no error" },
                POD_ROW_IGNORE(RmOptions),
                POD_ROW_LATEST(RmOptions),
                POD_ROW_ID_FILE(RmOptions),
                { "time", 't', OPTION_INT, offsetof(RmOptions, time), "SECONDS",
                  "Time before SIGKILL" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth pod rm [options] POD...",
                .description = "Remove pods with their containers",
                .rows = rows,
                .operands_max = -1,
        };
        RmOptions options = { .time = -1, .selection.absent_status = 1 }; /* as Podman */
        int status = pod_selection_verb(
                        &table, argc, argv, &options, &options.selection, check, false, remove_one);
        pod_selection_clear(&options.selection);
        return status;
}

typedef struct PruneOptions {
        PodSelection selection;
        bool force;
} PruneOptions;

static bool agree(void *data, GError **error) {
        PruneOptions *options = data;
        static const char *const states[] = { "status=exited", "status=created", "status=stopped" };
        if (!options->force && !confirm("WARNING! This will remove all stopped/exited pods.."))
                return error_set_invalid(error, "not confirmed, nothing was removed");
        options->selection.filters = g_ptr_array_new_with_free_func(g_free);
        for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
                g_ptr_array_add(options->selection.filters, g_strdup(states[i]));
        return true;
}

static bool prune_one(Runtime *runtime, Pod *pod, void *data, GError **error) {
        return pod_remove(runtime, pod, false, -1, error);
}

int verb_pod_prune(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "force", 'f', OPTION_BOOL, offsetof(PruneOptions, force), NULL, "Do not ask" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth pod prune [options]",
                .description = "Remove pods of which nothing runs",
                .rows = rows,
        };
        PruneOptions options = { 0 };
        int status = pod_selection_verb(
                        &table, argc, argv, &options, &options.selection, agree, false, prune_one);
        pod_selection_clear(&options.selection);
        return status;
}
