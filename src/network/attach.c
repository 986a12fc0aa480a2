/* SPDX-License-Identifier: Apache-2.0 */
/* Bridges with veth pairs, macvlan, ipvlan; then addresses and routes inside. */
#include "network/attach.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "network/namespace.h"

#define ROUTE_METRIC_DEFAULT 100 /* as netavark's */
#define VLAN_MAX             4094
#define MTU_MAX              65535

/* The same at each boot, so that neighbours need not learn. */
static MacAddress bridge_mac(const Network *network) {
        MacAddress mac = { .bytes = { 0x02 } };
        for (int i = 1; i < 6; i++) {
                int high = g_ascii_xdigit_value(network->id[2 * i]);
                int low = g_ascii_xdigit_value(network->id[2 * i + 1]);
                mac.bytes[i] = (uint8_t) (high << 4 | low);
        }
        return mac;
}

static uint32_t mtu_of(const Network *network) {
        return (uint32_t) network_option_number(network, "mtu", MTU_MAX, 0);
}

static bool bridge_sysctls(const Network *network, GError **error) {
        g_autofree char *localnet =
                        g_strdup_printf("ipv4/conf/%s/route_localnet", network->interface);
        g_autofree char *accept_ra = g_strdup_printf("ipv6/conf/%s/accept_ra", network->interface);
        if (!network->internal && !namespace_sysctl("ipv4/ip_forward", "1", error))
                return false;
        /* a port published on 127.0.0.1 leads over the bridge, ip-sysctl.rst */
        if (!namespace_sysctl(localnet, "1", error))
                return false;
        /* a host without IPv6 has no such file: nothing to turn off then */
        (void) namespace_sysctl(accept_ra, "0", NULL);
        return !network->ipv6 || network->internal ||
               namespace_sysctl("ipv6/conf/all/forwarding", "1", error);
}

static bool
fill_bridge(Netlink *host, const Network *network, const LinkInfo *link, GError **error) {
        if (!bridge_sysctls(network, error))
                return false;
        for (guint i = 0; i < network->subnets->len; i++) {
                const NetworkSubnet *s = &g_array_index(network->subnets, NetworkSubnet, i);
                if (s->gateway.family &&
                    !netlink_address_add(host, link->index, &s->gateway, s->subnet.prefix, error))
                        return false;
        }
        return netlink_link_up(host, link->index, error); /* last: up means complete */
}

bool attach_ensure_bridge(Netlink *host, const Network *network, bool *ret_made, GError **error) {
        const char *name = network->interface;
        LinkInfo link;
        GError *inner = NULL;
        *ret_made = false;
        if (netlink_link_get(host, name, &link, &inner)) {
                if (strcmp(link.kind, "bridge") != 0)
                        return error_set_invalid(
                                        error, "interface %s of network %s exists and is no bridge",
                                        name, network->name);
                if ((link.flags & IFF_UP) || network_is_unmanaged(network))
                        return true;
        } else if (!g_error_matches(inner, ERROR_ERRNO, ENODEV) || network_is_unmanaged(network)) {
                g_propagate_error(error, inner);
                return false;
        } else {
                g_clear_error(&inner);
                const MacAddress mac = bridge_mac(network);
                bool vlan = network_option(network, "vlan");
                if (!netlink_bridge_add(host, name, &mac, mtu_of(network), vlan, error) ||
                    !netlink_link_get(host, name, &link, error))
                        return false;
        }
        *ret_made = true;
        return fill_bridge(host, network, &link, error);
}

static bool
attach_veth(Netlink *host, const Network *network, const Lease *lease, int ns_fd, GError **error) {
        LinkInfo bridge;
        uint32_t number;
        if (!netlink_link_get(host, network->interface, &bridge, error))
                return false;
        g_assert(getrandom(&number, sizeof number, 0) == sizeof number);
        /* random, because the one of the last run may still be on its way out */
        g_autofree char *name = g_strdup_printf("veth%08x", number);
        const VethRequest request = {
                .name = name,
                .master = bridge.index,
                .peer_name = lease->interface,
                .peer_ns_fd = ns_fd,
                .peer_mac = &lease->mac,
                .mtu = mtu_of(network),
        };
        if (!netlink_veth_add(host, &request, error))
                return false;
        if (lease->ports->len > 0 && !netlink_port_set_hairpin(host, name, error))
                return false;
        uint64_t vlan = network_option_number(network, "vlan", VLAN_MAX, 0);
        LinkInfo port;
        return vlan == 0 || (netlink_link_get(host, name, &port, error) &&
                             netlink_port_set_vlan(host, port.index, (uint16_t) vlan, error));
}

/* Modes of both drivers by name; the first is what the driver takes when none is given. */
static const struct {
        const char *driver, *name;
        uint32_t mode;
} child_modes[] = {
        { "macvlan", "bridge", MACVLAN_MODE_BRIDGE },
        { "macvlan", "private", MACVLAN_MODE_PRIVATE },
        { "macvlan", "vepa", MACVLAN_MODE_VEPA },
        { "macvlan", "passthru", MACVLAN_MODE_PASSTHRU },
        { "ipvlan", "l2", IPVLAN_MODE_L2 },
        { "ipvlan", "l3", IPVLAN_MODE_L3 },
        { "ipvlan", "l3s", IPVLAN_MODE_L3S },
};

static bool find_child_mode(const Network *network, uint32_t *ret_mode, GError **error) {
        const char *wanted = network_option(network, "mode");
        for (size_t i = 0; i < G_N_ELEMENTS(child_modes); i++)
                if (strcmp(child_modes[i].driver, network->driver) == 0 &&
                    (!wanted || !*wanted || strcmp(child_modes[i].name, wanted) == 0)) {
                        *ret_mode = child_modes[i].mode;
                        return true;
                }
        return error_set_invalid(
                        error, "unknown %s mode \"%s\" of network %s", network->driver, wanted,
                        network->name);
}

static bool attach_child_link(
                Netlink *host,
                const Network *network,
                const Lease *lease,
                int ns_fd,
                GError **error) {
        ChildLinkRequest request = {
                .kind = network->driver,
                .bclim = INT64_MIN,
                .name = lease->interface,
                .ns_fd = ns_fd,
                .mac = &lease->mac,
                .mtu = mtu_of(network),
        };
        LinkInfo parent = { 0 };
        if (!find_child_mode(network, &request.mode, error))
                return false;
        if (network->interface && !netlink_link_get(host, network->interface, &parent, error))
                return false;
        request.parent = network->interface ? parent.index : netlink_default_interface(host);
        if (request.parent == 0)
                return error_set_invalid(
                                error,
                                "network %s has no parent interface and the host no default route",
                                network->name);
        const char *bclim = network_option(network, "bclim");
        if (bclim)
                request.bclim = g_ascii_strtoll(bclim, NULL, 10);
        return netlink_child_link_add(host, &request, error);
}

/* What netavark sets, too: answer where the request came in, tell neighbours of a new address. */
static void inner_sysctls(const char *interface) {
        static const struct {
                const char *family, *name, *value;
        } settings[] = {
                { "ipv4", "arp_notify", "1" },
                { "ipv4", "rp_filter", "2" },
                { "ipv6", "accept_ra", "0" },
                { "ipv6", "autoconf", "0" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
                g_autofree char *path = g_strdup_printf(
                                "%s/conf/%s/%s", settings[i].family, interface, settings[i].name);
                g_autoptr(GError) inner = NULL;
                if (!namespace_sysctl(path, settings[i].value, &inner))
                        log_debug("%s, ignoring", inner->message);
        }
}

static const NetworkSubnet *subnet_of(const Network *network, const IpAddress *address) {
        for (guint i = 0; i < network->subnets->len; i++) {
                const NetworkSubnet *s = &g_array_index(network->subnets, NetworkSubnet, i);
                if (subnet_contains(&s->subnet, address))
                        return s;
        }
        return NULL;
}

static bool
add_routes(Netlink *inside, int index, const Network *network, const Lease *lease, GError **error) {
        uint32_t metric = (uint32_t) network_option_number(
                        network, "metric", UINT32_MAX, ROUTE_METRIC_DEFAULT);
        bool wants_default =
                        !network->internal && !network_option_is_true(network, "no_default_route");
        for (guint i = 0; wants_default && i < lease->addresses->len; i++) {
                const NetworkSubnet *s =
                                subnet_of(network, &g_array_index(lease->addresses, IpAddress, i));
                if (s && s->gateway.family &&
                    !netlink_route_add(inside, index, NULL, &s->gateway, metric, error))
                        return false;
        }
        for (guint i = 0; i < network->routes->len; i++) {
                const NetworkRoute *r = &g_array_index(network->routes, NetworkRoute, i);
                if (!netlink_route_add(
                                    inside, index, &r->destination, &r->gateway,
                                    r->metric ? (uint32_t) r->metric : metric, error))
                        return false;
        }
        return true;
}

static bool configure(const Network *network, const Lease *lease, int ns_fd, GError **error) {
        autonamespace int back = -1;
        LinkInfo link;
        if (!namespace_enter(ns_fd, &back, error))
                return false;
        g_autoptr(Netlink) inside = netlink_open(error);
        if (!inside || !netlink_link_get(inside, lease->interface, &link, error))
                return false;
        inner_sysctls(lease->interface);
        for (guint i = 0; i < lease->addresses->len; i++) {
                const IpAddress *address = &g_array_index(lease->addresses, IpAddress, i);
                const NetworkSubnet *s = subnet_of(network, address);
                if (s && !netlink_address_add(inside, link.index, address, s->subnet.prefix, error))
                        return false;
        }
        return netlink_link_up(inside, link.index, error) &&
               add_routes(inside, link.index, network, lease, error);
}

bool attach_interface(
                Netlink *host,
                const Network *network,
                const Lease *lease,
                int ns_fd,
                GError **error) {
        bool bridge = strcmp(network->driver, "bridge") == 0;
        if (bridge && !attach_veth(host, network, lease, ns_fd, error))
                return false;
        if (!bridge && !attach_child_link(host, network, lease, ns_fd, error))
                return false;
        return configure(network, lease, ns_fd, error);
}

bool attach_remove_interface(const char *name, int ns_fd, GError **error) {
        autonamespace int back = -1;
        LinkInfo link;
        if (!namespace_enter(ns_fd, &back, error))
                return false;
        g_autoptr(Netlink) inside = netlink_open(error);
        return inside && netlink_link_get(inside, name, &link, error) &&
               netlink_link_delete(inside, link.index, error);
}

bool attach_remove_bridge(Netlink *host, const Network *network, GError **error) {
        LinkInfo link;
        if (strcmp(network->driver, "bridge") != 0 || network_is_unmanaged(network) ||
            !netlink_link_get(host, network->interface, &link, NULL) ||
            strcmp(link.kind, "bridge") != 0)
                return true;
        return netlink_link_delete(host, link.index, error);
}
