/* SPDX-License-Identifier: Apache-2.0 */
/* berth diff, berth image diff */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/container-changes.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/rootless.h"

typedef struct DiffOptions {
        char *format;
        Selection selection;
} DiffOptions;

static const OptionRow rows[] = {
        { "format", 0, OPTION_STRING, offsetof(DiffOptions, format), "FORMAT", "json" },
        SELECTION_ROW_LATEST(DiffOptions),
        { NULL },
};

static void print_json(GHashTable *changes, GList *paths) {
        static const struct {
                const char *name;
                LayerChange change;
        } kinds[] = {
                { "changed", LAYER_CHANGED },
                { "added", LAYER_ADDED },
                { "deleted", LAYER_DELETED },
        };
        g_autoptr(JsonObject) object = json_object_new();
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                JsonArray *list = json_array_new();
                for (GList *p = paths; p; p = p->next)
                        if (GPOINTER_TO_INT(g_hash_table_lookup(changes, p->data)) ==
                            (int) kinds[i].change)
                                json_array_add_string_element(list, p->data);
                if (json_array_get_length(list) > 0)
                        json_object_set_array_member(object, kinds[i].name, list);
                else
                        json_array_unref(list);
        }
        g_autofree char *text = json_format_object(object, true);
        printf("%s\n", text);
}

static void print_changes(GHashTable *changes, const char *format) {
        GList *paths = g_list_sort(g_hash_table_get_keys(changes), (GCompareFunc) strcmp);
        if (format)
                print_json(changes, paths);
        for (GList *p = format ? NULL : paths; p; p = p->next) {
                g_autofree char *shown = text_sanitize(p->data);
                printf("%c %s\n", GPOINTER_TO_INT(g_hash_table_lookup(changes, p->data)), shown);
        }
        g_list_free(paths);
}

static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const DiffOptions *options = data;
        g_autoptr(GHashTable) changes = container_changes(runtime, record, NULL, error);
        if (changes)
                print_changes(changes, options->format);
        return changes;
}

static bool check(void *data, GError **error) {
        const DiffOptions *options = data;
        if (options->format && strcmp(options->format, "json") != 0)
                return error_set_invalid(error, "only supported value for '--format' is 'json'");
        return rootless_enter(error); /* the layers' owners are only known there */
}

int verb_diff(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth diff [options] CONTAINER",
                .description = "Show which files of a container differ from its image",
                .rows = rows,
                .operands_max = 1,
        };
        DiffOptions options = { 0 };
        return selection_verb(&table, argc, argv, &options, &options.selection, check, false, act);
}

int verb_image_diff(int argc, char **argv) {
        static const OptionRow image_rows[] = {
                { "format", 0, OPTION_STRING, offsetof(DiffOptions, format), "FORMAT", "json" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth image diff [options] IMAGE",
                .description = "Show what the topmost layer of an image changes",
                .rows = image_rows,
                .operands_min = 1,
                .operands_max = 2,
        };
        DiffOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        bool go_on = cli_begin(&table, argc, argv, &options, &operands, &runtime, &status);
        g_autofree char *format = options.format;
        if (!go_on)
                return status;
        if (operands[1]) {
                error_set_invalid(&error, "comparing two images is not supported");
                return verb_fail(&error);
        }
        g_autoptr(GHashTable) changes =
                        check(&options, &error) ? image_changes(&runtime, operands[0], &error)
                                                : NULL;
        if (!changes)
                return verb_fail(&error);
        print_changes(changes, format);
        return EXIT_STATUS_OK;
}
