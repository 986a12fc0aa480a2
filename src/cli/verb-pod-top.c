/* SPDX-License-Identifier: Apache-2.0 */
/* berth pod top */
#include "base/error.h"
#include "cli/exit.h"
#include "cli/pod-select.h"
#include "cli/process-table.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct TopOptions {
        PodSelection selection;
} TopOptions;

static const OptionRow rows[] = { POD_ROW_LATEST(TopOptions), { NULL } };

static bool show(Runtime *runtime, char **words, TopOptions *o, GError **error) {
        char *first[] = { words[0], NULL };
        if (!o->selection.latest && !words[0])
                return error_set_invalid(error, "you must provide the name or id of a running pod");
        o->selection.names = o->selection.latest ? NULL : first;
        g_autoptr(GPtrArray) pods = pod_selection_resolve(runtime, &o->selection, error);
        if (!pods || pods->len == 0)
                return pods ? error_set_invalid(error, "no pods") : false;
        g_autoptr(GPtrArray) records = pod_containers(runtime, pods->pdata[0], error);
        for (guint i = records ? records->len : 0; i > 0; i--)
                if (record_status(records->pdata[i - 1]) != CONTAINER_RUNNING)
                        g_ptr_array_remove_index(records, i - 1);
        if (records && records->len == 0)
                return error_set_invalid(
                                error, "pod top can only be used on pods with at least one running "
                                       "container");
        g_autoptr(GPtrArray) columns =
                        records ? process_columns(words + (o->selection.latest ? 0 : 1), error)
                                : NULL;
        return columns && process_table_print(records, columns, error);
}

int verb_pod_top(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth pod top [options] POD [FORMAT-DESCRIPTORS]",
                .description = "Show the processes of a pod's containers",
                .rows = rows,
                .stop_at_operand = true,
                .operands_max = -1,
        };
        TopOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **words = NULL;
        int status;
        if (cli_begin(&table, argc, argv, &options, &words, &runtime, &status) &&
            !show(&runtime, words, &options, &error))
                status = verb_fail(&error);
        return status;
}
