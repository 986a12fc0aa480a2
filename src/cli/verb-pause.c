/* SPDX-License-Identifier: Apache-2.0 */
/* berth pause, unpause: the cgroup freezer. */
#include "base/error.h"
#include "cli/container-json.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/verbs.h"
#include "runtime/event.h"

typedef struct PauseOptions {
        Selection selection;
} PauseOptions;

static const OptionRow rows[] = {
        SELECTION_ROW_ALL(PauseOptions, "All running (unpause: paused) containers"),
        SELECTION_ROW_CIDFILE(PauseOptions),
        SELECTION_ROW_FILTER(PauseOptions),
        SELECTION_ROW_LATEST(PauseOptions),
        { NULL },
};

static bool pause_one(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const PauseOptions *options = data;
        if (record_is_paused(record)) {
                if (options->selection.all)
                        return true;
                return error_set(
                                error, RUNTIME_ERROR, RUNTIME_ERROR_STATE,
                                "\"%s\" is already paused: container state improper", record->id);
        }
        if (record_status(record) != CONTAINER_RUNNING)
                return error_set(
                                error, RUNTIME_ERROR, RUNTIME_ERROR_STATE,
                                "\"%s\" is not running, can't pause: container state improper",
                                container_state_text(record));
        if (!container_freeze(record, true, error))
                return false;
        container_event(runtime, record, "pause");
        return true;
}

static bool unpause_one(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const PauseOptions *options = data;
        if (record_is_paused(record)) {
                if (!container_freeze(record, false, error))
                        return false;
                container_event(runtime, record, "unpause");
                return true;
        }
        if (options->selection.all)
                return true;
        return error_set(
                        error, RUNTIME_ERROR, RUNTIME_ERROR_STATE,
                        "\"%s\" is not paused, can't unpause: container state improper",
                        record->id);
}

static int run(int argc, char **argv, const OptionTable *table, ContainerAct act) {
        PauseOptions options = { .selection.running_only = true };
        int status = selection_verb(
                        table, argc, argv, &options, &options.selection, NULL, true, act);
        selection_clear(&options.selection);
        return status;
}

int verb_pause(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth pause [options] CONTAINER...",
                .description = "Freeze all processes of containers",
                .rows = rows,
                .operands_max = -1,
        };
        return run(argc, argv, &table, pause_one);
}

int verb_unpause(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth unpause [options] CONTAINER...",
                .description = "Let paused containers go on",
                .rows = rows,
                .operands_max = -1,
        };
        return run(argc, argv, &table, unpause_one);
}
