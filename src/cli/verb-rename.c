/* SPDX-License-Identifier: Apache-2.0 */
/* berth rename */
#include <string.h>

#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/event.h"

static const OptionRow rows[] = { { NULL } };

int verb_rename(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth rename CONTAINER NAME",
                .description = "Give a container another name",
                .rows = rows,
                .operands_min = 2,
                .operands_max = 2,
        };
        int unused = 0;
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        if (!cli_begin(&table, argc, argv, &unused, &names, &runtime, &begun))
                return begun;
        g_autoptr(ContainerRecord) record = record_find(runtime.records, names[0], &error);
        if (!record || !container_check_name(names[1], &error) ||
            (strcmp(record->name, names[1]) != 0 &&
             !record_rename(runtime.records, record, names[1], &error)))
                return verb_fail(&error);
        container_event(&runtime, record, "rename");
        return EXIT_STATUS_OK;
}
