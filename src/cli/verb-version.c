/* SPDX-License-Identifier: Apache-2.0 */
/* berth version */
#include <stdio.h>

#include "build-config.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct VersionOptions {
        char *format;
} VersionOptions;

static const OptionRow rows[] = {
        { "format", 'f', OPTION_STRING, offsetof(VersionOptions, format), "FORMAT",
          "json, or a template" },
        { NULL },
};

int verb_version(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth version [options]",
                .description = "Print the version",
                .rows = rows,
        };
        VersionOptions options = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        g_autofree char *format = options.format;
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR)
                return verb_fail(&error);
        if (format && g_str_equal(format, "json"))
                printf("{\n    \"Client\": {\n        \"Version\": \"%s\"\n    }\n}\n",
                       BERTH_VERSION);
        else if (format)
                printf("%s\n", BERTH_VERSION);
        else
                printf("Client:       berth\nVersion:      %s\n", BERTH_VERSION);
        return EXIT_STATUS_OK;
}
