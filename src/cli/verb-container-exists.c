/* SPDX-License-Identifier: Apache-2.0 */
/* berth container exists: exit status 0, or 1 */
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct ExistsOptions {
        bool external;
} ExistsOptions;

static const OptionRow rows[] = {
        { "external", 0, OPTION_BOOL, offsetof(ExistsOptions, external), NULL,
          "Also containers of others in the store" },
        { NULL },
};

int verb_container_exists(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth container exists CONTAINER",
                .description = "Check whether a container exists",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        ExistsOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &begun))
                return begun;
        g_autoptr(ContainerRecord) record = record_find(runtime.records, names[0], &error);
        if (record)
                return EXIT_STATUS_OK;
        return g_error_matches(error, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER)
                               ? 1
                               : verb_fail(&error);
}
