/* SPDX-License-Identifier: Apache-2.0 */
/* berth top */
#include "base/error.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/process-table.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct TopOptions {
        bool latest;
} TopOptions;

static const OptionRow rows[] = {
        { "latest", 'l', OPTION_BOOL, offsetof(TopOptions, latest), NULL, "The newest container" },
        { NULL },
};

static ContainerRecord *newest(Runtime *runtime, GError **error) {
        g_autoptr(GPtrArray) all = record_list(runtime->records, error);
        if (all && all->len > 0)
                return g_ptr_array_steal_index(all, all->len - 1);
        if (all)
                error_set_invalid(error, "no containers");
        return NULL;
}

int verb_top(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth top [options] CONTAINER [FORMAT-DESCRIPTORS]",
                .description = "Show the processes of a container",
                .rows = rows,
                .stop_at_operand = true,
                .operands_max = -1,
        };
        TopOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &begun))
                return begun;
        if (!options.latest && !names[0]) {
                error_set_invalid(&error, "you must provide the name or id of a running container");
                return verb_fail(&error);
        }
        g_autoptr(ContainerRecord) record =
                        options.latest ? newest(&runtime, &error)
                                       : record_find(runtime.records, names[0], &error);
        if (!record)
                return verb_fail(&error);
        if (record_status(record) != CONTAINER_RUNNING) {
                error_set_invalid(&error, "top can only be used on running containers");
                return verb_fail(&error);
        }
        g_autoptr(GPtrArray) chosen = process_columns(names + (options.latest ? 0 : 1), &error);
        g_autoptr(GPtrArray) one = g_ptr_array_new();
        g_ptr_array_add(one, record);
        return chosen && process_table_print(one, chosen, &error) ? EXIT_STATUS_OK
                                                                  : verb_fail(&error);
}
