/* SPDX-License-Identifier: Apache-2.0 */
/* berth quadlet lint: needs no root, no systemd, no store. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "build-config.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "generator/lint.h"

#define LINT_STATUS_USAGE 2

typedef struct LintOptions {
        char *format;
        char *target;
        bool user;
} LintOptions;

static const OptionRow rows[] = {
        { "format", 0, OPTION_STRING, offsetof(LintOptions, format), "FORMAT",
          "text, json or sarif" },
        { "target", 0, OPTION_STRING, offsetof(LintOptions, target), "RELEASE",
          "Who shall read the files: berth, podman-4.9, podman-5.4, ..." },
        { "user", 0, OPTION_BOOL, offsetof(LintOptions, user), NULL,
          "Without a PATH: the files of this user, not of the system" },
        { NULL },
};

static JsonObject *finding_object(const Diagnostic *d) {
        JsonObject *o = json_object_new();
        json_object_set_string_member(o, "path", d->path);
        json_object_set_int_member(o, "line", d->line);
        json_object_set_int_member(o, "column", d->column);
        json_object_set_string_member(o, "severity", diagnostic_severity_to_text(d->severity));
        json_object_set_string_member(o, "code", d->code);
        json_object_set_string_member(o, "message", d->text);
        if (d->suggestion)
                json_object_set_string_member(o, "suggestion", d->suggestion);
        return o;
}

static void print_node(JsonNode *node) {
        g_autofree char *text = json_format(node, true);
        puts(text);
        json_node_unref(node);
}

static void print_json(const Diagnostics *findings) {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < findings->items->len; i++)
                json_array_add_object_element(array, finding_object(findings->items->pdata[i]));
        JsonNode *node = json_node_new(JSON_NODE_ARRAY);
        json_node_take_array(node, array);
        print_node(node);
}

static JsonObject *text_object(const char *text) {
        JsonObject *o = json_object_new();
        json_object_set_string_member(o, "text", text);
        return o;
}

static JsonArray *rule_array(void) {
        JsonArray *rules = json_array_new();
        for (const LintCode *code = lint_codes(); code->code; code++) {
                JsonObject *rule = json_object_new();
                json_object_set_string_member(rule, "id", code->code);
                json_object_set_object_member(rule, "shortDescription", text_object(code->help));
                json_array_add_object_element(rules, rule);
        }
        return rules;
}

static JsonArray *location_array(const Diagnostic *d) {
        JsonObject *artifact = json_object_new();
        g_autofree char *absolute = g_canonicalize_filename(d->path, NULL);
        g_autofree char *uri = g_filename_to_uri(absolute, NULL, NULL);
        json_object_set_string_member(artifact, "uri", uri ? uri : d->path);
        JsonObject *physical = json_object_new();
        json_object_set_object_member(physical, "artifactLocation", artifact);
        if (d->line > 0) {
                JsonObject *region = json_object_new();
                json_object_set_int_member(region, "startLine", d->line);
                if (d->column > 0)
                        json_object_set_int_member(region, "startColumn", d->column);
                json_object_set_object_member(physical, "region", region);
        }
        JsonObject *location = json_object_new();
        json_object_set_object_member(location, "physicalLocation", physical);
        JsonArray *locations = json_array_new();
        json_array_add_object_element(locations, location);
        return locations;
}

static JsonObject *result_object(const Diagnostic *d) {
        JsonObject *o = json_object_new();
        json_object_set_string_member(o, "ruleId", d->code);
        json_object_set_string_member(o, "level", diagnostic_severity_to_text(d->severity));
        g_autofree char *text = d->suggestion ? g_strdup_printf("%s (%s)", d->text, d->suggestion)
                                              : g_strdup(d->text);
        json_object_set_object_member(o, "message", text_object(text));
        json_object_set_array_member(o, "locations", location_array(d));
        return o;
}

/* SARIF 2.1.0, the form that code hosts and editors import. */
static void print_sarif(const Diagnostics *findings) {
        JsonObject *driver = json_object_new();
        json_object_set_string_member(driver, "name", "berth quadlet lint");
        json_object_set_string_member(driver, "version", BERTH_VERSION);
        json_object_set_array_member(driver, "rules", rule_array());
        JsonObject *tool = json_object_new();
        json_object_set_object_member(tool, "driver", driver);
        JsonArray *results = json_array_new();
        for (guint i = 0; i < findings->items->len; i++)
                json_array_add_object_element(results, result_object(findings->items->pdata[i]));
        JsonObject *run = json_object_new();
        json_object_set_object_member(run, "tool", tool);
        json_object_set_array_member(run, "results", results);
        JsonArray *runs = json_array_new();
        json_array_add_object_element(runs, run);
        JsonObject *log = json_object_new();
        json_object_set_string_member(
                        log, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
        json_object_set_string_member(log, "version", "2.1.0");
        json_object_set_array_member(log, "runs", runs);
        JsonNode *node = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(node, log);
        print_node(node);
}

static void print_text(const Diagnostics *findings) {
        for (guint i = 0; i < findings->items->len; i++) {
                g_autofree char *text = diagnostic_format(findings->items->pdata[i]);
                puts(text);
        }
}

static const struct {
        const char *name;
        void (*print)(const Diagnostics *);
} formats[] = {
        { "text", print_text },
        { "json", print_json },
        { "sarif", print_sarif },
};

/* A file is judged together with what lies beside it, but only it is spoken of. */
static bool
add_path(UnitSearch *search,
         GHashTable *paths,
         const char *path,
         Diagnostics *diagnostics,
         GError **error) {
        struct stat st;
        if (stat(path, &st) < 0)
                return error_set_errno(error, errno, "Cannot read '%s'", path);
        if (S_ISDIR(st.st_mode)) {
                guint before = search->files->len;
                unit_search_add_folder(search, path, quadlet_is_file_name, diagnostics);
                for (guint i = before; i < search->files->len; i++)
                        g_hash_table_add(paths, g_strdup(search->files->pdata[i]));
                return true;
        }
        g_autofree char *name = g_path_get_basename(path);
        if (!quadlet_is_file_name(name))
                return error_set_invalid(error, "'%s' is not the name of a unit file", path);
        g_autofree char *absolute = g_canonicalize_filename(path, NULL);
        g_hash_table_add(paths, g_strdup(absolute));
        unit_search_add_file(search, absolute);
        return true;
}

static void add_siblings(UnitSearch *search, char **paths, Diagnostics *diagnostics) {
        for (char **p = paths; *p; p++) {
                if (g_file_test(*p, G_FILE_TEST_IS_DIR))
                        continue;
                g_autofree char *absolute = g_canonicalize_filename(*p, NULL);
                g_autofree char *folder = g_path_get_dirname(absolute);
                unit_search_add_folder(search, folder, quadlet_is_file_name, diagnostics);
        }
}

static Diagnostics *run(char **operands, bool user, LintTarget target, GError **error) {
        g_autoptr(QuadletSet) set = quadlet_set_new(user, NULL);
        if (!operands[0]) {
                UnitSearchOptions where = unit_search_options(user);
                g_autoptr(UnitSearch) search =
                                unit_search(&where, quadlet_is_file_name, set->diagnostics);
                quadlet_set_load(set, search);
                return lint(set, target, NULL);
        }
        g_autoptr(UnitSearch) search = unit_search_new();
        g_autoptr(GHashTable) paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (char **p = operands; *p; p++)
                if (!add_path(search, paths, *p, set->diagnostics, error))
                        return NULL;
        add_siblings(search, operands, set->diagnostics);
        quadlet_set_load(set, search);
        return lint(set, target, paths);
}

static int usage_error(GError **error) {
        (void) verb_fail(error);
        return LINT_STATUS_USAGE;
}

int verb_quadlet_lint(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth quadlet lint [options] [PATH...]",
                .description = "Report everything that is wrong or doubtful in unit files",
                .rows = rows,
                .operands_max = -1,
        };
        LintOptions options = { .user = getuid() != 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        g_autofree char *format = options.format ? options.format : g_strdup("text");
        g_autofree char *target_text = options.target;
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR)
                return usage_error(&error);
        LintTarget target = { 0 };
        if (target_text && !lint_target_parse(target_text, &target)) {
                error_set_invalid(
                                &error, "unknown target '%s': use berth, or podman-4.4 and later",
                                target_text);
                return usage_error(&error);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
                if (strcmp(formats[i].name, format) != 0)
                        continue;
                g_autoptr(Diagnostics) findings = run(operands, options.user, target, &error);
                if (!findings)
                        return usage_error(&error);
                formats[i].print(findings);
                return findings->n_errors + findings->n_warnings > 0 ? EXIT_STATUS_FALSE
                                                                     : EXIT_STATUS_OK;
        }
        error_set_invalid(&error, "unknown format '%s': use text, json or sarif", format);
        return usage_error(&error);
}
