/* SPDX-License-Identifier: Apache-2.0 */
/* berth rm */
#include "base/error.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verbs.h"

typedef struct RmOptions {
        Selection selection;
        bool force, volumes, depend;
        int64_t time;
} RmOptions;

static const OptionRow rows[] = {
        SELECTION_ROW_ALL(RmOptions, "All containers"),
        SELECTION_ROW_CIDFILE(RmOptions),
        { "depend", 0, OPTION_BOOL, offsetof(RmOptions, depend), NULL,
          "Containers that require it, too" },
        { "filter", 0, OPTION_LIST, offsetof(RmOptions, selection.filters), "FILTER",
          "Those that pass" },
        { "force", 'f', OPTION_BOOL, offsetof(RmOptions, force), NULL,
          "Stop a running container first" },
        SELECTION_ROW_IGNORE(RmOptions),
        SELECTION_ROW_LATEST(RmOptions),
        { "time", 't', OPTION_INT, offsetof(RmOptions, time), "SECONDS", "Time before SIGKILL" },
        { "volumes", 'v', OPTION_BOOL, offsetof(RmOptions, volumes), NULL,
          "Its anonymous volumes too" },
        { NULL },
};

/* As Podman: the forced removal of nothing is done. */
static bool check(void *data, GError **error) {
        RmOptions *options = data;
        options->selection.ignore = options->selection.ignore || options->force;
        options->selection.fine_statuses = true;
        return true;
}

/* Those that were made with --requires of this one: in the way, or the first to go. */
static bool remove_dependents(
                Runtime *runtime,
                const ContainerRecord *record,
                const RmOptions *options,
                GError **error) {
        g_autoptr(GPtrArray) all = record_list(runtime->records, error);
        for (guint i = 0; all && i < all->len; i++) {
                ContainerRecord *other = all->pdata[i];
                if (!other->requires ||
                    !g_strv_contains((const char *const *) other->requires, record->id))
                        continue;
                if (!options->depend && !options->selection.all)
                        return error_set_invalid(/* no wrong state: 125, not 2 */
                                                 error,
                                                 "container %s has dependent containers which must "
                                                 "be "
                                                 "removed before it: %s: container already exists",
                                                 record->id, other->id);
                if (!remove_dependents(runtime, other, options, error) ||
                    !container_remove(
                                    runtime, other, options->force, options->volumes, options->time,
                                    error))
                        return false;
        }
        return all;
}

static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const RmOptions *options = data;
        GError *inner = NULL;
        g_autoptr(ContainerRecord) there = record_find(runtime->records, record->id, &inner);
        if (!there) { /* went with one that it required */
                g_clear_error(&inner);
                return true;
        }
        return remove_dependents(runtime, record, options, error) &&
               container_remove(
                               runtime, record, options->force, options->volumes, options->time,
                               error);
}

int verb_rm(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth rm [options] CONTAINER...",
                .description = "Remove containers",
                .rows = rows,
                .operands_max = -1,
        };
        RmOptions options = { .time = -1 };
        int status = selection_verb(
                        &table, argc, argv, &options, &options.selection, check, true, act);
        selection_clear(&options.selection);
        return status;
}
