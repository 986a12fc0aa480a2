/* SPDX-License-Identifier: Apache-2.0 */
/* berth version */
#include <stdio.h>

#include "base/json.h"
#include "build-config.h"
#include "cli/exit.h"
#include "cli/info-json.h"
#include "cli/options.h"
#include "cli/template.h"
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
        g_autoptr(JsonObject) all = json_object_new();
        json_object_set_object_member(all, "Client", info_version_json());
        if (!format) {
                JsonObject *client = json_object_get_object_member(all, "Client");
                printf("Client:       berth\nVersion:      %s\nOS/Arch:      %s\n", BERTH_VERSION,
                       json_object_get_string_member(client, "OsArch"));
                return EXIT_STATUS_OK;
        }
        g_autofree char *text = g_str_equal(format, "json") ? json_format_object(all, true)
                                                            : template_format(format, all, &error);
        if (!text)
                return verb_fail(&error);
        puts(text);
        return EXIT_STATUS_OK;
}
