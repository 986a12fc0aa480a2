/* SPDX-License-Identifier: Apache-2.0 */
/* hosts(5) for containers: added lines, the base, the host, the container itself. */
#include "network/hosts.h"

#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/user.h"
#include "network/pasta.h"
#include "network/slirp.h"

#define HOSTS_SIZE_MAX (1u << 20)

/* The host as containers see it: by containers.conf, else the gateway of the first network that
 * leads out. */
static char *host_address(const HostsRequest *r) {
        const char *configured = r->conf->host_containers_internal_ip;
        if (strcmp(configured, "none") == 0)
                return NULL;
        if (*configured)
                return g_strdup(configured);
        g_auto(SlirpOptions) slirp = { 0 };
        if (r->request->mode == NETWORK_MODE_SLIRP &&
            slirp_options_parse(r->request->target, &slirp, NULL)) {
                const IpAddress gateway = slirp_gateway(&slirp);
                return slirp.allow_host_loopback ? ip_format(&gateway) : pasta_address();
        }
        if (!user_is_root()) /* the gateway is not the host, but the namespace of the bridges */
                return r->host && *r->host ? g_strdup(r->host) : NULL;
        for (guint i = 0; r->status && i < r->status->interfaces->len; i++) {
                const NetworkInterface *interface = r->status->interfaces->pdata[i];
                for (guint k = 0; k < interface->addresses->len; k++) {
                        const NetworkAddress *a =
                                        &g_array_index(interface->addresses, NetworkAddress, k);
                        if (a->gateway.family)
                                return ip_format(&a->gateway);
                }
        }
        return NULL;
}

static bool
add_given(const HostsRequest *r,
          const char *host,
          GString *text,
          GHashTable *names,
          GError **error) {
        for (guint i = 0; i < r->request->add_hosts->len; i++) {
                g_auto(GStrv) parts = g_strsplit(r->request->add_hosts->pdata[i], ":", 2);
                const char *address = parts[1];
                if (strcmp(address, "host-gateway") == 0) {
                        /* before the networks are there the line waits for the second writing */
                        bool later = !r->status && r->request->mode == NETWORK_MODE_BRIDGE;
                        if (!host && later)
                                continue;
                        if (!host)
                                return error_set_invalid(
                                                error,
                                                "unable to replace \"host-gateway\" of host entry "
                                                "\"%s\": host containers internal IP address is "
                                                "empty",
                                                (char *) r->request->add_hosts->pdata[i]);
                        address = host;
                }
                g_auto(GStrv) given = g_strsplit(parts[0], ";", -1);
                g_autofree char *joined = g_strjoinv(" ", given);
                g_string_append_printf(text, "%s\t%s\n", address, joined);
                for (char **name = given; *name; name++)
                        g_hash_table_add(names, g_strdup(*name));
        }
        return true;
}

/* One line of the base: without its comment and without names that were given another address. */
static void add_base_line(const char *line, GString *text, GHashTable *names, bool *localhost) {
        g_autofree char *plain = g_strndup(line, strcspn(line, "#"));
        g_strdelimit(plain, "\t", ' ');
        g_auto(GStrv) words = g_strsplit(g_strstrip(plain), " ", -1);
        g_autoptr(GString) kept = g_string_new(NULL);
        for (char **word = words; *word; word++) {
                if (word == words || !**word || g_hash_table_contains(names, *word))
                        continue;
                *localhost = *localhost || strcmp(*word, "localhost") == 0;
                g_string_append_printf(kept, "%s%s", kept->len > 0 ? " " : "", *word);
        }
        if (kept->len > 0)
                g_string_append_printf(text, "%s\t%s\n", words[0], kept->str);
}

static char *base_text(const HostsRequest *r) {
        if (r->inherited)
                return g_strdup(r->inherited);
        const char *file =
                        r->request->hosts_file ? r->request->hosts_file : r->conf->base_hosts_file;
        char *text = NULL;
        if (strcmp(file, "none") == 0)
                return g_strdup("");
        if (strcmp(file, "image") == 0)
                return g_strdup(r->image ? r->image : "");
        /* a host without the file is a host without names */
        (void) file_read_text(AT_FDCWD, *file ? file : "/etc/hosts", HOSTS_SIZE_MAX, &text, NULL);
        return text ? text : g_strdup("");
}

static void add_own(const HostsRequest *r, GString *text) {
        if (r->request->mode == NETWORK_MODE_HOST)
                return;
        bool any = false;
        g_auto(SlirpOptions) slirp = { 0 };
        if (r->request->mode == NETWORK_MODE_SLIRP &&
            slirp_options_parse(r->request->target, &slirp, NULL)) {
                const IpAddress own = slirp_address(&slirp);
                g_autofree char *address = ip_format(&own);
                g_string_append_printf(text, "%s\t%s %s\n", address, r->hostname, r->name);
                return;
        }
        if (r->request->mode == NETWORK_MODE_PASTA) { /* the container has the host's address */
                g_autofree char *address = pasta_address();
                g_string_append_printf(
                                text, "%s\t%s %s\n", *address ? address : "127.0.0.1", r->hostname,
                                r->name);
                return;
        }
        for (guint i = 0; r->status && i < r->status->interfaces->len; i++) {
                const NetworkInterface *interface = r->status->interfaces->pdata[i];
                for (guint k = 0; k < interface->addresses->len; k++) {
                        const NetworkAddress *a =
                                        &g_array_index(interface->addresses, NetworkAddress, k);
                        g_autofree char *address = ip_format(&a->address);
                        g_string_append_printf(text, "%s\t%s %s\n", address, r->hostname, r->name);
                        any = true;
                }
        }
        if (!any && r->request->mode != NETWORK_MODE_BRIDGE)
                g_string_append_printf(text, "127.0.0.1\t%s %s\n", r->hostname, r->name);
}

char *hosts_format(const HostsRequest *r, GError **error) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autofree char *host = host_address(r);
        bool localhost = false;
        if (!add_given(r, host, text, names, error))
                return NULL;
        g_autofree char *base = base_text(r);
        g_auto(GStrv) lines = g_strsplit(base, "\n", -1);
        for (char **line = lines; *line; line++)
                add_base_line(*line, text, names, &localhost);
        if (!localhost)
                g_string_append(text, "127.0.0.1\tlocalhost\n::1\tlocalhost\n");
        if (host &&
            (r->request->mode == NETWORK_MODE_BRIDGE || r->request->mode == NETWORK_MODE_SLIRP))
                g_string_append_printf(
                                text, "%s\thost.containers.internal host.docker.internal\n", host);
        add_own(r, text);
        return g_string_free(g_steal_pointer(&text), FALSE);
}

/* What the host's resolv.conf(5) says. */
typedef struct HostResolver {
        GPtrArray *servers, *search, *options;
} HostResolver;

static void host_resolver_clear(HostResolver *h) {
        g_clear_pointer(&h->servers, g_ptr_array_unref);
        g_clear_pointer(&h->search, g_ptr_array_unref);
        g_clear_pointer(&h->options, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HostResolver, host_resolver_clear)

static void parse_resolver(const char *text, bool own_namespace, HostResolver *h) {
        g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
        for (char **line = lines; *line; line++) {
                g_strdelimit(*line, "\t", ' ');
                g_auto(GStrv) words = g_strsplit(g_strstrip(*line), " ", -1);
                const char *keyword = words[0] ? words[0] : "";
                GPtrArray *list = strcmp(keyword, "nameserver") == 0 ? h->servers
                                  : strcmp(keyword, "search") == 0   ? h->search
                                  : strcmp(keyword, "options") == 0  ? h->options
                                                                     : NULL;
                for (char **word = words + 1; list && *word; word++) {
                        /* the host's own loopback is not there in another namespace */
                        bool loopback = list == h->servers && (g_str_has_prefix(*word, "127.") ||
                                                               strcmp(*word, "::1") == 0);
                        if (**word && !(loopback && own_namespace))
                                g_ptr_array_add(list, g_strdup(*word));
                }
        }
}

static void append_line(GString *text, const char *keyword, const GPtrArray *words) {
        if (words->len == 0)
                return;
        g_string_append(text, keyword);
        for (guint i = 0; i < words->len; i++)
                g_string_append_printf(text, " %s", (char *) words->pdata[i]);
        g_string_append_c(text, '\n');
}

static void take(GPtrArray *to, char *const *from) {
        for (; from && *from; from++)
                g_ptr_array_add(to, g_strdup(*from));
}

/* The first of three that has anything: flags, containers.conf, the host. */
static GPtrArray *choose(const GPtrArray *given, char *const *configured, const GPtrArray *host) {
        GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < given->len; i++)
                g_ptr_array_add(list, g_strdup(given->pdata[i]));
        if (list->len == 0)
                take(list, configured);
        bool nothing = list->len == 0;
        for (guint i = 0; nothing && i < host->len; i++)
                g_ptr_array_add(list, g_strdup(host->pdata[i]));
        return list;
}

char *
resolv_format(const NetworkRequest *request,
              const NetworkStatus *status,
              const ContainersConf *conf,
              const char *host_text) {
        g_auto(HostResolver) host = {
                g_ptr_array_new_with_free_func(g_free),
                g_ptr_array_new_with_free_func(g_free),
                g_ptr_array_new_with_free_func(g_free),
        };
        bool none = request->dns->len == 1 && strcmp(request->dns->pdata[0], "none") == 0;
        bool given = request->dns->len > 0 || request->dns_search->len > 0 ||
                     request->dns_options->len > 0;
        if (none || (request->mode == NETWORK_MODE_NONE && !given))
                return NULL;
        if (request->mode != NETWORK_MODE_NONE)
                parse_resolver(host_text, request->mode != NETWORK_MODE_HOST, &host);
        g_autoptr(GPtrArray) named = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; status && i < status->interfaces->len; i++) {
                const NetworkInterface *interface = status->interfaces->pdata[i];
                take(named, interface->name_servers);
        }
        bool over_pasta = request->mode == NETWORK_MODE_PASTA ||
                          (request->mode == NETWORK_MODE_BRIDGE && !user_is_root());
        if (over_pasta)
                g_ptr_array_insert(host.servers, 0, g_strdup(PASTA_DNS_ADDRESS));
        g_auto(SlirpOptions) slirp = { 0 };
        if (request->mode == NETWORK_MODE_SLIRP &&
            slirp_options_parse(request->target, &slirp, NULL)) {
                const IpAddress resolver = slirp_resolver(&slirp);
                g_ptr_array_insert(host.servers, 0, ip_format(&resolver));
        }
        g_autoptr(GPtrArray) servers = choose(request->dns, conf->dns_servers, host.servers);
        g_autoptr(GPtrArray) search = choose(request->dns_search, conf->dns_searches, host.search);
        g_autoptr(GPtrArray) options =
                        choose(request->dns_options, conf->dns_options, host.options);
        bool own_search = request->dns_search->len > 0 ||
                          (conf->dns_searches && conf->dns_searches[0]);
        if (named->len > 0 && !own_search)
                g_ptr_array_insert(search, 0, g_strdup("dns.podman"));
        if (search->len == 1 && strcmp(search->pdata[0], ".") == 0)
                g_ptr_array_set_size(search, 0); /* "." says: none */
        g_autoptr(GString) text = g_string_new(NULL);
        append_line(text, "search", search);
        const GPtrArray *shown = named->len > 0 ? named : servers;
        for (guint i = 0; i < shown->len; i++)
                g_string_append_printf(text, "nameserver %s\n", (char *) shown->pdata[i]);
        append_line(text, "options", options);
        return g_string_free(g_steal_pointer(&text), FALSE);
}
