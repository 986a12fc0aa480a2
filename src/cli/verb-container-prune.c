/* SPDX-License-Identifier: Apache-2.0 */
/* berth container prune: all that do not run. */
#include <stdio.h>

#include "cli/confirm.h"
#include "cli/container-filter.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct PruneOptions {
        bool force;
        GPtrArray *filters;
} PruneOptions;

static const OptionRow rows[] = {
        { "filter", 0, OPTION_LIST, offsetof(PruneOptions, filters), "FILTER",
          "Only those that pass: label=, until=" },
        { "force", 'f', OPTION_BOOL, offsetof(PruneOptions, force), NULL, "Do not ask" },
        { NULL },
};

static int prune(Runtime *runtime, GPtrArray *list) {
        int status = EXIT_STATUS_OK;
        for (guint i = 0; i < list->len; i++) {
                ContainerRecord *record = list->pdata[i];
                g_autoptr(GError) error = NULL;
                if (record_status(record) == CONTAINER_RUNNING)
                        continue;
                if (container_remove(runtime, record, false, true, 0, &error))
                        printf("%s\n", record->id);
                else
                        status = verb_fail(&error);
        }
        return status;
}

int verb_container_prune(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth container prune [options]",
                .description = "Remove all containers that do not run",
                .rows = rows,
        };
        PruneOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        bool go_on = cli_begin(&table, argc, argv, &options, &operands, &runtime, &status);
        g_autoptr(GPtrArray) filters = options.filters;
        if (!go_on)
                return status;
        g_autoptr(GPtrArray) list = record_list(runtime.records, &error);
        if (!list || !container_filter(&runtime, list, filters, &error))
                return verb_fail(&error);
        if (!options.force && !confirm("WARNING! This will remove all non running containers."))
                return EXIT_STATUS_OK;
        return record_forget_abandoned(runtime.records, &error) ? prune(&runtime, list)
                                                                : verb_fail(&error);
}
