/* SPDX-License-Identifier: Apache-2.0 */
/* berth history */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/store-open.h"
#include "cli/table.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "oci/image-config.h"
#include "store/place.h"

#define TEXT_WIDTH 45

typedef struct HistoryOptions {
        bool quiet, no_trunc, human;
        char *format;
} HistoryOptions;

static const OptionRow rows[] = {
        { "format", 0, OPTION_STRING, offsetof(HistoryOptions, format), "FORMAT",
          "json, or a template" },
        { "human", 'H', OPTION_BOOL, offsetof(HistoryOptions, human), NULL,
          "Sizes and times for people (default)" },
        { "no-trunc", 0, OPTION_BOOL, offsetof(HistoryOptions, no_trunc), NULL,
          "Show whole ids and instructions" },
        { "quiet", 'q', OPTION_BOOL, offsetof(HistoryOptions, quiet), NULL, "Show ids only" },
        { NULL },
};

/* An image with its documents and layers. */
typedef struct View {
        StoreImage *image;
        OciImageConfig *config;
        GPtrArray *chain; /* of StoreLayer, topmost first */
} View;

static void view_clear(View *view) {
        g_clear_pointer(&view->image, store_image_free);
        g_clear_pointer(&view->config, oci_image_config_free);
        g_clear_pointer(&view->chain, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(View, view_clear)

static bool view_load(Store *store, const char *name, View *view, GError **error) {
        g_autoptr(GBytes) bytes = NULL;
        if (!store_image_find(store, name, &view->image, error) ||
            !store_image_read_config(store, view->image, &bytes, error) ||
            !store_layer_chain(store, view->image->layer, &view->chain, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        view->config = oci_image_config_parse(text, size, error);
        return view->config;
}

static JsonObject *
step_fields(const View *view,
            const OciHistory *step,
            const char *id,
            int64_t size,
            const HistoryOptions *options) {
        JsonObject *o = json_object_new();
        int64_t nsec = 0;
        if (step->created)
                (void) text_parse_time(step->created, &nsec); /* else 1970 */
        g_autofree char *ago =
                        text_format_ago(nsec / 1000000000, g_get_real_time() / G_USEC_PER_SEC);
        g_autofree char *human = text_format_size((uint64_t) size);
        g_autofree char *by = text_sanitize(step->created_by ? step->created_by : "");
        g_autofree char *comment = text_sanitize(step->comment ? step->comment : "");
        if (!options->no_trunc && strlen(by) > TEXT_WIDTH)
                strcpy(by + TEXT_WIDTH - 3, "...");
        g_autofree char *shown = options->no_trunc || g_str_equal(id, "<missing>")
                                                 ? g_strdup(id)
                                                 : g_strndup(id, 12);
        json_object_set_string_member(o, "ID", shown);
        json_object_set_string_member(o, "Created", ago);
        json_object_set_string_member(o, "CreatedSince", ago);
        json_object_set_string_member(o, "CreatedAt", step->created ? step->created : "");
        json_object_set_string_member(o, "CreatedBy", by);
        json_object_set_string_member(o, "Size", human);
        json_object_set_string_member(o, "Comment", comment);
        return o;
}

/* For scripts: nothing shortened, sizes in bytes. */
static JsonObject *
step_json(const View *view, const OciHistory *step, const char *id, int64_t size, bool newest) {
        JsonObject *o = json_object_new();
        json_object_set_string_member(o, "id", id);
        json_object_set_string_member(o, "created", step->created ? step->created : "");
        json_object_set_string_member(o, "Created", step->created ? step->created : "");
        json_object_set_string_member(o, "CreatedBy", step->created_by ? step->created_by : "");
        if (newest)
                json_set_strings(o, "tags", (const char *const *) view->image->names);
        else
                json_object_set_null_member(o, "tags");
        json_object_set_int_member(o, "size", size);
        json_object_set_string_member(o, "comment", step->comment ? step->comment : "");
        return o;
}

/* Newest first. Only the image itself has an id here; layers are not images. */
static GPtrArray *collect(const View *view, const HistoryOptions *options) {
        GPtrArray *steps = g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        guint layer = 0;
        for (size_t i = view->config->n_history; i > 0; i--) {
                const OciHistory *step = &view->config->history[i - 1];
                int64_t size = 0;
                if (!step->empty_layer && layer < view->chain->len)
                        size = ((StoreLayer *) view->chain->pdata[layer++])->diff_size;
                const char *id = i == view->config->n_history ? view->image->id : "<missing>";
                bool newest = i == view->config->n_history;
                size = MAX(size, 0);
                g_ptr_array_add(steps,
                                template_is_json(options->format)
                                                ? step_json(view, step, id, size, newest)
                                                : step_fields(view, step, id, size, options));
        }
        return steps;
}

static bool
show_history(Store *store, const char *name, const HistoryOptions *options, GError **error) {
        g_auto(View) view = { 0 };
        if (!view_load(store, name, &view, error))
                return false;
        g_autoptr(GPtrArray) steps = collect(&view, options);
        if (template_is_json(options->format)) {
                template_print_json(steps);
                return true;
        }
        const char *format = options->quiet    ? "{{.ID}}"
                             : options->format ? options->format
                                               : "table {{.ID}}\t{{.Created}}\t{{.CreatedBy}}\t"
                                                 "{{.Size}}\t{{.Comment}}";
        return template_print(format, steps, true, error);
}

int verb_history(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth history [options] IMAGE",
                .description = "Show how an image was made",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        HistoryOptions options = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        g_autofree char *format = options.format;
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        g_autoptr(Store) store = r == OPTION_RESULT_OK ? cli_store_open(&error) : NULL;
        if (!store || !show_history(store, operands[0], &options, &error))
                return verb_fail(&error);
        return EXIT_STATUS_OK;
}
