/* SPDX-License-Identifier: Apache-2.0 */
/* berth volume ls, inspect, exists */
#include <stdio.h>

#include "base/error.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "cli/volume-filter.h"

typedef struct LsOptions {
        char *format;
        bool no_heading, quiet, all;
        GPtrArray *filters;
} LsOptions;

static void options_clear(LsOptions *options) {
        g_free(options->format);
        g_clear_pointer(&options->filters, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LsOptions, options_clear)

static const TemplateHeading headings[] = { { "Name", "VOLUME NAME" }, { NULL } };

static GPtrArray *to_json(GPtrArray *volumes) {
        GPtrArray *objects = g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        for (guint i = 0; i < volumes->len; i++)
                g_ptr_array_add(objects, volume_json(volumes->pdata[i]));
        return objects;
}

int verb_volume_ls(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "filter", 'f', OPTION_LIST, offsetof(LsOptions, filters), "FILTER",
                  "name=, label=, dangling=, driver=, opt=, since=, until=" },
                { "format", 0, OPTION_STRING, offsetof(LsOptions, format), "FORMAT",
                  "json, or a template" },
                { "noheading", 'n', OPTION_BOOL, offsetof(LsOptions, no_heading), NULL,
                  "No heading" },
                { "quiet", 'q', OPTION_BOOL, offsetof(LsOptions, quiet), NULL, "Names only" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth volume ls [options]",
                .description = "List volumes",
                .rows = rows,
        };
        g_auto(LsOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        if (!cli_begin(&table, argc, argv, &options, &operands, &runtime, &status))
                return status;
        g_autofree char *path = volumes_path_of(&runtime);
        g_autoptr(GPtrArray) volumes = volume_list(path, &error);
        if (!volumes || !volume_filter(&runtime, volumes, options.filters, &error))
                return verb_fail(&error);
        g_autoptr(GPtrArray) objects = to_json(volumes);
        if (template_is_json(options.format)) {
                template_print_json(objects);
                return EXIT_STATUS_OK;
        }
        if (volumes->len == 0 && !options.format)
                return EXIT_STATUS_OK; /* as Podman: not even a heading */
        const char *format = options.format  ? options.format
                             : options.quiet ? "{{.Name}}"
                                             : "table {{.Driver}}\t{{.Name}}";
        return template_print_named(format, objects, !options.no_heading, headings, &error)
                               ? EXIT_STATUS_OK
                               : verb_fail(&error);
}

int verb_volume_inspect(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "all", 'a', OPTION_BOOL, offsetof(LsOptions, all), NULL, "All volumes" },
                { "format", 'f', OPTION_STRING, offsetof(LsOptions, format), "FORMAT",
                  "json, or a template" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth volume inspect [options] VOLUME...",
                .description = "Show all that is known of volumes",
                .rows = rows,
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
        g_autofree char *path = volumes_path_of(&runtime);
        g_autoptr(GPtrArray) volumes =
                        options.all ? volume_list(path, &error)
                                    : g_ptr_array_new_with_free_func((GDestroyNotify) volume_free);
        for (char **name = names; volumes && *name && !missing; name++) {
                Volume *volume = volume_find(path, *name, &error);
                if (volume)
                        g_ptr_array_add(volumes, volume);
                else if (g_error_matches(error, VOLUME_ERROR, VOLUME_ERROR_NOT_FOUND)) {
                        g_clear_error(&error);
                        error_set(&missing, VOLUME_ERROR, VOLUME_ERROR_NOT_FOUND,
                                  "no such volume %s", *name);
                } else
                        g_clear_pointer(&volumes, g_ptr_array_unref);
        }
        if (!volumes)
                return verb_fail(&error);
        g_autoptr(GPtrArray) objects = to_json(volumes);
        if (!options.format || template_is_json(options.format))
                template_print_json(objects);
        else if (!template_print(options.format, objects, false, &error))
                return verb_fail(&error);
        fflush(stdout);
        return missing ? verb_fail(&missing) : EXIT_STATUS_OK;
}

int verb_volume_exists(int argc, char **argv) {
        static const OptionRow rows[] = { { NULL } };
        static const OptionTable table = {
                .usage = "berth volume exists VOLUME",
                .description = "Check whether a volume exists",
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
        g_autofree char *path = volumes_path_of(&runtime);
        g_autoptr(Volume) volume = volume_find(path, names[0], &error);
        if (volume)
                return EXIT_STATUS_OK;
        return g_error_matches(error, VOLUME_ERROR, VOLUME_ERROR_NOT_FOUND) ? 1 : verb_fail(&error);
}
