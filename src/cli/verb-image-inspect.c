/* SPDX-License-Identifier: Apache-2.0 */
/* berth image inspect */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/exit.h"
#include "cli/image-filter.h"
#include "cli/image-json.h"
#include "cli/options.h"
#include "cli/store-open.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct InspectOptions {
        char *format;
} InspectOptions;

static const OptionRow rows[] = {
        { "format", 'f', OPTION_STRING, offsetof(InspectOptions, format), "FORMAT",
          "json, or a template" },
        { NULL },
};

static bool print(GPtrArray *objects, const char *format, GError **error) {
        if (format && !g_str_equal(format, "json"))
                return template_print(format, objects, false, error);
        g_autoptr(JsonNode) root = json_node_new(JSON_NODE_ARRAY);
        json_node_take_array(root, json_array_new());
        for (guint i = 0; i < objects->len; i++)
                json_array_add_object_element(
                                json_node_get_array(root), json_object_ref(objects->pdata[i]));
        g_autofree char *text = json_format(root, true);
        printf("%s\n", text);
        return true;
}

int verb_image_inspect(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth image inspect [options] IMAGE [IMAGE...]",
                .description = "Show what the store knows about an image",
                .rows = rows,
                .operands_min = 1,
                .operands_max = -1,
        };
        InspectOptions options = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &names, &error);
        g_autofree char *format = options.format;
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        g_autoptr(Store) store = r == OPTION_RESULT_OK ? cli_store_open(&error) : NULL;
        if (!store)
                return verb_fail(&error);
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        int status = EXIT_STATUS_OK;
        for (char **name = names; *name; name++) {
                JsonObject *object = image_json(store, *name, &error);
                if (object)
                        g_ptr_array_add(objects, object);
                else
                        status = verb_fail(&error);
        }
        if (!print(objects, format, &error))
                return verb_fail(&error);
        return status;
}
