/* SPDX-License-Identifier: Apache-2.0 */
/* berth inspect: containers first, then images */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/container-json.h"
#include "cli/exit.h"
#include "cli/image-json.h"
#include "cli/inspect-container.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct InspectOptions {
        char *format, *type;
        bool latest, size;
} InspectOptions;

static const OptionRow rows[] = {
        { "format", 'f', OPTION_STRING, offsetof(InspectOptions, format), "FORMAT",
          "json, or a template" },
        { "latest", 'l', OPTION_BOOL, offsetof(InspectOptions, latest), NULL,
          "The newest container" },
        { "size", 's', OPTION_BOOL, offsetof(InspectOptions, size), NULL,
          "How much a container wrote, too" },
        { "type", 't', OPTION_STRING, offsetof(InspectOptions, type), "TYPE",
          "container, image or all" },
        { NULL },
};

static void options_clear(InspectOptions *options) {
        g_free(options->format);
        g_free(options->type);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(InspectOptions, options_clear)

static JsonObject *
container(Runtime *runtime, const ContainerRecord *record, bool size, GError **error) {
        JsonObject *json = container_inspect_json(runtime, record, error);
        uint64_t written, all;
        if (!json || !size)
                return json;
        container_sizes(runtime, record, &written, &all);
        json_object_set_int_member(json, "SizeRw", (gint64) written);
        json_object_set_int_member(json, "SizeRootFs", (gint64) all);
        return json;
}

static JsonObject *
look_up(Runtime *runtime, const char *name, const char *type, bool size, GError **error) {
        bool any = !type || strcmp(type, "all") == 0;
        if (any || strcmp(type, "container") == 0) {
                GError *inner = NULL;
                g_autoptr(ContainerRecord) record = record_find(runtime->records, name, &inner);
                if (record)
                        return container(runtime, record, size, error);
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

static bool print(const InspectOptions *options, GPtrArray *objects, GError **error) {
        if (options->format && !template_is_json(options->format))
                return template_print(options->format, objects, false, error);
        template_print_json(objects);
        return true;
}

static void print_error(gpointer data, gpointer unused) {
        GError *error = data;
        (void) verb_fail(&error);
}

/* The names that were given, or the newest container's. Caller frees the vector's strings. */
static char **
choose(Runtime *runtime,
       const InspectOptions *options,
       char **given,
       const char **type,
       GError **error) {
        if (!options->latest) {
                if (!given[0])
                        error_set_invalid(error, "no names or ids specified");
                return given[0] ? g_strdupv(given) : NULL;
        }
        if (given[0]) {
                error_set_invalid(error, "--latest and arguments cannot be used together");
                return NULL;
        }
        if (*type && strcmp(*type, "all") != 0 && strcmp(*type, "container") != 0) {
                error_set_invalid(error, "latest is not supported for type \"%s\"", *type);
                return NULL;
        }
        const Selection selection = { .latest = true };
        g_autoptr(GPtrArray) list = selection_resolve(runtime, &selection, error);
        if (!list)
                return NULL;
        if (list->len == 0) {
                error_set(error, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER, "no containers found");
                return NULL;
        }
        char **names = g_new0(char *, 2);
        names[0] = g_strdup(((const ContainerRecord *) list->pdata[0])->id);
        *type = "container";
        return names;
}

/* What there is, then what there is not. */
static int inspect(int argc, char **argv, const OptionTable *table, const char *fixed_type) {
        g_auto(InspectOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int begun;
        if (!cli_begin(table, argc, argv, &options, &operands, &runtime, &begun))
                return begun;
        const char *type = fixed_type ? fixed_type : options.type;
        g_auto(GStrv) names = choose(&runtime, &options, operands, &type, &error);
        if (!names)
                return verb_fail(&error);
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        g_autoptr(GPtrArray) errors = g_ptr_array_new(); /* print_error() frees them */
        for (char **name = names; *name; name++) {
                GError *missing = NULL;
                JsonObject *object = look_up(&runtime, *name, type, options.size, &missing);
                g_ptr_array_add(object ? objects : errors, object ? (void *) object : missing);
        }
        if ((objects->len > 0 || !options.format) && !print(&options, objects, &error))
                return verb_fail(&error);
        fflush(stdout);
        g_ptr_array_foreach(errors, print_error, NULL);
        return errors->len > 0 ? EXIT_STATUS_ERROR : EXIT_STATUS_OK;
}

int verb_inspect(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth inspect [options] NAME...",
                .description = "Show all that is known of containers or images",
                .rows = rows,
                .operands_max = -1,
        };
        return inspect(argc, argv, &table, NULL);
}

int verb_container_inspect(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth container inspect [options] CONTAINER...",
                .description = "Show all that is known of containers",
                .rows = rows,
                .operands_max = -1,
        };
        return inspect(argc, argv, &table, "container");
}
