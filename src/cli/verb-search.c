/* SPDX-License-Identifier: Apache-2.0 */
/* berth search */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/image-verbs.h"
#include "cli/registry-options.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "config/registries-conf.h"
#include "image/search.h"

#define LIMIT_REPOSITORIES 25 /* podman-search(1) */
#define LIMIT_TAGS         10
#define LIMIT_MAX          100000
#define DESCRIPTION_WIDTH  44

typedef struct SearchOptions {
        RegistryFlags registry;
        GPtrArray *filters;
        char *format;
        int64_t limit;
        bool compatible, list_tags, no_trunc;
        /* of the filters; -1: either */
        int64_t stars;
        int is_official, is_automated;
} SearchOptions;

static void options_clear(SearchOptions *options) {
        registry_flags_clear(&options->registry);
        g_clear_pointer(&options->filters, g_ptr_array_unref);
        g_free(options->format);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SearchOptions, options_clear)

static const OptionRow rows[] = {
        { "compatible", 0, OPTION_BOOL, offsetof(SearchOptions, compatible), NULL,
          "Show stars, official and automated too, as Docker does" },
        { "filter", 'f', OPTION_LIST, offsetof(SearchOptions, filters), "FILTER",
          "stars=N, is-official[=BOOL], is-automated[=BOOL]" },
        { "format", 0, OPTION_STRING, offsetof(SearchOptions, format), "FORMAT",
          "json or a template" },
        { "limit", 0, OPTION_INT, offsetof(SearchOptions, limit), "N",
          "At most so many of each registry (default 25; of tags 10)" },
        { "list-tags", 0, OPTION_BOOL, offsetof(SearchOptions, list_tags), NULL,
          "The tags of a repository" },
        { "no-trunc", 0, OPTION_BOOL, offsetof(SearchOptions, no_trunc), NULL,
          "Whole descriptions" },
        REGISTRY_OPTION_ROWS(SearchOptions, registry),
        { NULL },
};

static bool parse_flag(const char *value, int *ret_flag, GError **error) {
        bool flag = true;
        if (value && !text_parse_bool(value, &flag))
                return error_set_invalid(error, "invalid value \"%s\"", value);
        *ret_flag = flag;
        return true;
}

static bool parse_filters(SearchOptions *options, GError **error) {
        options->is_official = options->is_automated = -1;
        if (options->list_tags && options->filters)
                return error_set_invalid(error, "filters are not applicable to list tags result");
        for (guint i = 0; options->filters && i < options->filters->len; i++) {
                const char *filter = options->filters->pdata[i];
                const char *equal = strchr(filter, '=');
                g_autofree char *key = equal ? g_strndup(filter, (size_t) (equal - filter))
                                             : g_strdup(filter);
                const char *value = equal ? equal + 1 : NULL;
                uint64_t stars;
                if (strcmp(key, "stars") == 0) {
                        if (!value || !text_parse_uint64(value, INT64_MAX, &stars))
                                return error_set_invalid(
                                                error, "incorrect value type for stars filter");
                        options->stars = (int64_t) stars;
                } else if (strcmp(key, "is-official") == 0) {
                        if (!parse_flag(value, &options->is_official, error))
                                return false;
                } else if (strcmp(key, "is-automated") == 0) {
                        if (!parse_flag(value, &options->is_automated, error))
                                return false;
                } else {
                        return error_set_invalid(error, "invalid filter type \"%s\"", filter);
                }
        }
        return true;
}

static bool is_wanted(const SearchResult *result, void *data) {
        const SearchOptions *options = data;
        return result->stars >= options->stars &&
               (options->is_official < 0 || result->is_official == options->is_official) &&
               (options->is_automated < 0 || result->is_automated == options->is_automated);
}

/* path: a repository, or anything valid when only the registry counts. */
static Registry *
open_registry(const SearchOptions *options,
              const RegistriesConf *conf,
              const char *domain,
              const char *path,
              GError **error) {
        g_autofree char *text = g_strconcat(domain, "/", path, NULL);
        g_autoptr(OciReference) name = oci_reference_parse(text, error);
        if (!name)
                return NULL;
        const RegistryRule *rule = registries_conf_rule(conf, domain);
        if (rule && rule->blocked) {
                error_set_invalid(error, "registry '%s' is blocked in registries.conf", domain);
                return NULL;
        }
        const PullSettings settings = registry_flags_settings(&options->registry);
        return registry_new(name, rule && rule->insecure, &settings.registry, error);
}

static JsonObject *
result_fields(const SearchOptions *options, const char *domain, const SearchResult *result) {
        JsonObject *fields = json_object_new();
        bool is_library = strcmp(domain, "docker.io") == 0 && !strchr(result->name, '/');
        g_autofree char *joined =
                        g_strconcat(domain, "/", is_library ? "library/" : "", result->name, NULL);
        g_autofree char *name = text_sanitize(joined);
        g_autofree char *line = g_strdelimit(g_strdup(result->description), "\r\n\t", ' ');
        g_autofree char *description = text_sanitize(line);
        if (!options->no_trunc && g_utf8_strlen(description, -1) > DESCRIPTION_WIDTH)
                strcpy(g_utf8_offset_to_pointer(description, DESCRIPTION_WIDTH - 3), "...");
        json_object_set_string_member(fields, "Index", domain);
        json_object_set_string_member(fields, "Name", name);
        json_object_set_string_member(fields, "Description", description);
        json_object_set_int_member(fields, "Stars", result->stars);
        json_object_set_string_member(fields, "Official", result->is_official ? "[OK]" : "");
        json_object_set_string_member(fields, "Automated", result->is_automated ? "[OK]" : "");
        json_object_set_string_member(fields, "Tag", "");
        return fields;
}

static bool add_repositories(
                const SearchOptions *options,
                const RegistriesConf *conf,
                const char *domain,
                const char *term,
                GPtrArray *objects,
                GError **error) {
        g_autoptr(Registry) registry = open_registry(options, conf, domain, "search", error);
        guint limit = options->limit > 0 ? (guint) MIN(options->limit, LIMIT_MAX)
                                         : LIMIT_REPOSITORIES;
        g_autoptr(GPtrArray) results = registry ? search_repositories(
                                                                  registry, term, limit, is_wanted,
                                                                  (void *) options, error)
                                                : NULL;
        if (!results) {
                g_prefix_error(error, "couldn't search registry \"%s\": ", domain);
                return false;
        }
        for (guint i = 0; i < results->len; i++)
                g_ptr_array_add(objects, result_fields(options, domain, results->pdata[i]));
        return true;
}

/* One object a tag, and as JSON one a repository. */
static bool
add_tags(const SearchOptions *options,
         const RegistriesConf *conf,
         const char *domain,
         const char *term,
         GPtrArray *objects,
         GError **error) {
        g_autoptr(Registry) registry = open_registry(options, conf, domain, term, error);
        guint limit = options->limit > 0 ? (guint) MIN(options->limit, LIMIT_MAX) : LIMIT_TAGS;
        g_autoptr(GPtrArray) tags = registry ? search_tags(registry, limit, error) : NULL;
        if (!tags) {
                g_prefix_error(error, "getting repository tags: ");
                return false;
        }
        g_autofree char *name = oci_reference_format_repository(registry_name(registry));
        JsonArray *all = json_array_new();
        for (guint i = 0; i < tags->len; i++) {
                g_autofree char *tag = text_sanitize(tags->pdata[i]);
                json_array_add_string_element(all, tag);
                if (template_is_json(options->format))
                        continue;
                JsonObject *fields = json_object_new();
                json_object_set_string_member(fields, "Index", domain);
                json_object_set_string_member(fields, "Name", name);
                json_object_set_string_member(fields, "Tag", tag);
                g_ptr_array_add(objects, fields);
        }
        if (!template_is_json(options->format)) {
                json_array_unref(all);
                return true;
        }
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "Name", name);
        json_object_set_array_member(object, "Tags", all);
        g_ptr_array_add(objects, object);
        return true;
}

/* "REGISTRY/TERM"; a term alone is looked for in all registries that short names may mean. */
static bool
find(const SearchOptions *options, const char *text, GPtrArray *objects, GError **error) {
        g_autoptr(RegistriesConf) conf = registries_conf_load(NULL, error);
        if (!conf)
                return false;
        if (g_str_has_prefix(text, "docker://"))
                text += strlen("docker://");
        g_auto(GStrv) domains = NULL;
        const char *slash = strchr(text, '/'), *term = text;
        if (slash && !oci_reference_is_short(text)) {
                g_autofree char *domain = g_strndup(text, (size_t) (slash - text));
                const char *const one[] = { domain, NULL };
                domains = g_strdupv((char **) one);
                term = slash + 1;
        } else {
                domains = g_strdupv(conf->search);
        }
        guint n = domains ? g_strv_length(domains) : 0, failed = 0;
        for (guint i = 0; i < n; i++) {
                g_autoptr(GError) inner = NULL;
                if ((options->list_tags ? add_tags : add_repositories)(
                                    options, conf, domains[i], term, objects, &inner))
                        continue;
                if (++failed == n) {
                        g_propagate_error(error, g_steal_pointer(&inner));
                        return false;
                }
                log_warning("%s, ignoring", inner->message);
        }
        return true;
}

static bool print(const SearchOptions *options, GPtrArray *objects, GError **error) {
        if (template_is_json(options->format)) {
                template_print_json(objects);
                return true;
        }
        const char *format = options->format       ? options->format
                             : options->list_tags  ? "table {{.Name}}\t{{.Tag}}"
                             : options->compatible ? "table {{.Name}}\t{{.Description}}\t{{.Stars}}"
                                                     "\t{{.Official}}\t{{.Automated}}"
                                                   : "table {{.Name}}\t{{.Description}}";
        return objects->len == 0 || template_print(format, objects, true, error);
}

int verb_search(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth search [options] TERM",
                .description = "Look for images in registries",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        g_auto(SearchOptions) options = { .registry = { .tls_verify = -1, .retry = 3 } };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        if (r != OPTION_RESULT_OK || !parse_filters(&options, &error) ||
            !find(&options, operands[0], objects, &error) || !print(&options, objects, &error))
                return verb_fail(&error);
        return EXIT_STATUS_OK;
}
