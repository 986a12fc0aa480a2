/* SPDX-License-Identifier: Apache-2.0 */
/* storage.conf(5), the parts that matter for the overlay driver. */
#include "config/storage-conf.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/user.h"
#include "config/toml.h"

#define BOOTC_STORE "/usr/lib/bootc/storage" /* logically bound images of image-mode systems */

void storage_conf_free(StorageConf *conf) {
        if (!conf)
                return;
        g_free(conf->graph_root);
        g_free(conf->run_root);
        g_free(conf->image_store);
        g_strfreev(conf->additional_image_stores);
        g_free(conf->mount_options);
        g_free(conf);
}

char *config_user_directory(void) {
        const char *base = g_getenv("XDG_CONFIG_HOME");
        if (base && *base)
                return g_build_filename(base, "containers", NULL);
        return g_build_filename(g_get_home_dir(), ".config", "containers", NULL);
}

char *config_user_runtime_directory(void) {
        const char *base = g_getenv("XDG_RUNTIME_DIR");
        if (base && *base)
                return g_build_filename(base, "containers", NULL);
        if (user_is_root())
                return g_strdup("/run/containers/0");
        return g_strdup_printf("/run/user/%u/containers", (unsigned int) user_id());
}

static void set_defaults(StorageConf *conf) {
        conf->rootless = !user_is_root();
        if (!conf->rootless) {
                conf->graph_root = g_strdup("/var/lib/containers/storage");
                conf->run_root = g_strdup("/run/containers/storage");
                return;
        }
        const char *data = g_getenv("XDG_DATA_HOME");
        conf->graph_root = data && *data ? g_build_filename(data, "containers", "storage", NULL)
                                         : g_build_filename(
                                                           g_get_home_dir(), ".local", "share",
                                                           "containers", "storage", NULL);
        conf->run_root = g_getenv("XDG_RUNTIME_DIR")
                                         ? config_user_runtime_directory()
                                         : g_strdup_printf("/tmp/storage-run-%u/containers",
                                                           (unsigned int) user_id());
}

/* $HOME, ${HOME}, $UID and a leading "~/", as containers/storage expands them. */
static char *expand(const char *path) {
        g_autofree char *uid = g_strdup_printf("%u", (unsigned int) user_id());
        g_autoptr(GString) out = g_string_new(path);
        if (g_str_has_prefix(path, "~/")) {
                g_string_erase(out, 0, 1);
                g_string_prepend(out, g_get_home_dir());
        }
        g_string_replace(out, "${HOME}", g_get_home_dir(), 0);
        g_string_replace(out, "$HOME", g_get_home_dir(), 0);
        g_string_replace(out, "$UID", uid, 0);
        return g_string_free(g_steal_pointer(&out), FALSE);
}

static bool take_path(JsonObject *table, const char *name, char **at, GError **error) {
        const char *value;
        if (!json_get_string(table, name, &value, error))
                return false;
        if (!value || !*value)
                return true;
        g_autofree char *path = expand(value);
        if (!g_path_is_absolute(path))
                return error_set_invalid(error, "%s: '%s' is not an absolute path", name, path);
        g_free(*at);
        *at = g_steal_pointer(&path);
        return true;
}

static bool take_stores(JsonObject *options, GPtrArray *stores, GError **error) {
        g_auto(GStrv) values = NULL;
        if (!json_get_strings(options, "additionalimagestores", &values, error))
                return false;
        for (char **at = values; at && *at; at++) {
                if (!**at)
                        continue;
                char *path = expand(*at);
                g_ptr_array_add(stores, path);
                if (!g_path_is_absolute(path))
                        return error_set_invalid(
                                        error,
                                        "additionalimagestores: '%s' is not an absolute path",
                                        path);
        }
        return true;
}

static bool
take_options(JsonObject *storage, StorageConf *conf, GPtrArray *stores, GError **error) {
        JsonObject *options, *overlay = NULL;
        if (!json_get_object(storage, "options", &options, error))
                return false;
        if (!options)
                return true;
        if (!take_stores(options, stores, error) ||
            !json_get_object(options, "overlay", &overlay, error))
                return false;
        const char *mount_options = NULL;
        if (overlay && !json_get_string(overlay, "mountopt", &mount_options, error))
                return false;
        conf->mount_options = g_strdup(mount_options);
        return true;
}

/* `roots` is false when a user reads the system's file: its roots are root's, and only
 * rootless_storage_path and the options speak to users. */
static bool
apply(JsonObject *root, bool roots, StorageConf *conf, GPtrArray *stores, GError **error) {
        JsonObject *storage;
        const char *driver;
        if (!json_get_object(root, "storage", &storage, error))
                return false;
        if (!storage)
                return true;
        if (!json_get_string(storage, "driver", &driver, error))
                return false;
        if (driver && *driver && !g_str_equal(driver, "overlay") &&
            !g_str_equal(driver, "overlay2"))
                return error_set_invalid(
                                error, "storage driver '%s' is not supported, only overlay is",
                                driver);
        if (roots && (!take_path(storage, "graphroot", &conf->graph_root, error) ||
                      !take_path(storage, "runroot", &conf->run_root, error) ||
                      !take_path(storage, "imagestore", &conf->image_store, error)))
                return false;
        if (conf->rootless &&
            !take_path(storage, "rootless_storage_path", &conf->graph_root, error))
                return false;
        return take_options(storage, conf, stores, error);
}

/* In the order of precedence; the first that exists is the only one read. */
static char **candidates(bool rootless) {
        g_autoptr(GPtrArray) paths = g_ptr_array_new();
        const char *wanted = g_getenv("CONTAINERS_STORAGE_CONF");
        if (wanted && *wanted) {
                g_ptr_array_add(paths, g_strdup(wanted));
        } else {
                g_autofree char *user = config_user_directory();
                if (rootless)
                        g_ptr_array_add(paths, g_build_filename(user, "storage.conf", NULL));
                g_ptr_array_add(paths, g_strdup("/etc/containers/storage.conf"));
                g_ptr_array_add(paths, g_strdup("/usr/share/containers/storage.conf"));
        }
        g_ptr_array_add(paths, NULL);
        return (char **) g_ptr_array_free(g_steal_pointer(&paths), FALSE);
}

StorageConf *storage_conf_load(GError **error) {
        g_autoptr(StorageConf) conf = g_new0(StorageConf, 1);
        g_autoptr(GPtrArray) stores = g_ptr_array_new_with_free_func(g_free);
        set_defaults(conf);
        g_auto(GStrv) paths = candidates(conf->rootless);
        bool wanted = g_getenv("CONTAINERS_STORAGE_CONF") && *g_getenv("CONTAINERS_STORAGE_CONF");
        for (char **path = paths; *path; path++) {
                g_autoptr(GError) inner = NULL;
                g_autoptr(JsonNode) root = NULL;
                if (!toml_load(*path, &root, &inner)) {
                        if (!wanted && g_error_matches(inner, ERROR_ERRNO, ENOENT))
                                continue;
                        g_propagate_error(error, g_steal_pointer(&inner));
                        return NULL;
                }
                bool systems = !wanted && (g_str_has_prefix(*path, "/etc/") ||
                                           g_str_has_prefix(*path, "/usr/"));
                bool roots = !(conf->rootless && systems);
                if (!apply(json_node_get_object(root), roots, conf, stores, error)) {
                        g_prefix_error(error, "%s: ", *path);
                        return NULL;
                }
                break;
        }
        if (g_file_test(BOOTC_STORE, G_FILE_TEST_IS_DIR))
                g_ptr_array_add(stores, g_strdup(BOOTC_STORE));
        g_ptr_array_add(stores, NULL);
        conf->additional_image_stores = (char **) g_ptr_array_free(g_steal_pointer(&stores), FALSE);
        return g_steal_pointer(&conf);
}
