/* SPDX-License-Identifier: Apache-2.0 */
/* berth init, container cleanup */
#include <stdio.h>

#include "base/error.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/verbs.h"
#include "runtime/event.h"
#include "runtime/mount-point.h"
#include "store/writer.h"

typedef struct InitOptions {
        Selection selection;
        char *exec;
        bool remove, remove_image, stopped_only;
} InitOptions;

/* All that a start does before there is a process: the root is mounted, the generated files are
 * made. Nothing of it needs to stay; that it worked is noted. */
static bool init_one(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const InitOptions *options = data;
        bool runs = record_status(record) == CONTAINER_RUNNING;
        if ((runs || record->initialized) && options->selection.all)
                return true;
        if (runs || record->initialized)
                return error_set(
                                error, RUNTIME_ERROR, RUNTIME_ERROR_STATE,
                                "container %s has already been created in runtime: container "
                                "state improper",
                                record->id);
        g_auto(Container) container = { .root_fd = -1, .userns_fd = -1 };
        if (!container_load(runtime, record->id, &container, error))
                return false;
        container.record->initialized = true;
        if (!record_save(runtime->records, container.record, error))
                return false;
        container_event(runtime, record, "init");
        return true;
}

int verb_init(int argc, char **argv) {
        static const OptionRow rows[] = {
                SELECTION_ROW_ALL(InitOptions, "All containers"),
                SELECTION_ROW_LATEST(InitOptions),
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth init [options] CONTAINER...",
                .description = "Prepare containers for a start",
                .rows = rows,
                .operands_max = -1,
        };
        InitOptions options = { 0 };
        return selection_verb(
                        &table, argc, argv, &options, &options.selection, NULL, true, init_one);
}

/* Of one that runs nothing is cleaned; with --rm it goes all the same, as with Podman. */
static bool cleanup_one(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const InitOptions *options = data;
        if (options->exec) /* a session leaves nothing that its command does not take away */
                return true;
        bool runs = record_status(record) == CONTAINER_RUNNING;
        if (runs && options->stopped_only)
                return error_set(
                                error, RUNTIME_ERROR, RUNTIME_ERROR_STATE,
                                "container %s is running or paused, refusing to clean up: "
                                "container state improper",
                                record->id);
        if (!runs && !mount_point_release(runtime, record, true, error))
                return false;
        record->initialized = false;
        if (!runs && !record_save(runtime->records, record, error))
                return false;
        g_autofree char *image_id = g_strdup(record->image_id);
        if (options->remove && !runs && !container_remove(runtime, record, false, false, 0, error))
                return false;
        return !options->remove_image || !image_id ||
               store_image_remove(runtime->store, image_id, error);
}

static bool check_cleanup(void *data, GError **error) {
        InitOptions *options = data;
        options->selection.ignore = true; /* it may have gone by itself */
        return !options->exec || (!options->selection.all && !options->selection.latest) ||
               error_set_invalid(error, "exec and all, latest options conflict");
}

int verb_container_cleanup(int argc, char **argv) {
        static const OptionRow rows[] = {
                SELECTION_ROW_ALL(InitOptions, "All containers"),
                { "exec", 0, OPTION_STRING, offsetof(InitOptions, exec), "SESSION",
                  "Of that session, not of the container" },
                SELECTION_ROW_LATEST(InitOptions),
                { "rm", 0, OPTION_BOOL, offsetof(InitOptions, remove), NULL,
                  "Remove the container, too" },
                { "rmi", 0, OPTION_BOOL, offsetof(InitOptions, remove_image), NULL,
                  "Remove its image, too" },
                { "stopped-only", 0, OPTION_BOOL, offsetof(InitOptions, stopped_only), NULL, NULL },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth container cleanup [options] CONTAINER...",
                .description = "Undo what is left mounted of containers that do not run",
                .rows = rows,
                .operands_max = -1,
        };
        InitOptions options = { 0 };
        int status =
                        selection_verb(&table, argc, argv, &options, &options.selection,
                                       check_cleanup, true, cleanup_one);
        g_free(options.exec);
        return status;
}
