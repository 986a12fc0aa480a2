/* SPDX-License-Identifier: Apache-2.0 */
/* berth secret ls, inspect, exists */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/secret-open.h"
#include "cli/start.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct LsOptions {
        char *format;
        bool no_heading, quiet, show, pretty;
        GPtrArray *filters;
} LsOptions;

static void options_clear(LsOptions *options) {
        g_free(options->format);
        g_clear_pointer(&options->filters, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LsOptions, options_clear)

static char *ago(const char *moment) {
        int64_t nsec = 0;
        (void) text_parse_time(moment, &nsec); /* else 1970, which says enough */
        return text_format_ago(nsec / 1000000000, (int64_t) time(NULL));
}

static JsonObject *row_json(const Secret *secret) {
        JsonObject *object = json_object_new();
        g_autofree char *created = ago(secret->created);
        g_autofree char *updated = ago(secret->updated);
        json_object_set_string_member(object, "ID", secret->id);
        json_object_set_string_member(object, "Name", secret->name);
        json_object_set_string_member(object, "Driver", secret->driver);
        json_object_set_string_member(object, "CreatedAt", created);
        json_object_set_string_member(object, "UpdatedAt", updated);
        return object;
}

/* Filters of one key are alternatives: name=REGEX, id=PREFIX. */
static bool passes(const Secret *secret, GPtrArray *filters, bool *ret, GError **error) {
        *ret = !filters || filters->len == 0;
        for (guint i = 0; filters && i < filters->len; i++) {
                const char *text = filters->pdata[i];
                if (g_str_has_prefix(text, "name="))
                        *ret = *ret || g_regex_match_simple(text + 5, secret->name, 0, 0);
                else if (g_str_has_prefix(text, "id="))
                        *ret = *ret || g_str_has_prefix(secret->id, text + 3);
                else
                        return error_set_invalid(error, "invalid filter \"%s\"", text);
        }
        return true;
}

int verb_secret_ls(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "filter", 'f', OPTION_LIST, offsetof(LsOptions, filters), "FILTER",
                  "name=, id=" },
                { "format", 0, OPTION_STRING, offsetof(LsOptions, format), "FORMAT",
                  "json, or a template" },
                { "noheading", 'n', OPTION_BOOL, offsetof(LsOptions, no_heading), NULL,
                  "No heading" },
                { "quiet", 'q', OPTION_BOOL, offsetof(LsOptions, quiet), NULL, "Ids only" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth secret ls [options]",
                .description = "List secrets",
                .rows = rows,
        };
        g_auto(LsOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        if (!cli_begin(&table, argc, argv, &options, &operands, &runtime, &status))
                return status;
        g_autoptr(SecretStore) store = cli_secret_store(&runtime);
        g_autoptr(GPtrArray) all = secret_list(store, &error);
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        for (guint i = 0; all && i < all->len; i++) {
                bool keep;
                if (!passes(all->pdata[i], options.filters, &keep, &error))
                        return verb_fail(&error);
                if (keep)
                        g_ptr_array_add(objects, row_json(all->pdata[i]));
        }
        if (!all)
                return verb_fail(&error);
        if (template_is_json(options.format)) {
                template_print_json(objects);
                return EXIT_STATUS_OK;
        }
        const char *format = options.format  ? options.format
                             : options.quiet ? "{{.ID}}"
                                             : "table {{.ID}}\t{{.Name}}\t{{.Driver}}\t"
                                               "{{.CreatedAt}}\t{{.UpdatedAt}}";
        static const TemplateHeading headings[] = { { "CreatedAt", "CREATED" },
                                                    { "UpdatedAt", "UPDATED" },
                                                    { NULL } };
        return template_print_named(format, objects, !options.no_heading, headings, &error)
                               ? EXIT_STATUS_OK
                               : verb_fail(&error);
}

static void set_map(JsonObject *object, const char *name, GHashTable *map) {
        if (map)
                json_set_string_map(object, name, map);
        else
                json_object_set_object_member(object, name, json_object_new());
}

static bool
inspect_json(SecretStore *store,
             const Secret *secret,
             bool show,
             JsonObject **ret,
             GError **error) {
        g_autoptr(JsonObject) object = json_object_new();
        JsonObject *spec = json_object_new(), *driver = json_object_new();
        json_object_set_string_member(object, "ID", secret->id);
        json_object_set_string_member(object, "CreatedAt", secret->created);
        json_object_set_string_member(object, "UpdatedAt", secret->updated);
        json_object_set_object_member(object, "Spec", spec);
        json_object_set_string_member(spec, "Name", secret->name);
        json_object_set_object_member(spec, "Driver", driver);
        json_object_set_string_member(driver, "Name", secret->driver);
        set_map(driver, "Options", secret->driver_options);
        set_map(spec, "Labels", secret->labels);
        if (show) {
                g_autoptr(GBytes) bytes = secret_read(store, secret, error);
                if (!bytes)
                        return false;
                gsize size;
                const char *data = g_bytes_get_data(bytes, &size);
                g_autofree char *text = g_utf8_make_valid(data, (gssize) size);
                json_object_set_string_member(object, "SecretData", text);
        }
        *ret = g_steal_pointer(&object);
        return true;
}

static void print_pretty(const Secret *secret) {
        printf("ID:              %s\nName:              %s\nLabels:\n", secret->id, secret->name);
        GHashTableIter iter;
        gpointer name, value;
        if (secret->labels) {
                g_hash_table_iter_init(&iter, secret->labels);
                while (g_hash_table_iter_next(&iter, &name, &value))
                        printf(" - %s=%s\n", (char *) name, (char *) value);
        }
        printf("Driver:            %s\nCreated at:        %s\nUpdated at:        %s\n",
               secret->driver, secret->created, secret->updated);
}

int verb_secret_inspect(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "format", 'f', OPTION_STRING, offsetof(LsOptions, format), "FORMAT",
                  "json, or a template" },
                { "pretty", 0, OPTION_BOOL, offsetof(LsOptions, pretty), NULL, "For people" },
                { "showsecret", 0, OPTION_BOOL, offsetof(LsOptions, show), NULL,
                  "Print the secret itself" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth secret inspect [options] SECRET...",
                .description = "Show all that is known of secrets, but for what they say",
                .rows = rows,
                .operands_min = 1,
                .operands_max = -1,
        };
        g_auto(LsOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autoptr(GError) missing = NULL;
        g_autofree char **names = NULL;
        int status;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &status))
                return status;
        g_autoptr(SecretStore) store = cli_secret_store(&runtime);
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        for (char **name = names; *name && !missing; name++) {
                g_autoptr(Secret) secret = secret_find(store, *name, &missing);
                JsonObject *object;
                if (!secret)
                        break;
                if (options.pretty)
                        print_pretty(secret);
                else if (inspect_json(store, secret, options.show, &object, &error))
                        g_ptr_array_add(objects, object);
                else
                        return verb_fail(&error);
        }
        if (options.pretty || (options.format && objects->len == 0))
                ;
        else if (!options.format || template_is_json(options.format))
                template_print_json(objects);
        else if (!template_print(options.format, objects, false, &error))
                return verb_fail(&error);
        fflush(stdout);
        if (!missing)
                return EXIT_STATUS_OK;
        g_prefix_error(&missing, "inspecting secret: ");
        return verb_fail(&missing);
}

int verb_secret_exists(int argc, char **argv) {
        static const OptionRow rows[] = { { NULL } };
        static const OptionTable table = {
                .usage = "berth secret exists SECRET",
                .description = "Check whether a secret exists",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        LsOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &status))
                return status;
        g_autoptr(SecretStore) store = cli_secret_store(&runtime);
        g_autoptr(Secret) secret = secret_find(store, names[0], &error);
        if (secret)
                return EXIT_STATUS_OK;
        return g_error_matches(error, SECRET_ERROR, SECRET_ERROR_NOT_FOUND) ? 1 : verb_fail(&error);
}
