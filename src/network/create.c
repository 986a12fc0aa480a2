/* SPDX-License-Identifier: Apache-2.0 */
/* Making networks: what was asked for, then what is missing, under the lock of all networks. */
#include "network/create.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "network/create-options.h"
#include "network/namespace.h"
#include "network/netlink.h"

#define INTERFACE_NUMBER_MAX 10000

/* What a new network must not share: other networks' files and what the host has. */
typedef struct Taken {
        GPtrArray *networks; /* of Network */
        GArray *routes;      /* of IpSubnet */
        Netlink *netlink;
} Taken;

static void taken_clear(Taken *taken) {
        g_clear_pointer(&taken->networks, g_ptr_array_unref);
        g_clear_pointer(&taken->routes, g_array_unref);
        g_clear_pointer(&taken->netlink, netlink_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Taken, taken_clear)

static bool taken_load(const Networks *networks, Taken *taken, GError **error) {
        taken->networks = networks_list(networks, error);
        if (!taken->networks)
                return false;
        taken->netlink = netlink_open(error);
        if (!taken->netlink)
                return false;
        taken->routes = netlink_route_subnets(taken->netlink);
        return true;
}

/* Only bridges: a parent's network is meant to be shared. */
static bool is_taken(const Taken *taken, const IpSubnet *subnet) {
        for (guint i = 0; i < taken->networks->len; i++) {
                const Network *other = taken->networks->pdata[i];
                for (guint k = 0; k < other->subnets->len; k++)
                        if (subnet_overlaps(&g_array_index(other->subnets, NetworkSubnet, k).subnet,
                                            subnet))
                                return true;
        }
        for (guint i = 0; i < taken->routes->len; i++)
                if (subnet_overlaps(&g_array_index(taken->routes, IpSubnet, i), subnet))
                        return true;
        return false;
}

static bool
parse_address(const char *text, const char *what, IpAddress *ret_address, GError **error) {
        return ip_parse(text, ret_address) ||
               error_set_invalid(error, "%s \"%s\" is no IP address", what, text);
}

/* "10.8.0.128/25" or "10.8.0.10-10.8.0.20". */
static bool parse_range(const char *text, NetworkSubnet *s, GError **error) {
        IpSubnet range;
        g_auto(GStrv) ends = g_strsplit(text, "-", 2);
        if (ends[0] && ends[1]) {
                if (!parse_address(ends[0], "range start ip", &s->range_start, error) ||
                    !parse_address(ends[1], "range end ip", &s->range_end, error))
                        return false;
        } else {
                if (!subnet_parse(text, &range))
                        return error_set_invalid(error, "invalid CIDR address: %s", text);
                s->range_start = ip_add(range.address, 1);
                s->range_end = subnet_last(&range);
                if (range.address.family == AF_INET)
                        s->range_end = ip_add(s->range_end, 1);
        }
        const IpAddress *both[] = { &s->range_start, &s->range_end };
        for (int i = 0; i < 2; i++) {
                if (subnet_contains(&s->subnet, both[i]))
                        continue;
                g_autofree char *address = ip_format(both[i]);
                g_autofree char *subnet = subnet_format(&s->subnet);
                return error_set_invalid(
                                error, "lease range %s ip %s not in subnet %s",
                                i == 0 ? "start" : "end", address, subnet);
        }
        return ip_compare(&s->range_start, &s->range_end) <= 0 ||
               error_set_invalid(error, "lease range %s ends before it starts", text);
}

static guint length(const GPtrArray *list) {
        return list ? list->len : 0;
}

/* Not where it would lead nowhere and answer nothing. */
static bool wants_gateway(const Network *n) {
        return !n->internal || n->dns;
}

static bool
add_subnet(const NetworkCreateFlags *flags,
           guint i,
           const Taken *taken,
           Network *n,
           GError **error) {
        const char *text = flags->subnets->pdata[i];
        NetworkSubnet s = { 0 };
        bool bridge = strcmp(n->driver, "bridge") == 0;
        if (!subnet_parse(text, &s.subnet))
                return error_set_invalid(error, "invalid CIDR address: %s", text);
        g_autofree char *shown = subnet_format(&s.subnet);
        if (bridge && !network_is_unmanaged(n) && is_taken(taken, &s.subnet))
                return error_set_invalid(
                                error, "subnet %s is already used on the host or by another config",
                                shown);
        if (i < length(flags->ranges) && !parse_range(flags->ranges->pdata[i], &s, error))
                return false;
        if (i < length(flags->gateways)) {
                const char *gateway = flags->gateways->pdata[i];
                if (!parse_address(gateway, "gateway", &s.gateway, error))
                        return false;
                if (!subnet_contains(&s.subnet, &s.gateway))
                        return error_set_invalid(
                                        error, "gateway %s not in subnet %s", gateway, shown);
        } else if (wants_gateway(n)) {
                s.gateway = ip_add(s.subnet.address, 1);
        }
        n->ipv6 = n->ipv6 || s.subnet.address.family == AF_INET6;
        g_array_append_val(n->subnets, s);
        return true;
}

static bool
add_subnets(const NetworkCreateFlags *flags, const Taken *taken, Network *n, GError **error) {
        guint count = length(flags->subnets);
        if (count == 0 && (length(flags->gateways) > 0 || length(flags->ranges) > 0))
                return error_set_invalid(error, "cannot set gateway or range without subnet");
        if (length(flags->gateways) > count)
                return error_set_invalid(error, "cannot set more gateways than subnets");
        if (length(flags->ranges) > count)
                return error_set_invalid(error, "cannot set more ranges than subnets");
        if (count > NETWORK_SUBNETS_MAX)
                return error_set_invalid(error, "more than %d subnets", NETWORK_SUBNETS_MAX);
        for (guint i = 0; i < count; i++)
                if (!add_subnet(flags, i, taken, n, error))
                        return false;
        return true;
}

/* The next block of a pool ("BASE PREFIX") that is free. */
static bool find_in_pool(const char *pool, const Taken *taken, IpSubnet *ret_subnet) {
        g_auto(GStrv) words = g_strsplit(pool, " ", 2);
        IpSubnet base;
        uint64_t prefix;
        if (!words[0] || !words[1] || !subnet_parse(words[0], &base) ||
            base.address.family != AF_INET || !text_parse_uint64(words[1], 30, &prefix) ||
            prefix < base.prefix)
                return false;
        IpSubnet at = { .address = base.address, .prefix = (unsigned int) prefix };
        while (subnet_contains(&base, &at.address)) {
                if (!is_taken(taken, &at)) {
                        *ret_subnet = at;
                        return true;
                }
                IpAddress next = ip_add(at.address, 1 << (32 - prefix));
                if (ip_compare(&next, &at.address) < 0) /* round the end of all addresses */
                        return false;
                at.address = next;
        }
        return false;
}

/* RFC 4193, "Locally Assigned Global IDs": fd, 40 random bits, 16 bits of subnet. */
static IpSubnet random_ula(const Taken *taken) {
        IpSubnet subnet = { .address.family = AF_INET6, .prefix = 64 };
        do {
                g_assert(getrandom(subnet.address.bytes, 8, 0) == 8);
                subnet.address.bytes[0] = 0xfd;
        } while (is_taken(taken, &subnet));
        return subnet;
}

static bool has_family(const Network *n, int family) {
        for (guint i = 0; i < n->subnets->len; i++)
                if (g_array_index(n->subnets, NetworkSubnet, i).subnet.address.family == family)
                        return true;
        return false;
}

static bool append_free(Network *n, const IpSubnet *subnet) {
        NetworkSubnet s = { .subnet = *subnet };
        if (wants_gateway(n))
                s.gateway = ip_add(subnet->address, 1);
        g_array_append_val(n->subnets, s);
        return true;
}

static bool
fill_subnets(const Networks *networks,
             const Taken *taken,
             bool wants_v6,
             Network *n,
             GError **error) {
        IpSubnet subnet;
        bool wants_v4 = n->subnets->len == 0 || wants_v6;
        if (wants_v4 && !has_family(n, AF_INET)) {
                char **pool = networks_conf(networks)->default_subnet_pools;
                while (pool && *pool && !find_in_pool(*pool, taken, &subnet))
                        pool++;
                if (!pool || !*pool)
                        return error_set_invalid(
                                        error, "could not find free subnet from subnet pools");
                append_free(n, &subnet);
        }
        if (wants_v6 && !has_family(n, AF_INET6)) {
                subnet = random_ula(taken);
                append_free(n, &subnet);
        }
        return true;
}

static bool parse_route(const char *text, Network *n, GError **error) {
        g_auto(GStrv) parts = g_strsplit(text, ",", 3);
        NetworkRoute r = { 0 };
        uint64_t metric = 0;
        bool ok = parts[0] && parts[1] && subnet_parse(parts[0], &r.destination) &&
                  ip_parse(parts[1], &r.gateway) &&
                  (!parts[2] || text_parse_uint64(parts[2], UINT32_MAX, &metric)) &&
                  r.gateway.family == r.destination.address.family;
        if (!ok)
                return error_set_invalid(
                                error,
                                "invalid route: %s\nFormat: --route <destination in "
                                "CIDR>,<gateway>,<metric (optional)>",
                                text);
        r.metric = (int64_t) metric;
        g_array_append_val(n->routes, r);
        return true;
}

/* Which driver gives addresses, and whether it can. */
static bool settle_ipam(const NetworkCreateFlags *flags, Network *n, GError **error) {
        static const char *const known[] = { "host-local", "dhcp", "none", NULL };
        bool bridge = strcmp(n->driver, "bridge") == 0;
        bool subnets = length(flags->subnets) > 0;
        const char *ipam = flags->ipam_driver && *flags->ipam_driver ? flags->ipam_driver : NULL;
        if (ipam && !g_strv_contains(known, ipam))
                return error_set_invalid(error, "unsupported ipam driver \"%s\"", ipam);
        if (!ipam)
                ipam = bridge || subnets ? "host-local" : "dhcp";
        if (strcmp(ipam, "dhcp") == 0 && strcmp(n->driver, "ipvlan") == 0)
                return error_set_invalid(error, "ipam driver dhcp is not supported with ipvlan");
        if (strcmp(ipam, "dhcp") == 0 && subnets)
                return error_set_invalid(error, "ipam driver dhcp set but subnets are set");
        if (strcmp(ipam, "none") == 0 && subnets)
                return error_set_invalid(error, "none ipam driver is set but subnets are given");
        if (strcmp(ipam, "host-local") == 0 && !bridge && !subnets)
                return error_set_invalid(
                                error,
                                "%s driver needs at least one subnet specified when the host-local "
                                "ipam driver is set",
                                n->driver);
        n->ipam_driver = g_strdup(ipam);
        return true;
}

static bool name_is_used(const Taken *taken, const char *name) {
        for (guint i = 0; i < taken->networks->len; i++)
                if (strcmp(((const Network *) taken->networks->pdata[i])->name, name) == 0)
                        return true;
        return false;
}

static bool check_name(const Taken *taken, const char *name, GError **error) {
        static const char *const modes[] = {
                "bridge", "none",    "host",        "container", "ns",
                "pasta",  "private", "slirp4netns", "default",   NULL
        };
        if (!network_name_is_valid(name))
                return error_set_invalid(
                                error,
                                "network name %s invalid: names must match "
                                "[a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument",
                                name);
        if (g_strv_contains(modes, name))
                return error_set_invalid(
                                error,
                                "cannot create network with name \"%s\" because it conflicts with "
                                "a valid network mode",
                                name);
        return !name_is_used(taken, name) ||
               error_set(error, NETWORK_ERROR, NETWORK_ERROR_EXISTS,
                         "network name %s already used: network already exists", name);
}

static bool interface_is_used(const Taken *taken, const char *name) {
        LinkInfo link;
        for (guint i = 0; i < taken->networks->len; i++) {
                const Network *other = taken->networks->pdata[i];
                if (strcmp(other->driver, "bridge") == 0 && g_strcmp0(other->interface, name) == 0)
                        return true;
        }
        return netlink_link_get(taken->netlink, name, &link, NULL);
}

static bool settle_interface(const Taken *taken, Network *n, GError **error) {
        bool bridge = strcmp(n->driver, "bridge") == 0;
        LinkInfo link;
        if (!bridge)
                return !n->interface ||
                       netlink_link_get(taken->netlink, n->interface, &link, NULL) ||
                       error_set_invalid(error, "parent interface %s does not exist", n->interface);
        if (n->interface) {
                if (!network_name_is_valid(n->interface) || strlen(n->interface) > 15)
                        return error_set_invalid(
                                        error,
                                        "bridge name %s invalid: names must match "
                                        "[a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument",
                                        n->interface);
                if (!network_is_unmanaged(n) && interface_is_used(taken, n->interface))
                        return error_set_invalid(
                                        error, "bridge name %s already in use", n->interface);
                return true;
        }
        for (int i = 1; i < INTERFACE_NUMBER_MAX; i++) {
                g_autofree char *name = g_strdup_printf("podman%d", i);
                bool named = !n->name && name_is_used(taken, name);
                if (named || interface_is_used(taken, name))
                        continue;
                n->interface = g_steal_pointer(&name);
                return true;
        }
        return error_set_invalid(error, "could not find a free name for the bridge");
}

/* The bridge's own name where that is free. */
static char *free_name(const Taken *taken, const Network *n) {
        if (n->interface && check_name(taken, n->interface, NULL))
                return g_strdup(n->interface);
        for (int i = 1;; i++) {
                g_autofree char *name = g_strdup_printf("podman%d", i);
                if (check_name(taken, name, NULL))
                        return g_steal_pointer(&name);
        }
}

static bool add_name_servers(Network *n, const GPtrArray *add, GError **error) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        for (char **at = n->dns_servers; at && *at; at++)
                g_strv_builder_add(builder, *at);
        for (guint i = 0; add && i < add->len; i++) {
                IpAddress address;
                if (!ip_parse(add->pdata[i], &address))
                        return error_set_invalid(
                                        error,
                                        "unable to parse ip %s specified in NetworkDNSServers: "
                                        "invalid argument",
                                        (char *) add->pdata[i]);
                if (!n->dns_servers ||
                    !g_strv_contains((const char *const *) n->dns_servers, add->pdata[i]))
                        g_strv_builder_add(builder, add->pdata[i]);
        }
        g_strfreev(n->dns_servers);
        n->dns_servers = g_strv_builder_end(builder);
        return true;
}

static bool add_labels(Network *n, const GPtrArray *labels, GError **error) {
        for (guint i = 0; labels && i < labels->len; i++) {
                g_auto(GStrv) pair = g_strsplit(labels->pdata[i], "=", 2);
                if (!pair[0] || !*pair[0])
                        return error_set_invalid(
                                        error, "invalid label \"%s\"", (char *) labels->pdata[i]);
                g_hash_table_insert(n->labels, g_strdup(pair[0]), g_strdup(pair[1] ? pair[1] : ""));
        }
        return true;
}

/* Everything that does not depend on what else there is. */
static Network *from_flags(const NetworkCreateFlags *flags, GError **error) {
        static const char *const drivers[] = { "bridge", "macvlan", "ipvlan", NULL };
        g_autoptr(Network) n = network_new();
        n->driver = g_strdup(flags->driver && *flags->driver ? flags->driver : "bridge");
        if (!g_strv_contains(drivers, n->driver)) {
                error_set_invalid(error, "failed to find driver or plugin \"%s\"", n->driver);
                return NULL;
        }
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        n->id = hex_id_new();
        n->created = text_format_time((int64_t) now.tv_sec * 1000000000 + now.tv_nsec);
        n->interface = flags->interface && *flags->interface ? g_strdup(flags->interface) : NULL;
        n->internal = flags->internal;
        n->ipv6 = flags->ipv6;
        for (guint i = 0; i < length(flags->options); i++)
                if (!network_set_option(n, flags->options->pdata[i], error))
                        return NULL;
        for (guint i = 0; i < length(flags->routes); i++)
                if (!parse_route(flags->routes->pdata[i], n, error))
                        return NULL;
        if (!add_labels(n, flags->labels, error) || !settle_ipam(flags, n, error))
                return NULL;
        bool bridge = strcmp(n->driver, "bridge") == 0;
        n->dns = bridge && !flags->disable_dns && strcmp(n->ipam_driver, "host-local") == 0;
        if (length(flags->dns) > 0 && !n->dns) {
                error_set_invalid(
                                error, "cannot set NetworkDNSServers if DNS is not enabled for "
                                       "the network: invalid argument");
                return NULL;
        }
        return add_name_servers(n, flags->dns, error) ? g_steal_pointer(&n) : NULL;
}

Network *
networks_create(const Networks *networks, const NetworkCreateFlags *flags, GError **error) {
        g_autoptr(Network) n = from_flags(flags, error);
        g_auto(Taken) taken = { 0 };
        if (!n)
                return NULL;
        autofd int lock = networks_lock(networks, error);
        GError *inner = NULL;
        if (lock < 0 || !taken_load(networks, &taken, error))
                return NULL;
        n->name = g_strdup(flags->name);
        if (n->name && !check_name(&taken, n->name, &inner)) {
                if (flags->ignore && g_error_matches(inner, NETWORK_ERROR, NETWORK_ERROR_EXISTS)) {
                        g_error_free(inner);
                        return networks_find(networks, n->name, error);
                }
                g_propagate_error(error, inner);
                return NULL;
        }
        bool addresses = strcmp(n->ipam_driver, "host-local") == 0;
        bool bridge = strcmp(n->driver, "bridge") == 0;
        if (!settle_interface(&taken, n, error))
                return NULL;
        if (!n->name)
                n->name = free_name(&taken, n);
        if (!add_subnets(flags, &taken, n, error) ||
            (bridge && addresses && !fill_subnets(networks, &taken, flags->ipv6, n, error)) ||
            !networks_save(networks, n, error))
                return NULL;
        return g_steal_pointer(&n);
}

bool networks_update_dns(
                const Networks *networks,
                const char *name,
                const GPtrArray *add,
                const GPtrArray *drop,
                GError **error) {
        autofd int lock = networks_lock(networks, error);
        g_autoptr(Network) n = lock < 0 ? NULL : networks_find(networks, name, error);
        if (!n)
                return false;
        g_autoptr(GStrvBuilder) kept = g_strv_builder_new();
        for (char **at = n->dns_servers; at && *at; at++) {
                bool dropped = false;
                for (guint i = 0; drop && i < drop->len; i++)
                        dropped = dropped || strcmp(*at, drop->pdata[i]) == 0;
                if (!dropped)
                        g_strv_builder_add(kept, *at);
        }
        g_strfreev(n->dns_servers);
        n->dns_servers = g_strv_builder_end(kept);
        return add_name_servers(n, add, error) && networks_save(networks, n, error);
}
