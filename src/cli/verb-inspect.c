/* SPDX-License-Identifier: Apache-2.0 */
/* berth inspect: containers first, then images */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/exit.h"
#include "cli/image-json.h"
#include "cli/inspect-container.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct InspectOptions {
        char *format, *type;
} InspectOptions;

static const OptionRow rows[] = {
        { "format", 'f', OPTION_STRING, offsetof(InspectOptions, format), "FORMAT",
          "json, or a template" },
        { "type", 't', OPTION_STRING, offsetof(InspectOptions, type), "TYPE",
          "container, image or all" },
        { NULL },
};

static void options_clear(InspectOptions *options) {
        g_free(options->format);
        g_free(options->type);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(InspectOptions, options_clear)

static JsonObject *look_up(Runtime *runtime, const char *name, const char *type, GError **error) {
        bool any = !type || strcmp(type, "all") == 0;
        if (any || strcmp(type, "container") == 0) {
                GError *inner = NULL;
                g_autoptr(ContainerRecord) record = record_find(runtime->records, name, &inner);
                if (record)
                        return container_inspect_json(runtime, record, error);
                if (!any) {
                        g_propagate_error(error, inner);
                        return NULL;
                }
                g_error_free(inner);
        }
        JsonObject *image = image_json(runtime->store, name, any ? NULL : error);
        if (!image && any)
                error_set(error, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER,
                          "no such object: \"%s\"", name);
        return image;
}

static int inspect(int argc, char **argv, const OptionTable *table, const char *fixed_type) {
        g_auto(InspectOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        bool go_on = cli_begin(table, argc, argv, &options, &names, &runtime, &begun);
        if (!go_on)
                return begun;
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        int status = EXIT_STATUS_OK;
        for (char **name = names; *name; name++) {
                JsonObject *object = look_up(
                                &runtime, *name, fixed_type ? fixed_type : options.type, &error);
                if (object)
                        g_ptr_array_add(objects, object);
                else
                        status = verb_fail(&error);
        }
        if (options.format && strcmp(options.format, "json") != 0) {
                if (!template_print(options.format, objects, false, &error))
                        return verb_fail(&error);
                return status;
        }
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);
        JsonArray *array = json_array_new();
        for (guint i = 0; i < objects->len; i++)
                json_array_add_object_element(array, json_object_ref(objects->pdata[i]));
        json_node_take_array(node, array);
        g_autofree char *text = json_format(node, true);
        printf("%s\n", text);
        return status;
}

int verb_inspect(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth inspect [options] NAME...",
                .description = "Show all that is known of containers or images",
                .rows = rows,
                .operands_min = 1,
                .operands_max = -1,
        };
        return inspect(argc, argv, &table, NULL);
}

int verb_container_inspect(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth container inspect [options] CONTAINER...",
                .description = "Show all that is known of containers",
                .rows = rows,
                .operands_min = 1,
                .operands_max = -1,
        };
        return inspect(argc, argv, &table, "container");
}
