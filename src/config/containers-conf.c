/* SPDX-License-Identifier: Apache-2.0 */
/* containers.conf: one table of keys. */
#include "config/containers-conf.h"

#include <dirent.h>
#include <errno.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/user.h"
#include "config/storage-conf.h"
#include "config/toml.h"

typedef enum KeyKind {
        KEY_TEXT,
        KEY_LIST,
        KEY_BOOL,
        KEY_INT,
        KEY_POOLS, /* [{"base" = …, "size" = …}] */
        KEY_PATHS, /* colon-joined list */
} KeyKind;

#define AT(member) offsetof(ContainersConf, member)

static const struct {
        const char *section;
        const char *name;
        KeyKind kind;
        size_t offset;
} keys[] = {
        { "network", "network_backend", KEY_TEXT, AT(network_backend) },
        { "network", "default_network", KEY_TEXT, AT(default_network) },
        { "network", "default_subnet", KEY_TEXT, AT(default_subnet) },
        { "network", "default_subnet_pools", KEY_POOLS, AT(default_subnet_pools) },
        { "network", "network_config_dir", KEY_TEXT, AT(network_config_dir) },
        { "network", "netavark_plugin_dirs", KEY_PATHS, AT(netavark_plugin_dirs) },
        { "network", "cni_plugin_dirs", KEY_LIST, AT(cni_plugin_dirs) },
        { "network", "pasta_options", KEY_LIST, AT(pasta_options) },
        { "network", "default_rootless_network_cmd", KEY_TEXT, AT(default_rootless_network_cmd) },
        { "network", "firewall_driver", KEY_TEXT, AT(firewall_driver) },
        { "network", "dns_bind_port", KEY_INT, AT(dns_bind_port) },
        { "engine", "helper_binaries_dir", KEY_LIST, AT(helper_binaries_dirs) },
        { "engine", "events_logger", KEY_TEXT, AT(events_logger) },
        { "engine", "events_logfile_path", KEY_TEXT, AT(events_logfile_path) },
        { "containers", "host_containers_internal_ip", KEY_TEXT, AT(host_containers_internal_ip) },
        { "containers", "base_hosts_file", KEY_TEXT, AT(base_hosts_file) },
        { "containers", "no_hosts", KEY_BOOL, AT(no_hosts) },
        { "containers", "dns_servers", KEY_LIST, AT(dns_servers) },
        { "containers", "dns_searches", KEY_LIST, AT(dns_searches) },
        { "containers", "dns_options", KEY_LIST, AT(dns_options) },
};

void containers_conf_free(ContainersConf *conf) {
        if (!conf)
                return;
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                void *at = (char *) conf + keys[i].offset;
                if (keys[i].kind == KEY_TEXT || keys[i].kind == KEY_PATHS)
                        g_free(*(char **) at);
                else if (keys[i].kind == KEY_LIST || keys[i].kind == KEY_POOLS)
                        g_strfreev(*(char ***) at);
        }
        g_free(conf);
}

static char **words(const char *first, ...) G_GNUC_NULL_TERMINATED;
static char **words(const char *first, ...) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        va_list ap;
        va_start(ap, first);
        for (const char *word = first; word; word = va_arg(ap, const char *))
                g_strv_builder_add(builder, word);
        va_end(ap);
        return g_strv_builder_end(builder);
}

static void set_defaults(ContainersConf *conf) {
        conf->network_backend = g_strdup("native");
        conf->default_network = g_strdup("podman");
        conf->default_subnet = g_strdup("10.88.0.0/16");
        conf->default_subnet_pools =
                        words("10.89.0.0/16 24", "10.90.0.0/15 24", "10.92.0.0/14 24",
                              "10.96.0.0/11 24", "10.128.0.0/9 24", NULL);
        conf->cni_plugin_dirs =
                        words("/usr/local/libexec/cni", "/usr/libexec/cni", "/usr/local/lib/cni",
                              "/usr/lib/cni", "/opt/cni/bin", NULL);
        conf->default_rootless_network_cmd = g_strdup("pasta");
        conf->helper_binaries_dirs =
                        words("/usr/local/libexec/podman", "/usr/local/lib/podman",
                              "/usr/libexec/podman", "/usr/lib/podman", NULL);
        conf->host_containers_internal_ip = g_strdup("");
        conf->base_hosts_file = g_strdup("");
        conf->dns_bind_port = 53;
}

static bool take_pools(JsonObject *section, const char *name, char ***at, GError **error) {
        JsonArray *array;
        if (!json_get_array(section, name, &array, error))
                return false;
        if (!array)
                return true;
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        for (guint i = 0; i < json_array_get_length(array); i++) {
                JsonObject *pool;
                const char *base;
                int64_t size;
                if (!json_element_object(array, i, &pool, error) ||
                    !json_need_string(pool, "base", &base, error) ||
                    !json_need_int(pool, "size", &size, error))
                        return false;
                g_autofree char *text = g_strdup_printf("%s %d", base, (int) size);
                g_strv_builder_add(builder, text);
        }
        g_strfreev(*at);
        *at = g_strv_builder_end(builder);
        return true;
}

static bool take_list(JsonObject *section, const char *name, char ***at, GError **error) {
        g_auto(GStrv) list = NULL;
        if (!json_get_strings(section, name, &list, error))
                return false;
        if (list) {
                g_strfreev(*at);
                *at = g_steal_pointer(&list);
        }
        return true;
}

static bool take_text(JsonObject *section, const char *name, char **at, GError **error) {
        const char *text;
        if (!json_get_string(section, name, &text, error))
                return false;
        if (text) {
                g_free(*at);
                *at = g_strdup(text);
        }
        return true;
}

static bool take_key(JsonObject *section, size_t i, ContainersConf *conf, GError **error) {
        void *at = (char *) conf + keys[i].offset;
        const char *name = keys[i].name;
        g_auto(GStrv) list = NULL;
        switch (keys[i].kind) {
        case KEY_TEXT:
                return take_text(section, name, at, error);
        case KEY_LIST:
                return take_list(section, name, at, error);
        case KEY_BOOL:
                return json_get_bool(section, name, at, error);
        case KEY_INT:
                return json_get_int(section, name, at, error);
        case KEY_POOLS:
                return take_pools(section, name, at, error);
        case KEY_PATHS:
                if (!json_get_strings(section, name, &list, error))
                        return false;
                if (list) {
                        g_free(*(char **) at);
                        *(char **) at = g_strjoinv(":", list);
                }
                return true;
        }
        g_assert_not_reached();
}

static bool apply(JsonObject *root, ContainersConf *conf, GError **error) {
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                JsonObject *section;
                if (!json_get_object(root, keys[i].section, &section, error))
                        return false;
                if (section && json_object_has_member(section, keys[i].name) &&
                    !take_key(section, i, conf, error))
                        return false;
        }
        return true;
}

/* A file that is not there is fine, unless it was asked for by name. */
static bool load_file(const char *path, bool must, ContainersConf *conf, GError **error) {
        g_autoptr(JsonNode) root = NULL;
        GError *inner = NULL;
        if (!toml_load(path, &root, &inner)) {
                if (!must && (g_error_matches(inner, ERROR_ERRNO, ENOENT) ||
                              g_error_matches(inner, ERROR_ERRNO, ENOTDIR))) {
                        g_error_free(inner);
                        return true;
                }
                g_propagate_error(error, inner);
                return false;
        }
        if (apply(json_node_get_object(root), conf, error))
                return true;
        g_prefix_error(error, "%s: ", path);
        return false;
}

static int by_name(gconstpointer a, gconstpointer b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* PATH, then PATH.d/NAME.conf in the order of their names. */
static bool load_place(const char *path, ContainersConf *conf, GError **error) {
        if (!load_file(path, false, conf, error))
                return false;
        g_autofree char *directory = g_strconcat(path, ".d", NULL);
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        DIR *dir = opendir(directory);
        if (!dir)
                return true;
        for (struct dirent *e; (e = readdir(dir));)
                if (g_str_has_suffix(e->d_name, ".conf"))
                        g_ptr_array_add(names, g_build_filename(directory, e->d_name, NULL));
        closedir(dir);
        g_ptr_array_sort(names, by_name);
        for (guint i = 0; i < names->len; i++)
                if (!load_file(names->pdata[i], false, conf, error))
                        return false;
        return true;
}

ContainersConf *containers_conf_load(GError **error) {
        g_autoptr(ContainersConf) conf = g_new0(ContainersConf, 1);
        set_defaults(conf);
        const char *only = g_getenv("CONTAINERS_CONF");
        const char *also = g_getenv("CONTAINERS_CONF_OVERRIDE");
        if (only && *only) {
                if (!load_file(only, true, conf, error))
                        return NULL;
        } else {
                if (!load_place("/usr/share/containers/containers.conf", conf, error) ||
                    !load_place("/etc/containers/containers.conf", conf, error))
                        return NULL;
                g_autofree char *directory = config_user_directory();
                g_autofree char *own = g_build_filename(directory, "containers.conf", NULL);
                if (!user_is_root() && !load_place(own, conf, error))
                        return NULL;
        }
        if (also && *also && !load_file(also, true, conf, error))
                return NULL;
        return g_steal_pointer(&conf);
}

char *containers_conf_find_helper(const ContainersConf *conf, const char *name) {
        for (char **directory = conf->helper_binaries_dirs; directory && *directory; directory++) {
                g_autofree char *path = g_build_filename(*directory, name, NULL);
                if (access(path, X_OK) == 0)
                        return g_steal_pointer(&path);
        }
        return g_find_program_in_path(name);
}
