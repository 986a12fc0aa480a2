/* SPDX-License-Identifier: Apache-2.0 */
/* The one file that knows libmnl. */
#include "network/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"

#define REQUEST_SIZE 4096
#define RECEIVE_SIZE 32768
#define ROUTE_MAX    100000

#define MACVLAN_BC_CUTOFF 9 /* IFLA_MACVLAN_BC_CUTOFF, in headers since Linux 6.4 */

struct Netlink {
        struct mnl_socket *socket;
        uint32_t sequence;
        char request[REQUEST_SIZE];
        char reply[RECEIVE_SIZE];
};

Netlink *netlink_open(GError **error) {
        g_autoptr(Netlink) nl = g_new0(Netlink, 1);
        nl->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
        if (!nl->socket || mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
                error_set_errno(error, errno, "Cannot open a netlink socket");
                return NULL;
        }
        int on = 1; /* the kernel's own words in errors; older kernels ignore it */
        (void) mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &on, sizeof on);
        return g_steal_pointer(&nl);
}

void netlink_free(Netlink *netlink) {
        if (!netlink)
                return;
        if (netlink->socket)
                (void) mnl_socket_close(netlink->socket); /* nothing is left to do about it */
        g_free(netlink);
}

static struct nlmsghdr *begin(Netlink *nl, uint16_t type, uint16_t flags) {
        struct nlmsghdr *message = mnl_nlmsg_put_header(nl->request);
        message->nlmsg_type = type;
        message->nlmsg_flags = (uint16_t) (NLM_F_REQUEST | NLM_F_ACK | flags);
        message->nlmsg_seq = ++nl->sequence;
        return message;
}

static struct ifinfomsg *begin_link(Netlink *nl, uint16_t type, uint16_t flags) {
        struct nlmsghdr *message = begin(nl, type, flags);
        struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
        info->ifi_family = AF_UNSPEC;
        return info;
}

/* The kernel's words behind an error, netlink extended ACK; "" when there are none. */
static const char *error_words(const struct nlmsghdr *message) {
        const struct nlmsgerr *e = mnl_nlmsg_get_payload(message);
        if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
                return "";
        size_t skip = sizeof *e;
        if (!(message->nlmsg_flags & NLM_F_CAPPED)) /* then our whole request stands before them */
                skip += mnl_nlmsg_get_payload_len(&e->msg);
        const struct nlattr *attribute;
        if (skip >= mnl_nlmsg_get_payload_len(message))
                return "";
        mnl_attr_for_each(attribute, message, skip) {
                if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG &&
                    mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
                        return mnl_attr_get_str(attribute);
        }
        return "";
}

/* Sends the request; hands every message of the answer to each, until the acknowledgement. Returns
 * 0 or -errno; *ret_words are the kernel's, borrowed until the next request. */
static int talk(Netlink *nl,
                void (*each)(const struct nlmsghdr *message, void *data),
                void *data,
                const char **ret_words) {
        struct nlmsghdr *request = (struct nlmsghdr *) (void *) nl->request;
        *ret_words = "";
        if (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0)
                return -errno;
        for (;;) {
                ssize_t n = mnl_socket_recvfrom(nl->socket, nl->reply, sizeof nl->reply);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                int left = (int) n;
                const struct nlmsghdr *message = (const struct nlmsghdr *) (void *) nl->reply;
                for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
                        if (message->nlmsg_seq != nl->sequence)
                                continue;
                        if (message->nlmsg_type == NLMSG_ERROR) {
                                const struct nlmsgerr *e = mnl_nlmsg_get_payload(message);
                                *ret_words = e->error ? error_words(message) : "";
                                return e->error;
                        }
                        if (message->nlmsg_type == NLMSG_DONE)
                                return 0;
                        if (each)
                                each(message, data);
                }
        }
}

static bool act(Netlink *nl, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
static bool act(Netlink *nl, GError **error, const char *format, ...) {
        const char *words;
        int r = talk(nl, NULL, NULL, &words);
        if (r >= 0)
                return true;
        va_list ap;
        va_start(ap, format);
        g_autofree char *what = g_strdup_vprintf(format, ap);
        va_end(ap);
        if (*words)
                return error_set(error, ERROR_ERRNO, -r, "%s: %s: %s", what, g_strerror(-r), words);
        return error_set_errno(error, r, "%s", what);
}

static void take_kind(const struct nlattr *link_info, LinkInfo *info) {
        const struct nlattr *attribute;
        mnl_attr_for_each_nested(attribute, link_info) {
                if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
                        g_strlcpy(info->kind, mnl_attr_get_str(attribute), sizeof info->kind);
        }
}

static void take_link(const struct nlmsghdr *message, void *data) {
        LinkInfo *info = data;
        if (message->nlmsg_type != RTM_NEWLINK)
                return;
        const struct ifinfomsg *head = mnl_nlmsg_get_payload(message);
        const struct nlattr *attribute;
        info->index = head->ifi_index;
        info->flags = head->ifi_flags;
        mnl_attr_for_each(attribute, message, sizeof *head) {
                if (mnl_attr_get_type(attribute) == IFLA_MTU)
                        info->mtu = mnl_attr_get_u32(attribute);
                else if (mnl_attr_get_type(attribute) == IFLA_MASTER)
                        info->master = (int) mnl_attr_get_u32(attribute);
                else if (mnl_attr_get_type(attribute) == IFLA_LINKINFO)
                        take_kind(attribute, info);
        }
}

bool netlink_link_get(Netlink *nl, const char *name, LinkInfo *ret_info, GError **error) {
        LinkInfo info = { 0 };
        const char *words;
        begin_link(nl, RTM_GETLINK, 0);
        struct nlmsghdr *message = (struct nlmsghdr *) (void *) nl->request;
        mnl_attr_put_strz(message, IFLA_IFNAME, name);
        int r = talk(nl, take_link, &info, &words);
        if (r < 0)
                return error_set_errno(error, r, "Cannot find the interface '%s'", name);
        *ret_info = info;
        return true;
}

bool netlink_bridge_add(
                Netlink *nl,
                const char *name,
                const MacAddress *mac,
                uint32_t mtu,
                bool vlan_filtering,
                GError **error) {
        begin_link(nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
        struct nlmsghdr *message = (struct nlmsghdr *) (void *) nl->request;
        mnl_attr_put_strz(message, IFLA_IFNAME, name);
        /* given, so that it does not change when ports come and go */
        mnl_attr_put(message, IFLA_ADDRESS, sizeof mac->bytes, mac->bytes);
        if (mtu)
                mnl_attr_put_u32(message, IFLA_MTU, mtu);
        struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
        mnl_attr_put_strz(message, IFLA_INFO_KIND, "bridge");
        struct nlattr *data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
        if (vlan_filtering)
                mnl_attr_put_u8(message, IFLA_BR_VLAN_FILTERING, 1);
        mnl_attr_nest_end(message, data);
        mnl_attr_nest_end(message, info);
        return act(nl, error, "Cannot create the bridge '%s'", name);
}

bool netlink_veth_add(Netlink *nl, const VethRequest *request, GError **error) {
        struct ifinfomsg *head = begin_link(nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
        struct nlmsghdr *message = (struct nlmsghdr *) (void *) nl->request;
        head->ifi_flags = head->ifi_change = IFF_UP;
        mnl_attr_put_strz(message, IFLA_IFNAME, request->name);
        mnl_attr_put_u32(message, IFLA_MASTER, (uint32_t) request->master);
        if (request->mtu)
                mnl_attr_put_u32(message, IFLA_MTU, request->mtu);
        struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
        mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
        struct nlattr *data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
        struct nlattr *peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
        struct ifinfomsg *peer_head = mnl_nlmsg_put_extra_header(message, sizeof *peer_head);
        peer_head->ifi_family = AF_UNSPEC;
        mnl_attr_put_strz(message, IFLA_IFNAME, request->peer_name);
        mnl_attr_put_u32(message, IFLA_NET_NS_FD, (uint32_t) request->peer_ns_fd);
        if (request->peer_mac)
                mnl_attr_put(message, IFLA_ADDRESS, 6, request->peer_mac->bytes);
        if (request->mtu)
                mnl_attr_put_u32(message, IFLA_MTU, request->mtu);
        mnl_attr_nest_end(message, peer);
        mnl_attr_nest_end(message, data);
        mnl_attr_nest_end(message, info);
        return act(nl, error, "Cannot create the interface pair '%s', '%s'", request->name,
                   request->peer_name);
}

bool netlink_child_link_add(Netlink *nl, const ChildLinkRequest *request, GError **error) {
        bool macvlan = strcmp(request->kind, "macvlan") == 0;
        begin_link(nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
        struct nlmsghdr *message = (struct nlmsghdr *) (void *) nl->request;
        mnl_attr_put_strz(message, IFLA_IFNAME, request->name);
        mnl_attr_put_u32(message, IFLA_LINK, (uint32_t) request->parent);
        mnl_attr_put_u32(message, IFLA_NET_NS_FD, (uint32_t) request->ns_fd);
        if (request->mac && macvlan)
                mnl_attr_put(message, IFLA_ADDRESS, 6, request->mac->bytes);
        if (request->mtu)
                mnl_attr_put_u32(message, IFLA_MTU, request->mtu);
        struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
        mnl_attr_put_strz(message, IFLA_INFO_KIND, request->kind);
        struct nlattr *data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
        if (macvlan) {
                mnl_attr_put_u32(message, IFLA_MACVLAN_MODE, request->mode);
                if (request->bclim != INT64_MIN)
                        mnl_attr_put_u32(
                                        message, MACVLAN_BC_CUTOFF,
                                        (uint32_t) (int32_t) request->bclim);
        } else {
                mnl_attr_put_u16(message, IFLA_IPVLAN_MODE, (uint16_t) request->mode);
        }
        mnl_attr_nest_end(message, data);
        mnl_attr_nest_end(message, info);
        return act(nl, error, "Cannot create the %s interface '%s'", request->kind, request->name);
}

bool netlink_link_up(Netlink *nl, int index, GError **error) {
        struct ifinfomsg *head = begin_link(nl, RTM_NEWLINK, 0);
        head->ifi_index = index;
        head->ifi_flags = head->ifi_change = IFF_UP;
        return act(nl, error, "Cannot bring up the interface %d", index);
}

bool netlink_link_delete(Netlink *nl, int index, GError **error) {
        begin_link(nl, RTM_DELLINK, 0)->ifi_index = index;
        return act(nl, error, "Cannot delete the interface %d", index);
}

bool netlink_port_set_vlan(Netlink *nl, int index, uint16_t vlan, GError **error) {
        const struct bridge_vlan_info row = {
                .flags = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED,
                .vid = vlan,
        };
        struct ifinfomsg *head = begin_link(nl, RTM_SETLINK, 0);
        struct nlmsghdr *message = (struct nlmsghdr *) (void *) nl->request;
        head->ifi_family = AF_BRIDGE;
        head->ifi_index = index;
        struct nlattr *spec = mnl_attr_nest_start(message, IFLA_AF_SPEC);
        mnl_attr_put(message, IFLA_BRIDGE_VLAN_INFO, sizeof row, &row);
        mnl_attr_nest_end(message, spec);
        return act(nl, error, "Cannot put the interface %d into VLAN %u", index, vlan);
}

bool netlink_port_set_hairpin(Netlink *nl, const char *name, GError **error) {
        begin_link(nl, RTM_NEWLINK, 0);
        struct nlmsghdr *message = (struct nlmsghdr *) (void *) nl->request;
        mnl_attr_put_strz(message, IFLA_IFNAME, name);
        struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
        mnl_attr_put_strz(message, IFLA_INFO_SLAVE_KIND, "bridge");
        struct nlattr *data = mnl_attr_nest_start(message, IFLA_INFO_SLAVE_DATA);
        mnl_attr_put_u8(message, IFLA_BRPORT_MODE, 1);
        mnl_attr_nest_end(message, data);
        mnl_attr_nest_end(message, info);
        return act(nl, error, "Cannot set the hairpin mode of '%s'", name);
}

/* In IPv4 the broadcast address of the subnet, as ip(8) and netavark give it. */
static void put_broadcast(struct nlmsghdr *message, const IpAddress *address, unsigned int prefix) {
        if (address->family != AF_INET || prefix >= 31)
                return;
        uint8_t bytes[4];
        memcpy(bytes, address->bytes, sizeof bytes);
        for (unsigned int bit = prefix; bit < 32; bit++)
                bytes[bit / 8] |= (uint8_t) (0x80u >> (bit % 8));
        mnl_attr_put(message, IFA_BROADCAST, sizeof bytes, bytes);
}

bool netlink_address_add(
                Netlink *nl,
                int index,
                const IpAddress *address,
                unsigned int prefix,
                GError **error) {
        struct nlmsghdr *message = begin(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
        struct ifaddrmsg *head = mnl_nlmsg_put_extra_header(message, sizeof *head);
        head->ifa_family = (uint8_t) address->family;
        head->ifa_prefixlen = (uint8_t) prefix;
        head->ifa_index = (uint32_t) index;
        mnl_attr_put(message, IFA_LOCAL, ip_size(address), address->bytes);
        mnl_attr_put(message, IFA_ADDRESS, ip_size(address), address->bytes);
        put_broadcast(message, address, prefix);
        if (address->family == AF_INET6)
                mnl_attr_put_u32(message, IFA_FLAGS, IFA_F_NODAD);
        g_autofree char *text = ip_format(address);
        return act(nl, error, "Cannot add the address %s/%u to interface %d", text, prefix, index);
}

bool netlink_route_add(
                Netlink *nl,
                int index,
                const IpSubnet *destination,
                const IpAddress *gateway,
                uint32_t metric,
                GError **error) {
        struct nlmsghdr *message = begin(nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND);
        struct rtmsg *head = mnl_nlmsg_put_extra_header(message, sizeof *head);
        head->rtm_family = (uint8_t) gateway->family;
        head->rtm_table = RT_TABLE_MAIN;
        head->rtm_protocol = RTPROT_STATIC;
        head->rtm_scope = RT_SCOPE_UNIVERSE;
        head->rtm_type = RTN_UNICAST;
        if (destination) {
                head->rtm_dst_len = (uint8_t) destination->prefix;
                mnl_attr_put(message, RTA_DST, ip_size(&destination->address),
                             destination->address.bytes);
        }
        mnl_attr_put(message, RTA_GATEWAY, ip_size(gateway), gateway->bytes);
        mnl_attr_put_u32(message, RTA_OIF, (uint32_t) index);
        mnl_attr_put_u32(message, RTA_PRIORITY, metric);
        g_autofree char *via = ip_format(gateway);
        g_autofree char *to = destination ? subnet_format(destination) : g_strdup("default");
        GError *inner = NULL;
        if (act(nl, &inner, "Cannot add the route %s via %s", to, via))
                return true;
        if (g_error_matches(inner, ERROR_ERRNO, EEXIST)) {
                g_error_free(inner);
                return true;
        }
        g_propagate_error(error, inner);
        return false;
}

static bool rule_add(Netlink *nl, int family, uint32_t mark, GError **error) {
        struct nlmsghdr *message = begin(nl, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
        struct fib_rule_hdr *head = mnl_nlmsg_put_extra_header(message, sizeof *head);
        head->family = (uint8_t) family;
        head->action = FR_ACT_TO_TBL;
        mnl_attr_put_u32(message, FRA_FWMARK, mark);
        mnl_attr_put_u32(message, FRA_TABLE, mark);
        return act(nl, error, "Cannot add a routing rule");
}

bool netlink_deliver_marked(Netlink *nl, int family, uint32_t mark, GError **error) {
        struct nlmsghdr *message = begin(nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
        struct rtmsg *head = mnl_nlmsg_put_extra_header(message, sizeof *head);
        head->rtm_family = (uint8_t) family;
        head->rtm_protocol = RTPROT_STATIC;
        head->rtm_scope = RT_SCOPE_HOST;
        head->rtm_type = RTN_LOCAL;
        mnl_attr_put_u32(message, RTA_TABLE, mark);
        mnl_attr_put_u32(message, RTA_OIF, 1); /* lo, of every namespace */
        GError *inner = NULL;
        if ((act(nl, &inner, "Cannot add a local route") && rule_add(nl, family, mark, &inner)) ||
            g_error_matches(inner, ERROR_ERRNO, EEXIST) ||
            g_error_matches(inner, ERROR_ERRNO, EAFNOSUPPORT) ||
            g_error_matches(inner, ERROR_ERRNO, EOPNOTSUPP)) {
                g_clear_error(&inner);
                return true;
        }
        g_propagate_error(error, inner);
        return false;
}

static void
dump_routes(Netlink *nl, int family, void (*each)(const struct nlmsghdr *, void *), void *data) {
        const char *words;
        struct nlmsghdr *message = begin(nl, RTM_GETROUTE, NLM_F_DUMP);
        struct rtmsg *head = mnl_nlmsg_put_extra_header(message, sizeof *head);
        head->rtm_family = (uint8_t) family;
        (void) talk(nl, each, data, &words); /* no routes known is no routes */
}

static void take_default(const struct nlmsghdr *message, void *data) {
        int *index = data;
        const struct rtmsg *head = mnl_nlmsg_get_payload(message);
        const struct nlattr *attribute;
        if (message->nlmsg_type != RTM_NEWROUTE || head->rtm_dst_len != 0 ||
            head->rtm_table != RT_TABLE_MAIN || head->rtm_type != RTN_UNICAST || *index != 0)
                return;
        mnl_attr_for_each(attribute, message, sizeof *head) {
                if (mnl_attr_get_type(attribute) == RTA_OIF)
                        *index = (int) mnl_attr_get_u32(attribute);
        }
}

int netlink_default_interface(Netlink *nl) {
        int index = 0;
        dump_routes(nl, AF_INET, take_default, &index);
        if (index == 0)
                dump_routes(nl, AF_INET6, take_default, &index);
        return index;
}

static void take_subnet(const struct nlmsghdr *message, void *data) {
        GArray *subnets = data;
        const struct rtmsg *head = mnl_nlmsg_get_payload(message);
        const struct nlattr *attribute;
        if (message->nlmsg_type != RTM_NEWROUTE || head->rtm_dst_len == 0 ||
            head->rtm_table != RT_TABLE_MAIN || subnets->len >= ROUTE_MAX)
                return;
        IpSubnet subnet = { .address.family = head->rtm_family, .prefix = head->rtm_dst_len };
        mnl_attr_for_each(attribute, message, sizeof *head) {
                if (mnl_attr_get_type(attribute) == RTA_DST &&
                    mnl_attr_get_payload_len(attribute) == ip_size(&subnet.address)) {
                        memcpy(subnet.address.bytes, mnl_attr_get_payload(attribute),
                               ip_size(&subnet.address));
                        g_array_append_val(subnets, subnet);
                }
        }
}

GArray *netlink_route_subnets(Netlink *nl) {
        GArray *subnets = g_array_new(FALSE, TRUE, sizeof(IpSubnet));
        dump_routes(nl, AF_INET, take_subnet, subnets);
        dump_routes(nl, AF_INET6, take_subnet, subnets);
        return subnets;
}
