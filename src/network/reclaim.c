/* SPDX-License-Identifier: Apache-2.0 */
/* Leases are what is true; rules and names follow them. */
#include "network/reclaim.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "network/dns.h"
#include "network/external.h"

static bool need_firewall(Firewall **firewall, GError **error) {
        if (!*firewall)
                *firewall = firewall_open(error);
        return *firewall;
}

static bool is_external(const Networks *networks) {
        const ExternalBackend *backend;
        return external_find(networks, &backend, NULL) && backend;
}

bool reclaim_forget(
                const Networks *networks,
                Firewall **firewall,
                const Network *network,
                const GPtrArray *gone,
                GError **error) {
        for (guint i = 0; i < gone->len; i++) {
                const Lease *lease = gone->pdata[i];
                if (!external_teardown(networks, lease->id, error))
                        return false;
                if (lease->ports->len > 0 && !is_external(networks)) {
                        if (!need_firewall(firewall, error))
                                return false;
                        firewall_drop_lease(*firewall, lease);
                        /* no table: flushed, so they are gone; a conflict: another has them */
                        if (firewall_commit(*firewall, error) == FIREWALL_FAILED)
                                return false;
                }
                if (!dns_remove(networks, network, lease->id, error))
                        return false;
        }
        return true;
}

static bool
reclaim_one(const Networks *networks, Firewall **firewall, const char *name, GError **error) {
        g_autoptr(Leases) leases = leases_lock(networks_lease_dir(networks), name, error);
        if (!leases)
                return false;
        g_autoptr(GPtrArray) gone = leases_take_void(leases, true);
        if (gone->len == 0)
                return true;
        g_autoptr(Network) network = networks_find(networks, name, NULL);
        if (network && !reclaim_forget(networks, firewall, network, gone, error))
                return false;
        return leases_save(leases, error);
}

bool reclaim_void(
                const Networks *networks,
                Firewall **firewall,
                const char *network_name,
                GError **error) {
        if (network_name)
                return reclaim_one(networks, firewall, network_name, error);
        g_auto(GStrv) names = leases_networks(networks_lease_dir(networks));
        for (char **name = names; *name; name++)
                if (!reclaim_one(networks, firewall, *name, error))
                        return false;
        return true;
}

/* The first host port that both publish, or 0. */
static unsigned int shared_port(const PortMapping *a, const PortMapping *b) {
        bool everywhere = a->host.family == 0 || b->host.family == 0;
        bool same_family = everywhere || a->host.family == b->host.family;
        bool meets = everywhere || ip_is_any(&a->host) || ip_is_any(&b->host) ||
                     ip_compare(&a->host, &b->host) == 0;
        unsigned int first = MAX(a->host_port, b->host_port);
        unsigned int end = MIN(a->host_port + a->count, b->host_port + b->count);
        return a->protocol == b->protocol && same_family && meets && first < end ? first : 0;
}

static const PortMapping *find_shared(const Lease *a, const Lease *b, unsigned int *ret_port) {
        for (guint i = 0; i < a->ports->len; i++)
                for (guint k = 0; k < b->ports->len; k++) {
                        const PortMapping *m = &g_array_index(a->ports, PortMapping, i);
                        *ret_port = shared_port(m, &g_array_index(b->ports, PortMapping, k));
                        if (*ret_port)
                                return m;
                }
        return NULL;
}

static bool
fail_shared(const PortMapping *m, unsigned int port, const Lease *other, GError **error) {
        g_autofree char *host = ip_format(&m->host);
        const char *protocol = port_protocol_to_text(m->protocol);
        g_autofree char *upper = g_ascii_strup(protocol, -1);
        return error_set(
                        error, ERROR_ERRNO, EADDRINUSE,
                        "cannot listen on the %s port: listen %s%s %s:%u: bind: address already in "
                        "use (published by container %s)",
                        upper, protocol, m->host.family == AF_INET6 ? "6" : "4", host, port,
                        other->names->len > 0 ? (char *) other->names->pdata[0] : other->id);
}

bool reclaim_ports(const Networks *networks, const Lease *lease, GError **error) {
        g_autoptr(Firewall) firewall = NULL; /* not the caller's, whose transaction is under way */
        g_auto(GStrv) names = leases_networks(networks_lease_dir(networks));
        for (char **name = names; *name; name++) {
                g_autoptr(Leases) leases = leases_read(networks_lease_dir(networks), *name, error);
                if (!leases)
                        return false;
                for (guint i = 0; i < leases->items->len; i++) {
                        const Lease *other = leases->items->pdata[i];
                        unsigned int port;
                        const PortMapping *m = strcmp(other->id, lease->id) == 0
                                                               ? NULL
                                                               : find_shared(lease, other, &port);
                        if (m && lease_is_live(other, true))
                                return fail_shared(m, port, other, error);
                        if (m && !reclaim_void(networks, &firewall, *name, error))
                                return false;
                }
        }
        return true;
}

/* One network's share of a reload. firewall NULL: another program's. */
static bool
reload_network(const Networks *networks,
               Firewall *firewall,
               const char *name,
               const char *id,
               guint *count,
               GError **error) {
        g_autoptr(Network) network = networks_find(networks, name, NULL);
        g_autoptr(Leases) leases = leases_lock(networks_lease_dir(networks), name, error);
        if (!leases)
                return false;
        if (!network || leases->items->len == 0)
                return true;
        bool bridge = strcmp(network->driver, "bridge") == 0;
        if (firewall && bridge)
                firewall_add_network(firewall, network);
        for (guint i = 0; i < leases->items->len; i++) {
                const Lease *lease = leases->items->pdata[i];
                bool external;
                if (id && strcmp(lease->id, id) != 0)
                        continue;
                if (!external_reload(networks, lease->id, &external, error))
                        return false;
                if (!external && firewall && bridge)
                        firewall_add_lease(firewall, lease);
                (*count)++;
        }
        FirewallResult result = firewall ? firewall_commit(firewall, error) : FIREWALL_DONE;
        if (result == FIREWALL_CONFLICT)
                log_warning("Some published port of network %s is another container's, ignoring",
                            name);
        return result != FIREWALL_FAILED;
}

bool network_reload(const Networks *networks, const char *id, guint *ret_n, GError **error) {
        g_autoptr(Firewall) firewall = NULL;
        g_auto(GStrv) names = leases_networks(networks_lease_dir(networks));
        *ret_n = 0;
        if (!names[0])
                return true;
        if (!reclaim_void(networks, &firewall, NULL, error))
                return false;
        if (!is_external(networks) &&
            (!need_firewall(&firewall, error) || !firewall_make_table(firewall, error)))
                return false;
        for (char **name = names; *name; name++)
                if (!reload_network(networks, firewall, *name, id, ret_n, error))
                        return false;
        return true;
}
