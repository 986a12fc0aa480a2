/* SPDX-License-Identifier: Apache-2.0 */
/* What registries.conf means for one name: endpoints and short names. */
#include <string.h>

#include "base/error.h"
#include "config/registries-conf.h"

static void endpoint_free(gpointer data) {
        RegistryEndpoint *endpoint = data;
        oci_reference_free(endpoint->reference);
        g_free(endpoint);
}

/* Length of the matched text, 0 for no match. A match ends where a name's part ends. */
static size_t match(const RegistryRule *rule, const char *name) {
        size_t n = strlen(rule->prefix);
        if (g_str_has_prefix(rule->prefix, "*.")) {
                size_t host = strcspn(name, "/:@");
                const char *tail = rule->prefix + 1; /* ".example.com" */
                size_t n_tail = n - 1;
                return host > n_tail && strncmp(name + host - n_tail, tail, n_tail) == 0 ? host : 0;
        }
        if (strncmp(rule->prefix, name, n) != 0)
                return 0;
        return name[n] == '\0' || strchr(":/@", name[n]) ? n : 0;
}

const RegistryRule *registries_conf_rule(const RegistriesConf *conf, const char *name) {
        const RegistryRule *best = NULL;
        for (guint i = 0; i < conf->rules->len; i++) {
                const RegistryRule *rule = conf->rules->pdata[i];
                if (match(rule, name) > 0 && (!best || strlen(rule->prefix) > strlen(best->prefix)))
                        best = rule;
        }
        return best;
}

/* The matched text replaced by location. */
static RegistryEndpoint *
rewrite(const RegistryRule *rule,
        const char *name,
        const char *location,
        bool insecure,
        GError **error) {
        g_autofree char *text = *location ? g_strconcat(location, name + match(rule, name), NULL)
                                          : g_strdup(name);
        OciReference *reference = oci_reference_parse(text, error);
        if (!reference) {
                g_prefix_error(error, "registries.conf rewrites '%s': ", name);
                return NULL;
        }
        RegistryEndpoint *endpoint = g_new0(RegistryEndpoint, 1);
        endpoint->reference = reference;
        endpoint->insecure = insecure;
        return endpoint;
}

GPtrArray *
registries_conf_endpoints(const RegistriesConf *conf, const OciReference *name, GError **error) {
        g_autoptr(GPtrArray) endpoints = g_ptr_array_new_with_free_func(endpoint_free);
        g_autofree char *text = oci_reference_format(name);
        const RegistryRule *rule = registries_conf_rule(conf, text);
        if (!rule) {
                RegistryEndpoint *endpoint = g_new0(RegistryEndpoint, 1);
                endpoint->reference = oci_reference_copy(name);
                g_ptr_array_add(endpoints, endpoint);
                return g_steal_pointer(&endpoints);
        }
        if (rule->blocked) {
                error_set_invalid(
                                error, "registry '%s' is blocked in registries.conf (for '%s')",
                                rule->prefix, text);
                return NULL;
        }
        for (guint i = 0; i < rule->mirrors->len; i++) {
                const RegistryMirror *mirror = rule->mirrors->pdata[i];
                if ((mirror->use == MIRROR_DIGEST_ONLY && !name->digest) ||
                    (mirror->use == MIRROR_TAG_ONLY && name->digest))
                        continue;
                RegistryEndpoint *endpoint =
                                rewrite(rule, text, mirror->location, mirror->insecure, error);
                if (!endpoint)
                        return NULL;
                g_ptr_array_add(endpoints, endpoint);
        }
        RegistryEndpoint *primary = rewrite(rule, text, rule->location, rule->insecure, error);
        if (!primary)
                return NULL;
        g_ptr_array_add(endpoints, primary);
        return g_steal_pointer(&endpoints);
}

static bool add_candidate(GPtrArray *list, const char *registry, const char *name, GError **error) {
        g_autofree char *text = *registry ? g_strconcat(registry, "/", name, NULL) : g_strdup(name);
        OciReference *reference = oci_reference_parse_tagged(text, error);
        if (reference)
                g_ptr_array_add(list, reference);
        return reference;
}

/* "fedora:39" with the alias fedora = "registry.fedoraproject.org/fedora". */
static const char *find_alias(const RegistriesConf *conf, const char *name, size_t *ret_size) {
        const char *slash = strrchr(name, '/');
        const char *last = slash ? slash : name;
        *ret_size = (size_t) (last - name) + strcspn(last, ":@");
        g_autofree char *bare = g_strndup(name, *ret_size);
        return g_hash_table_lookup(conf->aliases, bare);
}

GPtrArray *registries_conf_candidates(
                const RegistriesConf *conf, const char *name, bool has_terminal, GError **error) {
        g_autoptr(GPtrArray) list =
                        g_ptr_array_new_with_free_func((GDestroyNotify) oci_reference_free);
        if (!oci_reference_is_short(name))
                return add_candidate(list, "", name, error) ? g_steal_pointer(&list) : NULL;
        size_t n;
        const char *alias = conf->mode == SHORT_NAME_DISABLED ? NULL : find_alias(conf, name, &n);
        if (alias) {
                g_autofree char *text = g_strconcat(alias, name + n, NULL);
                return add_candidate(list, "", text, error) ? g_steal_pointer(&list) : NULL;
        }
        guint n_search = conf->search ? g_strv_length(conf->search) : 0;
        if (n_search == 0) {
                error_set_invalid(
                                error,
                                "short-name \"%s\" did not resolve to an alias and no "
                                "unqualified-search registries are defined in registries.conf",
                                name);
                return NULL;
        }
        if (n_search > 1 && conf->mode == SHORT_NAME_ENFORCING && !has_terminal) {
                error_set_invalid(
                                error,
                                "short-name \"%s\" fits several registries and short-name-mode is "
                                "enforcing: write the full name",
                                name);
                return NULL;
        }
        for (char **at = conf->search; *at; at++)
                if (!add_candidate(list, *at, name, error))
                        return NULL;
        return g_steal_pointer(&list);
}
