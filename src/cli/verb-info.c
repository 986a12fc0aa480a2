/* SPDX-License-Identifier: Apache-2.0 */
/* berth info */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/exit.h"
#include "cli/info-json.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct InfoOptions {
        char *format;
        bool debug;
} InfoOptions;

static const OptionRow rows[] = {
        { "format", 'f', OPTION_STRING, offsetof(InfoOptions, format), "FORMAT",
          "json, or a template" },
        { "debug", 'D', OPTION_BOOL, offsetof(InfoOptions, debug), NULL, NULL },
        { NULL },
};

/* Templates name Go's fields, some of which are not the JSON's. */
static void add_go_names(JsonObject *host) {
        const char *version = json_object_get_string_member(host, "cgroupVersion");
        json_object_set_string_member(host, "CgroupsVersion", version);
}

static JsonObject *collect(Runtime *runtime, GError **error) {
        g_autoptr(JsonObject) info = json_object_new();
        JsonObject *host = info_host_json(runtime, error);
        if (!host)
                return NULL;
        json_object_set_object_member(info, "host", host);
        JsonObject *store = info_store_json(runtime, error);
        if (!store)
                return NULL;
        json_object_set_object_member(info, "store", store);
        JsonObject *registries = info_registries_json(error);
        if (!registries)
                return NULL;
        json_object_set_object_member(info, "registries", registries);
        json_object_set_object_member(info, "plugins", info_plugins_json());
        json_object_set_object_member(info, "version", info_version_json());
        return g_steal_pointer(&info);
}

int verb_info(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth info [options]",
                .description = "Show the host and the store",
                .rows = rows,
        };
        InfoOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &operands, &runtime, &begun);
        g_autofree char *format = options.format;
        if (!go_on)
                return begun;
        g_autoptr(JsonObject) info = collect(&runtime, &error);
        if (!info)
                return verb_fail(&error);
        if (format && strcmp(format, "json") != 0) {
                add_go_names(json_object_get_object_member(info, "host"));
                g_autofree char *text = template_format(format, info, &error);
                if (!text)
                        return verb_fail(&error);
                printf("%s\n", text);
                return EXIT_STATUS_OK;
        }
        g_autofree char *text = json_format_object(info, true);
        printf("%s\n", text);
        return EXIT_STATUS_OK;
}
