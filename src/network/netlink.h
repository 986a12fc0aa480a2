/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "network/address.h"

/* Links, addresses and routes over one rtnetlink socket, rtnetlink(7). A socket belongs to the
 * network namespace it was opened in, wherever its user is later. Errors name the object; their
 * code is the kernel's errno. */

typedef struct Netlink Netlink;

Netlink *netlink_open(GError **error);
void netlink_free(Netlink *netlink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Netlink, netlink_free)

typedef struct LinkInfo {
        int index;
        unsigned int flags; /* IFF_UP, … */
        uint32_t mtu;
        int master;
        char kind[16]; /* "bridge", "veth", … or "" */
} LinkInfo;

/* ENODEV when there is none of that name. */
bool netlink_link_get(Netlink *nl, const char *name, LinkInfo *ret_info, GError **error);

/* A bridge that is down; EEXIST when the name is taken. mtu 0: the kernel's. */
bool netlink_bridge_add(
                Netlink *nl,
                const char *name,
                const MacAddress *mac,
                uint32_t mtu,
                bool vlan_filtering,
                GError **error);

typedef struct VethRequest {
        const char *name; /* our end, up and in master */
        int master;
        const char *peer_name;
        int peer_ns_fd;
        const MacAddress *peer_mac; /* or NULL */
        uint32_t mtu;               /* 0: the kernel's */
} VethRequest;
bool netlink_veth_add(Netlink *nl, const VethRequest *request, GError **error);

typedef struct ChildLinkRequest {
        const char *kind; /* "macvlan", "ipvlan" */
        uint32_t mode;    /* MACVLAN_MODE_*, IPVLAN_MODE_* */
        int64_t bclim;    /* macvlan's broadcast cutoff; INT64_MIN: not given */
        int parent;
        const char *name;
        int ns_fd;
        const MacAddress *mac; /* or NULL */
        uint32_t mtu;
} ChildLinkRequest;
bool netlink_child_link_add(Netlink *nl, const ChildLinkRequest *request, GError **error);

bool netlink_link_up(Netlink *nl, int index, GError **error);
bool netlink_link_delete(Netlink *nl, int index, GError **error);

/* Puts a port of a bridge into a VLAN, untagged. */
bool netlink_port_set_vlan(Netlink *nl, int index, uint16_t vlan, GError **error);

/* Lets a port of a bridge send back where a frame came from: a container that asks for its own
 * published port needs it where br_netfilter does the rewriting. */
bool netlink_port_set_hairpin(Netlink *nl, const char *name, GError **error);

/* An address that is there already is fine. IPv6 ones skip duplicate address detection: who has
 * which is our book-keeping, and a tentative address cannot be used for a second. */
bool netlink_address_add(
                Netlink *nl,
                int index,
                const IpAddress *address,
                unsigned int prefix,
                GError **error);

/* destination NULL: the default route of the gateway's family. A route that is there is fine. */
bool netlink_route_add(
                Netlink *nl,
                int index,
                const IpSubnet *destination,
                const IpAddress *gateway,
                uint32_t metric,
                GError **error);

/* ip-rule(8) "fwmark MARK lookup MARK" and ip-route(8) "local default dev lo table MARK": what has
 * that mark is for a socket here, whatever address it is for. A family that is not there is fine.
 */
bool netlink_deliver_marked(Netlink *nl, int family, uint32_t mark, GError **error);

/* The index of the interface of the default route, 0 when there is none. */
int netlink_default_interface(Netlink *nl);

/* All subnets of routes in the main table. Element type IpSubnet. */
GArray *netlink_route_subnets(Netlink *nl);
