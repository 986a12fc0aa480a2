/* SPDX-License-Identifier: Apache-2.0 */
/* The table, in nft(8)'s words.
 *
 * A packet to a published port: its destination is looked up in the ports maps, first with its
 * address, then without; what is found replaces it (dnat). The source stays as it is, with two
 * exceptions that could never be answered otherwise: from 127.0.0.0/8 (Linux has nothing like it
 * for ::1, which is refused so that clients go on to IPv4), and from a container back
 * into its own bridge (hairpin). Where br_netfilter does the latter, packets have no iifname and
 * find their way back by themselves, only not from a container to itself (self). Connections that
 * containers begin leave masqueraded, except to other bridges of ours, which know the way back.
 * Priorities are numbers: nft 1.0.6 does not take "dstnat" on the output hook. Sets hash interface
 * names: no list of subnets to walk. */
#include "network/firewall.h"

#include <dlfcn.h>
#include <errno.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/log.h"
#include "base/user.h"
#include "network/publish.h"

#define LIBRARY     "libnftables.so.1"
#define TABLE       "inet berth"
#define RETRIES_MAX 50

/* libnftables' functions that we use, found in it by name. */
typedef struct Library {
        struct nft_ctx *(*ctx_new)(uint32_t flags);
        void (*ctx_free)(struct nft_ctx *ctx);
        int (*ctx_buffer_error)(struct nft_ctx *ctx);
        int (*ctx_buffer_output)(struct nft_ctx *ctx);
        const char *(*ctx_get_error_buffer)(struct nft_ctx *ctx);
        int (*run_cmd_from_buffer)(struct nft_ctx *nft, const char *buffer);
} Library;

struct Firewall {
        Library library;
        struct nft_ctx *context;
        GString *commands;
};

static const char base_rules[] =
                "create table " TABLE "\n"
                "add set " TABLE " bridges { type ifname; }\n"
                "add set " TABLE " outgoing { type ifname; }\n"
                "add set " TABLE " answering { type ifname; }\n"
                "add set " TABLE " hairpin { type ifname . ifname; }\n"
                "add set " TABLE " internal { type ifname; }\n"
                "add set " TABLE " isolated { type ifname; }\n"
                "add set " TABLE " strict { type ifname; }\n"
                "add map " TABLE " ports4 { type inet_proto . inet_service : ipv4_addr . "
                "inet_service; }\n"
                "add map " TABLE " ports6 { type inet_proto . inet_service : ipv6_addr . "
                "inet_service; }\n"
                "add map " TABLE " ports4_at { type ipv4_addr . inet_proto . inet_service : "
                "ipv4_addr . inet_service; }\n"
                "add map " TABLE " ports6_at { type ipv6_addr . inet_proto . inet_service : "
                "ipv6_addr . inet_service; }\n"
                "add chain " TABLE " published\n"
                "add rule " TABLE " published dnat ip to ip daddr . meta l4proto . th dport map "
                "@ports4_at\n"
                "add rule " TABLE " published dnat ip to meta l4proto . th dport map @ports4\n"
                "add rule " TABLE " published dnat ip6 to ip6 daddr . meta l4proto . th dport map "
                "@ports6_at\n"
                "add rule " TABLE " published dnat ip6 to meta l4proto . th dport map @ports6\n"
                "add chain " TABLE " prerouting { type nat hook prerouting priority -100; }\n"
                "add rule " TABLE " prerouting meta l4proto { tcp, udp, sctp } fib daddr type "
                "local jump published\n"
                "add chain " TABLE " output { type nat hook output priority -100; }\n"
                "add rule " TABLE " output ip6 daddr ::1 return\n"
                "add rule " TABLE " output meta l4proto { tcp, udp, sctp } fib daddr type local "
                "jump published\n"
                "add chain " TABLE " postrouting { type nat hook postrouting priority 100; }\n"
                "add set " TABLE " self4 { type ipv4_addr . ipv4_addr; }\n"
                "add set " TABLE " self6 { type ipv6_addr . ipv6_addr; }\n"
                "add rule " TABLE " postrouting ct status dnat ip saddr . ip daddr @self4 "
                "masquerade\n"
                "add rule " TABLE " postrouting ct status dnat ip6 saddr . ip6 daddr @self6 "
                "masquerade\n"
                "add rule " TABLE " postrouting ct status dnat iifname . oifname @hairpin "
                "masquerade\n"
                "add rule " TABLE " postrouting oifname @bridges ip saddr 127.0.0.0/8 masquerade\n"
                "add rule " TABLE " postrouting iifname @outgoing oifname != @answering ip "
                "daddr != 224.0.0.0/4 masquerade\n"
                "add rule " TABLE " postrouting iifname @outgoing oifname != @answering ip6 "
                "daddr != ff00::/8 masquerade\n"
                "add chain " TABLE " forward { type filter hook forward priority 0; }\n"
                "add rule " TABLE " forward iifname . oifname @hairpin accept\n"
                "add rule " TABLE " forward iifname @internal drop\n"
                "add rule " TABLE " forward oifname @internal drop\n"
                "add rule " TABLE " forward iifname @isolated oifname @isolated drop\n"
                "add rule " TABLE " forward iifname @strict oifname @bridges drop\n"
                "add rule " TABLE " forward iifname @bridges oifname @strict drop\n";

/* Where the ports are published by a process (publish.h) in whose connections the client is the
 * source, packets to that client that come from a container are for the process. */
#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)
static const char user_rules[] =
                "add chain " TABLE " published_out { type filter hook output priority -150; }\n"
                "add rule " TABLE " published_out meta mark " TEXT(
                                PUBLISH_SOCKET_MARK) " ct mark "
                                                     "set " TEXT(PUBLISH_REPLY_MARK) "\n"
                                                                                     "add "
                                                                                     "chain " TABLE
                                                                                     " published_"
                                                                                     "in { type "
                                                                                     "filter hook "
                                                                                     "prerouting "
                                                                                     "priority "
                                                                                     "-150; }\n"
                                                                                     "add "
                                                                                     "rule " TABLE
                                                                                     " published_"
                                                                                     "in iifname "
                                                                                     "@bridges ct "
                                                                                     "mark " TEXT(PUBLISH_REPLY_MARK) " meta mark set " TEXT(
                                                                                                     PUBLISH_REPLY_MARK) "\n";

static bool load_library(Library *library, GError **error) {
        /* never closed: it registers exit handlers */
        void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
        const struct {
                const char *name;
                void *at;
        } symbols[] = {
                { "nft_ctx_new", &library->ctx_new },
                { "nft_ctx_free", &library->ctx_free },
                { "nft_ctx_buffer_error", &library->ctx_buffer_error },
                { "nft_ctx_buffer_output", &library->ctx_buffer_output },
                { "nft_ctx_get_error_buffer", &library->ctx_get_error_buffer },
                { "nft_run_cmd_from_buffer", &library->run_cmd_from_buffer },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(symbols); i++) {
                void *symbol = handle ? dlsym(handle, symbols[i].name) : NULL;
                if (!symbol)
                        return error_set_invalid(
                                        error,
                                        "Cannot load " LIBRARY ", which bridge networks need: %s",
                                        dlerror());
                memcpy(symbols[i].at, &symbol, sizeof symbol); /* dlopen(3), "Notes" of dlsym */
        }
        return true;
}

Firewall *firewall_open(GError **error) {
        g_autoptr(Firewall) firewall = g_new0(Firewall, 1);
        firewall->commands = g_string_new(NULL);
        if (!load_library(&firewall->library, error))
                return NULL;
        firewall->context = firewall->library.ctx_new(NFT_CTX_DEFAULT);
        if (!firewall->context) {
                error_set_errno(error, ENOMEM, "Cannot open nftables");
                return NULL;
        }
        firewall->library.ctx_buffer_error(firewall->context);
        firewall->library.ctx_buffer_output(firewall->context);
        return g_steal_pointer(&firewall);
}

void firewall_free(Firewall *firewall) {
        if (!firewall)
                return;
        if (firewall->context)
                firewall->library.ctx_free(firewall->context);
        if (firewall->commands)
                g_string_free(firewall->commands, TRUE);
        g_free(firewall);
}

/* "add" is idempotent. "delete" of what is not there would fail the whole transaction, so it is put
 * there first; under a key of somebody else that fails, and rightly. */
static void element(Firewall *firewall, bool add, const char *set, const char *format, ...)
                G_GNUC_PRINTF(4, 5);
static void element(Firewall *firewall, bool add, const char *set, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        g_autofree char *text = g_strdup_vprintf(format, ap);
        va_end(ap);
        g_string_append_printf(firewall->commands, "add element " TABLE " %s { %s }\n", set, text);
        if (!add)
                g_string_append_printf(
                                firewall->commands, "delete element " TABLE " %s { %s }\n", set,
                                text);
}

static void network_elements(Firewall *firewall, bool add, const Network *network) {
        const char *bridge = network->interface;
        const char *isolate = network_option(network, "isolate");
        bool strict = g_strcmp0(isolate, "strict") == 0;
        bool routed = !network_option_is_true(network, "no_default_route") && !network->internal;
        const struct {
                const char *set;
                bool wanted;
        } sets[] = {
                { "bridges", true },
                { "outgoing", !network->internal },
                { "answering", routed },
                { "internal", network->internal },
                { "isolated", strict || network_option_is_true(network, "isolate") },
                { "strict", strict },
        };
        if (network_is_unmanaged(network))
                return;
        for (size_t i = 0; i < G_N_ELEMENTS(sets); i++)
                if (sets[i].wanted)
                        element(firewall, add, sets[i].set, "\"%s\"", bridge);
        element(firewall, add, "hairpin", "\"%s\" . \"%s\"", bridge, bridge);
}

void firewall_add_network(Firewall *firewall, const Network *network) {
        network_elements(firewall, true, network);
}

void firewall_drop_network(Firewall *firewall, const Network *network) {
        network_elements(firewall, false, network);
}

/* The first address of that family is what a port leads to. */
static const IpAddress *target_of(const Lease *lease, int family) {
        for (guint i = 0; i < lease->addresses->len; i++) {
                const IpAddress *address = &g_array_index(lease->addresses, IpAddress, i);
                if (address->family == family)
                        return address;
        }
        return NULL;
}

static void
port_element(Firewall *firewall,
             bool add,
             const PortMapping *m,
             unsigned int step,
             const IpAddress *target) {
        g_autofree char *to = ip_format(target);
        const char *protocol = port_protocol_to_text(m->protocol);
        unsigned int from = m->host_port + step, inner = m->container_port + step;
        bool v6 = target->family == AF_INET6;
        if (m->host.family == 0 || ip_is_any(&m->host)) {
                element(firewall, add, v6 ? "ports6" : "ports4", "%s . %u : %s . %u", protocol,
                        from, to, inner);
                return;
        }
        g_autofree char *host = ip_format(&m->host);
        element(firewall, add, v6 ? "ports6_at" : "ports4_at", "%s . %s . %u : %s . %u", host,
                protocol, from, to, inner);
}

static void lease_elements(Firewall *firewall, bool add, const Lease *lease) {
        static const int families[] = { AF_INET, AF_INET6 };
        for (size_t f = 0; f < G_N_ELEMENTS(families) && lease->ports->len > 0; f++) {
                const IpAddress *target = target_of(lease, families[f]);
                if (!target)
                        continue;
                g_autofree char *text = ip_format(target);
                element(firewall, add, families[f] == AF_INET ? "self4" : "self6", "%s . %s", text,
                        text);
        }
        for (guint i = 0; i < lease->ports->len; i++) {
                const PortMapping *m = &g_array_index(lease->ports, PortMapping, i);
                for (size_t f = 0; f < G_N_ELEMENTS(families); f++) {
                        const IpAddress *target = target_of(lease, families[f]);
                        if (!target || (m->host.family && m->host.family != families[f]))
                                continue;
                        for (unsigned int step = 0; step < m->count; step++)
                                port_element(firewall, add, m, step, target);
                }
        }
}

void firewall_add_lease(Firewall *firewall, const Lease *lease) {
        lease_elements(firewall, true, lease);
}

void firewall_drop_lease(Firewall *firewall, const Lease *lease) {
        lease_elements(firewall, false, lease);
}

/* The ruleset's generation moved while we worked: not an error of ours, the next try will do. */
static bool is_transient(const char *words) {
        return strstr(words, "Resource temporarily unavailable") ||
               strstr(words, "Interrupted system call") || strstr(words, "Device or resource busy");
}

static FirewallResult run(Firewall *firewall, const char *commands, GError **error) {
        const char *words = "";
        for (int tries = 0; tries < RETRIES_MAX; tries++) {
                if (firewall->library.run_cmd_from_buffer(firewall->context, commands) == 0)
                        return FIREWALL_DONE;
                words = firewall->library.ctx_get_error_buffer(firewall->context);
                if (!is_transient(words))
                        break;
                g_usleep(1000);
        }
        if (strstr(words, "No such file or directory"))
                return FIREWALL_NO_TABLE;
        if (strstr(words, "File exists"))
                return FIREWALL_CONFLICT;
        g_autofree char *line = g_strndup(words, strcspn(words, "\n"));
        error_set_invalid(error, "Cannot change the nftables table '" TABLE "': %s", line);
        return FIREWALL_FAILED;
}

FirewallResult firewall_commit(Firewall *firewall, GError **error) {
        FirewallResult result = firewall->commands->len == 0
                                                ? FIREWALL_DONE
                                                : run(firewall, firewall->commands->str, error);
        g_string_truncate(firewall->commands, 0);
        return result;
}

bool firewall_make_table(Firewall *firewall, GError **error) {
        g_autofree char *rules = g_strconcat(base_rules, user_is_root() ? "" : user_rules, NULL);
        FirewallResult result = run(firewall, rules, error);
        if (result == FIREWALL_NO_TABLE)
                return error_set_invalid(
                                error, "Cannot create the nftables table '" TABLE
                                       "': the kernel lacks a part of nf_tables");
        return result != FIREWALL_FAILED; /* a conflict: somebody else has just made it */
}
