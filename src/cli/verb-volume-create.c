/* SPDX-License-Identifier: Apache-2.0 */
/* berth volume create */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "cli/volume-json.h"
#include "runtime/event.h"
#include "runtime/rootless.h"

typedef struct CreateOptions {
        char *driver;
        bool ignore;
        GPtrArray *labels, *opts;
} CreateOptions;

static const OptionRow rows[] = {
        { "driver", 'd', OPTION_STRING, offsetof(CreateOptions, driver), "DRIVER",
          "local or image" },
        { "ignore", 0, OPTION_BOOL, offsetof(CreateOptions, ignore), NULL,
          "One that exists is no error" },
        { "label", 'l', OPTION_LIST, offsetof(CreateOptions, labels), "KEY=VALUE", "Label" },
        { "opt", 'o', OPTION_LIST, offsetof(CreateOptions, opts), "KEY=VALUE",
          "type=, device=, o=, copy, nocopy" },
        { NULL },
};

static void options_clear(CreateOptions *options) {
        g_free(options->driver);
        g_clear_pointer(&options->labels, g_ptr_array_unref);
        g_clear_pointer(&options->opts, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CreateOptions, options_clear)

static bool check_driver(const char *driver, const char *name, GError **error) {
        if (!driver || !*driver || strcmp(driver, "local") == 0 || strcmp(driver, "image") == 0)
                return true;
        return error_set_invalid(
                        error,
                        "volume %s uses volume plugin %s but it could not be retrieved: no volume "
                        "plugin with name %s available: required plugin missing",
                        name, driver, driver);
}

/* Of a volume that is there already, Snapshot= of its unit file is what can still change. */
static bool keep_snapshots(const char *path, const char *name, GHashTable *opts, GError **error) {
        const char *text = opts ? g_hash_table_lookup(opts, "snapshot") : NULL;
        g_autoptr(Volume) volume = text ? volume_find(path, name, error) : NULL;
        if (!volume)
                return !text;
        if (!volume->options)
                volume->options = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        if (g_strcmp0(g_hash_table_lookup(volume->options, "snapshot"), text) == 0)
                return true;
        g_hash_table_insert(volume->options, g_strdup("snapshot"), g_strdup(text));
        return volume_save(path, volume, error);
}

static bool check_image(Runtime *runtime, const char *driver, GHashTable *opts, GError **error) {
        const char *name = opts ? g_hash_table_lookup(opts, "image") : NULL;
        bool is_image = g_strcmp0(driver, "image") == 0;
        g_autoptr(StoreImage) image = NULL;
        if (is_image && !name)
                return error_set_invalid(
                                error, "must provide an image name when creating a volume with the "
                                       "image driver");
        if (!is_image && name)
                return error_set_invalid(
                                error,
                                "invalid mount option image for driver 'local': invalid argument");
        return !is_image || store_image_find(runtime->store, name, &image, error);
}

static bool
create(Runtime *runtime, const CreateOptions *options, const char *name, GError **error) {
        g_autofree char *path = volumes_path_of(runtime);
        g_autoptr(GHashTable) labels = option_list_map(options->labels);
        g_autoptr(GHashTable) opts = option_list_map(options->opts);
        const VolumeRequest request = {
                .name = name,
                .labels = labels,
                .options = opts,
                .needs_copy_up = true,
        };
        GError *inner = NULL;
        if (!check_driver(options->driver, name, error) ||
            !check_image(runtime, options->driver, opts, error) || !rootless_enter(error))
                return false;
        if (volume_create(path, &request, &inner)) {
                runtime_event(runtime, "volume", "create", NULL, name);
                return true;
        }
        if (options->ignore && g_error_matches(inner, VOLUME_ERROR, VOLUME_ERROR_EXISTS)) {
                g_error_free(inner);
                return keep_snapshots(path, name, opts, error);
        }
        g_propagate_error(error, inner);
        return false;
}

int verb_volume_create(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth volume create [options] [NAME]",
                .description = "Create a volume",
                .rows = rows,
                .operands_max = 1,
        };
        g_auto(CreateOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        if (!cli_begin(&table, argc, argv, &options, &operands, &runtime, &status))
                return status;
        g_autofree char *name = operands[0] ? g_strdup(operands[0]) : hex_id_new();
        if (!create(&runtime, &options, name, &error))
                return verb_fail(&error);
        printf("%s\n", name);
        return EXIT_STATUS_OK;
}
