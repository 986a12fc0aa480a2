/* SPDX-License-Identifier: Apache-2.0 */
/* Loading registries.conf: files, drop-ins, merging. What follows from it is in
 * registries-resolve.c. */
#include "config/registries-conf.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/user.h"
#include "config/storage-conf.h"
#include "config/toml.h"

#define RULES_MAX 10000

static void mirror_free(gpointer data) {
        RegistryMirror *mirror = data;
        g_free(mirror->location);
        g_free(mirror);
}

static void rule_free(gpointer data) {
        RegistryRule *rule = data;
        g_free(rule->prefix);
        g_free(rule->location);
        g_ptr_array_unref(rule->mirrors);
        g_free(rule);
}

void registries_conf_free(RegistriesConf *conf) {
        if (!conf)
                return;
        g_ptr_array_unref(conf->rules);
        g_strfreev(conf->search);
        g_strfreev(conf->helpers);
        g_hash_table_unref(conf->aliases);
        g_free(conf);
}

static bool
take_mirror_use(JsonObject *table,
                const RegistryRule *rule,
                RegistryMirror *mirror,
                GError **error) {
        static const struct {
                const char *text;
                MirrorUse use;
        } uses[] = {
                { "all", MIRROR_ALL },
                { "digest-only", MIRROR_DIGEST_ONLY },
                { "tag-only", MIRROR_TAG_ONLY },
        };
        const char *text;
        if (!json_get_string(table, "pull-from-mirror", &text, error))
                return false;
        mirror->use = rule->mirror_by_digest_only ? MIRROR_DIGEST_ONLY : MIRROR_ALL;
        if (!text || !*text)
                return true;
        if (rule->mirror_by_digest_only)
                return error_set_invalid(
                                error,
                                "pull-from-mirror and mirror-by-digest-only exclude each other");
        for (size_t i = 0; i < G_N_ELEMENTS(uses); i++)
                if (g_str_equal(uses[i].text, text)) {
                        mirror->use = uses[i].use;
                        return true;
                }
        return error_set_invalid(error, "pull-from-mirror: '%s' is not known", text);
}

static bool take_mirrors(JsonObject *table, RegistryRule *rule, GError **error) {
        JsonArray *array;
        if (!json_get_array(table, "mirror", &array, error))
                return false;
        for (guint i = 0; array && i < json_array_get_length(array); i++) {
                JsonObject *inner;
                const char *location;
                RegistryMirror *mirror = g_new0(RegistryMirror, 1);
                g_ptr_array_add(rule->mirrors, mirror);
                if (!json_element_object(array, i, &inner, error) ||
                    !json_need_string(inner, "location", &location, error) ||
                    !json_get_bool(inner, "insecure", &mirror->insecure, error) ||
                    !take_mirror_use(inner, rule, mirror, error)) {
                        g_prefix_error(error, "mirror %u of '%s': ", i + 1, rule->prefix);
                        return false;
                }
                mirror->location = g_strdup(location);
        }
        return true;
}

static bool take_rule(JsonObject *table, RegistriesConf *conf, GError **error) {
        const char *prefix, *location;
        RegistryRule *rule = g_new0(RegistryRule, 1);
        rule->mirrors = g_ptr_array_new_with_free_func(mirror_free);
        g_ptr_array_add(conf->rules, rule);
        if (!json_get_string(table, "prefix", &prefix, error) ||
            !json_get_string(table, "location", &location, error) ||
            !json_get_bool(table, "insecure", &rule->insecure, error) ||
            !json_get_bool(table, "blocked", &rule->blocked, error) ||
            !json_get_bool(table, "mirror-by-digest-only", &rule->mirror_by_digest_only, error))
                return false;
        rule->location = g_strdup(location ? location : "");
        rule->prefix = g_strdup(prefix && *prefix ? prefix : rule->location);
        if (!*rule->prefix)
                return error_set_invalid(error, "a [[registry]] has neither prefix nor location");
        if (!*rule->location && !g_str_has_prefix(rule->prefix, "*."))
                return error_set_invalid(error, "registry '%s' has no location", rule->prefix);
        if (g_str_has_prefix(rule->prefix, "*.") && strpbrk(rule->prefix + 1, "/@:*"))
                return error_set_invalid(
                                error, "prefix '%s': a wildcard is only for hosts", rule->prefix);
        return take_mirrors(table, rule, error);
}

/* A rule of a later file takes the place of an earlier one with the same prefix. */
static void drop_older_twins(RegistriesConf *conf, guint first_new) {
        for (guint n = first_new; n < conf->rules->len; n++) {
                const RegistryRule *fresh = conf->rules->pdata[n];
                for (guint old = first_new; old > 0; old--) {
                        const RegistryRule *rule = conf->rules->pdata[old - 1];
                        if (!g_str_equal(rule->prefix, fresh->prefix))
                                continue;
                        g_ptr_array_remove_index(conf->rules, old - 1);
                        first_new--;
                        n--;
                        break;
                }
        }
}

static bool take_rules(JsonObject *root, RegistriesConf *conf, GError **error) {
        JsonArray *array;
        if (!json_get_array(root, "registry", &array, error))
                return false;
        guint n = array ? json_array_get_length(array) : 0;
        if (n > RULES_MAX)
                return error_set_invalid(error, "more than %d registries", RULES_MAX);
        guint first_new = conf->rules->len;
        for (guint i = 0; i < n; i++) {
                JsonObject *table;
                if (!json_element_object(array, i, &table, error) || !take_rule(table, conf, error))
                        return false;
        }
        drop_older_twins(conf, first_new);
        return true;
}

static bool take_mode(JsonObject *root, RegistriesConf *conf, GError **error) {
        const char *mode;
        if (!json_get_string(root, "short-name-mode", &mode, error))
                return false;
        if (!mode || !*mode)
                return true;
        if (g_str_equal(mode, "enforcing"))
                conf->mode = SHORT_NAME_ENFORCING;
        else if (g_str_equal(mode, "permissive"))
                conf->mode = SHORT_NAME_PERMISSIVE;
        else if (g_str_equal(mode, "disabled"))
                conf->mode = SHORT_NAME_DISABLED;
        else
                return error_set_invalid(error, "short-name-mode: '%s' is not known", mode);
        return true;
}

static bool take_aliases(JsonObject *root, RegistriesConf *conf, GError **error) {
        g_autoptr(GHashTable) aliases = NULL;
        if (!json_get_string_map(root, "aliases", &aliases, error))
                return false;
        if (!aliases)
                return true;
        GHashTableIter iter;
        gpointer name, value;
        g_hash_table_iter_init(&iter, aliases);
        while (g_hash_table_iter_next(&iter, &name, &value)) {
                if (*(const char *) value)
                        g_hash_table_insert(conf->aliases, g_strdup(name), g_strdup(value));
                else
                        g_hash_table_remove(conf->aliases, name); /* "" takes an alias back */
        }
        return true;
}

static bool apply(JsonObject *root, RegistriesConf *conf, GError **error) {
        JsonObject *version1;
        g_auto(GStrv) search = NULL;
        g_auto(GStrv) helpers = NULL;
        if (!json_get_object(root, "registries", &version1, error))
                return false;
        if (version1)
                return error_set_invalid(
                                error, "version 1 of registries.conf ([registries.search] and so "
                                       "on) is not supported; write [[registry]] tables");
        if (!json_get_strings(root, "unqualified-search-registries", &search, error) ||
            !json_get_strings(root, "credential-helpers", &helpers, error))
                return false;
        if (search) {
                g_strfreev(conf->search);
                conf->search = g_steal_pointer(&search);
        }
        if (helpers) {
                g_strfreev(conf->helpers);
                conf->helpers = g_steal_pointer(&helpers);
        }
        return take_rules(root, conf, error) && take_mode(root, conf, error) &&
               take_aliases(root, conf, error);
}

static bool load_file(const char *path, bool needed, RegistriesConf *conf, GError **error) {
        g_autoptr(GError) inner = NULL;
        g_autoptr(JsonNode) root = NULL;
        if (!toml_load(path, &root, &inner)) {
                if (!needed && g_error_matches(inner, ERROR_ERRNO, ENOENT))
                        return true;
                g_propagate_error(error, g_steal_pointer(&inner));
                return false;
        }
        if (apply(json_node_get_object(root), conf, error))
                return true;
        g_prefix_error(error, "'%s': ", path);
        return false;
}

static int compare_text(gconstpointer a, gconstpointer b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static bool load_directory(const char *path, RegistriesConf *conf, GError **error) {
        GDir *dir = g_dir_open(path, 0, NULL);
        if (!dir)
                return true;
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        for (const char *name; (name = g_dir_read_name(dir));)
                if (g_str_has_suffix(name, ".conf"))
                        g_ptr_array_add(names, g_build_filename(path, name, NULL));
        g_dir_close(dir);
        g_ptr_array_sort(names, compare_text);
        for (guint i = 0; i < names->len; i++)
                if (!load_file(names->pdata[i], true, conf, error))
                        return false;
        return true;
}

/* The aliases that answers to prompts recorded; they come last, so they win. */
char *registries_conf_recorded_path(void) {
        if (user_is_root())
                return g_strdup("/var/cache/containers/short-name-aliases.conf");
        return g_build_filename(
                        g_get_user_cache_dir(), "containers", "short-name-aliases.conf", NULL);
}

static bool load_all(const char *path, RegistriesConf *conf, GError **error) {
        if (!path || !*path)
                path = g_getenv("CONTAINERS_REGISTRIES_CONF");
        if (path && *path)
                return load_file(path, true, conf, error);
        g_autofree char *user_directory = config_user_directory();
        g_autofree char *user = g_build_filename(user_directory, "registries.conf", NULL);
        g_autofree char *drop_ins = g_build_filename(user_directory, "registries.conf.d", NULL);
        bool has_user = access(user, F_OK) == 0;
        const char *system = access("/etc/containers/registries.conf", F_OK) == 0
                                             ? "/etc/containers/registries.conf"
                                             : "/usr/share/containers/registries.conf";
        g_autofree char *aliases = registries_conf_recorded_path();
        if (!load_file(has_user ? user : system, false, conf, error))
                return false;
        if (!has_user && !load_directory("/etc/containers/registries.conf.d", conf, error))
                return false;
        return load_directory(drop_ins, conf, error) && load_file(aliases, false, conf, error);
}

RegistriesConf *registries_conf_load(const char *path, GError **error) {
        g_autoptr(RegistriesConf) conf = g_new0(RegistriesConf, 1);
        conf->rules = g_ptr_array_new_with_free_func(rule_free);
        conf->aliases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        conf->mode = SHORT_NAME_PERMISSIVE;
        return load_all(path, conf, error) ? g_steal_pointer(&conf) : NULL;
}
