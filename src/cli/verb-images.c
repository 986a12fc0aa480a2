/* SPDX-License-Identifier: Apache-2.0 */
/* berth images, berth image ls */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/image-filter.h"
#include "cli/options.h"
#include "cli/store-open.h"
#include "cli/table.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "oci/image-config.h"
#include "store/writer.h"

#define ID_SHORT 12

typedef struct ImagesOptions {
        bool all, quiet, no_heading, no_trunc, digests, history;
        char *format, *sort;
        GPtrArray *filters;
} ImagesOptions;

static const OptionRow rows[] = {
        { "all", 'a', OPTION_BOOL, offsetof(ImagesOptions, all), NULL, "Show all images" },
        { "digests", 0, OPTION_BOOL, offsetof(ImagesOptions, digests), NULL, "Show digests" },
        { "filter", 'f', OPTION_LIST, offsetof(ImagesOptions, filters), "FILTER",
          "dangling=, label=, reference=, before=, since=, until=, readonly=, containers=, id=" },
        { "format", 0, OPTION_STRING, offsetof(ImagesOptions, format), "FORMAT",
          "json, or a template" },
        { "history", 0, OPTION_BOOL, offsetof(ImagesOptions, history), NULL, "Show former names" },
        { "no-trunc", 0, OPTION_BOOL, offsetof(ImagesOptions, no_trunc), NULL, "Show whole ids" },
        { "noheading", 'n', OPTION_BOOL, offsetof(ImagesOptions, no_heading), NULL, "No heading" },
        { "quiet", 'q', OPTION_BOOL, offsetof(ImagesOptions, quiet), NULL, "Show ids only" },
        { "sort", 0, OPTION_STRING, offsetof(ImagesOptions, sort), "KEY",
          "created, id, repository, size or tag" },
        { NULL },
};

static void options_clear(ImagesOptions *options) {
        g_free(options->format);
        g_free(options->sort);
        g_clear_pointer(&options->filters, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImagesOptions, options_clear)

/* One line: an image under one of its names. */
typedef struct ImageLine {
        const ImageFacts *facts; /* borrowed */
        char *repository, *tag;
} ImageLine;

static void line_free(gpointer data) {
        ImageLine *line = data;
        g_free(line->repository);
        g_free(line->tag);
        g_free(line);
}

/* "reg/x:1" -> "reg/x", "1"; a name by digest has the tag "<none>". */
static void split_name(const char *name, ImageLine *line) {
        const char *at = strchr(name, '@');
        const char *slash = strrchr(name, '/');
        const char *colon = at ? NULL : strrchr(slash ? slash : name, ':');
        size_t n = at ? (size_t) (at - name) : colon ? (size_t) (colon - name) : strlen(name);
        line->repository = g_strndup(name, n);
        line->tag = g_strdup(colon ? colon + 1 : "<none>");
}

static void add_lines(GPtrArray *lines, const ImageFacts *facts) {
        char **names = facts->image->names;
        for (char **name = names; *name; name++) {
                ImageLine *line = g_new0(ImageLine, 1);
                line->facts = facts;
                split_name(*name, line);
                g_ptr_array_add(lines, line);
        }
        if (*names)
                return;
        ImageLine *line = g_new0(ImageLine, 1);
        line->facts = facts;
        line->repository = g_strdup("<none>");
        line->tag = g_strdup("<none>");
        g_ptr_array_add(lines, line);
}

static gint by_created(gconstpointer a, gconstpointer b) {
        int64_t x = (*(ImageLine *const *) a)->facts->created_nsec;
        int64_t y = (*(ImageLine *const *) b)->facts->created_nsec;
        return x < y ? 1 : x > y ? -1 : 0;
}

static gint by_size(gconstpointer a, gconstpointer b) {
        uint64_t x = (*(ImageLine *const *) a)->facts->size;
        uint64_t y = (*(ImageLine *const *) b)->facts->size;
        return x < y ? -1 : x > y;
}

static gint by_id(gconstpointer a, gconstpointer b) {
        return strcmp((*(ImageLine *const *) a)->facts->image->id,
                      (*(ImageLine *const *) b)->facts->image->id);
}

static gint by_repository(gconstpointer a, gconstpointer b) {
        return strcmp((*(ImageLine *const *) a)->repository, (*(ImageLine *const *) b)->repository);
}

static gint by_tag(gconstpointer a, gconstpointer b) {
        return strcmp((*(ImageLine *const *) a)->tag, (*(ImageLine *const *) b)->tag);
}

static bool sort_lines(GPtrArray *lines, const char *key, GError **error) {
        static const struct {
                const char *key;
                GCompareFunc compare;
        } orders[] = {
                { "created", by_created },       { "size", by_size }, { "id", by_id },
                { "repository", by_repository }, { "tag", by_tag },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(orders); i++)
                if (g_str_equal(orders[i].key, key ? key : "created")) {
                        g_ptr_array_sort(lines, orders[i].compare);
                        return true;
                }
        return error_set_invalid(error, "invalid option for --sort: \"%s\"", key);
}

static char *shown_id(const ImagesOptions *options, const char *id) {
        return options->no_trunc ? g_strconcat("sha256:", id, NULL) : g_strndup(id, ID_SHORT);
}

static char *created_ago(const ImageFacts *facts) {
        return text_format_ago(
                        facts->created_nsec / G_GINT64_CONSTANT(1000000000),
                        g_get_real_time() / G_USEC_PER_SEC);
}

static void print_table(GPtrArray *lines, const ImagesOptions *options) {
        g_autoptr(GPtrArray) headings = g_ptr_array_new();
        bool read_only = false;
        for (guint i = 0; i < lines->len; i++)
                read_only |= ((ImageLine *) lines->pdata[i])->facts->image->read_only;
        g_ptr_array_add(headings, (char *) "REPOSITORY");
        g_ptr_array_add(headings, (char *) "TAG");
        if (options->digests)
                g_ptr_array_add(headings, (char *) "DIGEST");
        g_ptr_array_add(headings, (char *) "IMAGE ID");
        g_ptr_array_add(headings, (char *) "CREATED");
        g_ptr_array_add(headings, (char *) "SIZE");
        if (read_only)
                g_ptr_array_add(headings, (char *) "R/O");
        if (options->history)
                g_ptr_array_add(headings, (char *) "HISTORY");
        g_ptr_array_add(headings, NULL);
        g_autoptr(Table) table = table_new((const char *const *) headings->pdata);
        for (guint i = 0; i < lines->len; i++) {
                const ImageLine *line = lines->pdata[i];
                const ImageFacts *facts = line->facts;
                g_autoptr(GPtrArray) cells = g_ptr_array_new();
                g_ptr_array_add(cells, g_strdup(line->repository));
                g_ptr_array_add(cells, g_strdup(line->tag));
                if (options->digests)
                        g_ptr_array_add(cells, g_strdup(facts->image->digest ? facts->image->digest
                                                                             : "<none>"));
                g_ptr_array_add(cells, shown_id(options, facts->image->id));
                g_ptr_array_add(cells, created_ago(facts));
                g_ptr_array_add(cells, text_format_size(facts->size));
                if (read_only)
                        g_ptr_array_add(cells,
                                        g_strdup(facts->image->read_only ? "true" : "false"));
                if (options->history)
                        g_ptr_array_add(cells, g_strjoinv(", ", facts->image->names_history));
                g_ptr_array_add(cells, NULL);
                table_add(table, (char **) g_ptr_array_free(g_steal_pointer(&cells), FALSE));
        }
        table_print(table, !options->no_heading);
}

/* The fields of Podman's templates. */
static JsonObject *template_fields(const ImageLine *line, const ImagesOptions *options) {
        const ImageFacts *facts = line->facts;
        JsonObject *fields = json_object_new();
        g_autofree char *id = shown_id(options, facts->image->id);
        g_autofree char *ago = created_ago(facts);
        g_autofree char *at = text_format_time(facts->created_nsec);
        g_autofree char *size = text_format_size(facts->size);
        json_object_set_string_member(fields, "Repository", line->repository);
        json_object_set_string_member(fields, "Tag", line->tag);
        json_object_set_string_member(fields, "ID", id);
        json_object_set_string_member(fields, "Id", id);
        json_object_set_string_member(
                        fields, "Digest", facts->image->digest ? facts->image->digest : "");
        json_object_set_string_member(fields, "Created", ago);
        json_object_set_string_member(fields, "CreatedSince", ago);
        json_object_set_string_member(fields, "CreatedAt", at);
        json_object_set_string_member(fields, "Size", size);
        json_object_set_int_member(fields, "VirtualSize", (gint64) facts->size);
        json_object_set_boolean_member(fields, "ReadOnly", facts->image->read_only);
        json_object_set_boolean_member(fields, "Dangling", !facts->image->names[0]);
        json_object_set_int_member(fields, "Containers", facts->n_containers);
        json_object_set_int_member(
                        fields, "Layers", (gint64) g_strv_length(facts->config->diff_ids));
        json_set_strings(fields, "Names", (const char *const *) facts->image->names);
        json_set_string_map(fields, "Labels", facts->config->labels);
        return fields;
}

static JsonObject *json_fields(const ImageFacts *facts) {
        const StoreImage *image = facts->image;
        JsonObject *o = json_object_new();
        g_autoptr(GDateTime) created =
                        g_date_time_new_from_unix_utc(facts->created_nsec / 1000000000);
        g_autofree char *created_at = g_date_time_format(created, "%Y-%m-%dT%H:%M:%SZ");
        json_object_set_string_member(o, "Id", image->id);
        json_object_set_string_member(o, "ParentId", "");
        json_object_set_null_member(o, "RepoTags");
        g_autoptr(GPtrArray) digests = image_repo_digests(image);
        json_set_strings(o, "RepoDigests", (const char *const *) digests->pdata);
        json_object_set_int_member(o, "Size", (gint64) facts->size);
        json_object_set_int_member(o, "SharedSize", 0);
        json_object_set_int_member(o, "VirtualSize", (gint64) facts->size);
        json_set_string_map(o, "Labels", facts->config->labels);
        json_object_set_int_member(o, "Containers", facts->n_containers);
        if (image->read_only)
                json_object_set_boolean_member(o, "ReadOnly", TRUE);
        if (!image->names[0])
                json_object_set_boolean_member(o, "Dangling", TRUE);
        json_set_strings(o, "Names", (const char *const *) image->names);
        json_object_set_string_member(o, "Digest", image->digest ? image->digest : "");
        json_set_strings(o, "History", (const char *const *) image->names_history);
        json_object_set_int_member(o, "Created", facts->created_nsec / 1000000000);
        json_object_set_string_member(o, "CreatedAt", created_at);
        return o;
}

static void print_json(GPtrArray *lines) {
        g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
        g_autoptr(JsonNode) root = json_node_new(JSON_NODE_ARRAY);
        json_node_take_array(root, json_array_new());
        for (guint i = 0; i < lines->len; i++) {
                const ImageLine *line = lines->pdata[i];
                if (g_hash_table_add(seen, (gpointer) line->facts))
                        json_array_add_object_element(
                                        json_node_get_array(root), json_fields(line->facts));
        }
        g_autofree char *text = json_format(root, true);
        printf("%s\n", text);
}

static void print_ids(GPtrArray *lines, const ImagesOptions *options) {
        g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
        for (guint i = 0; i < lines->len; i++) {
                const ImageLine *line = lines->pdata[i];
                if (!g_hash_table_add(seen, (gpointer) line->facts))
                        continue;
                g_autofree char *id = shown_id(options, line->facts->image->id);
                printf("%s\n", id);
        }
}

static bool print_templates(GPtrArray *lines, const ImagesOptions *options, GError **error) {
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        for (guint i = 0; i < lines->len; i++)
                g_ptr_array_add(objects, template_fields(lines->pdata[i], options));
        return template_print(options->format, objects, !options->no_heading, error);
}

static bool run(const ImagesOptions *options, char **operands, GError **error) {
        g_autoptr(Store) store = cli_store_open(error);
        if (!store)
                return false;
        g_autofree char **filters = option_list_strv(options->filters);
        g_autoptr(GPtrArray) facts =
                        image_facts_list(store, (const char *const *) filters, operands[0], error);
        if (!facts)
                return false;
        g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(line_free);
        for (guint i = 0; i < facts->len; i++)
                add_lines(lines, facts->pdata[i]);
        if (!sort_lines(lines, options->sort, error))
                return false;
        if (options->quiet)
                print_ids(lines, options);
        else if (options->format && g_str_equal(options->format, "json"))
                print_json(lines);
        else if (options->format)
                return print_templates(lines, options, error);
        else
                print_table(lines, options);
        return true;
}

int verb_images(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth images [options] [NAME]",
                .description = "List images",
                .rows = rows,
                .operands_max = 1,
        };
        g_auto(ImagesOptions) options = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR || !run(&options, operands, &error))
                return verb_fail(&error);
        return EXIT_STATUS_OK;
}
