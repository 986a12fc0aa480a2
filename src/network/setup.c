/* SPDX-License-Identifier: Apache-2.0 */
/* The native back end: the order of steps. */
#include "network/setup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "network/attach.h"
#include "network/dns.h"
#include "network/external.h"
#include "network/firewall.h"
#include "network/reclaim.h"

/* One setup under way. */
typedef struct Setup {
        const Networks *networks;
        const NetworkContainer *container;
        Netlink *host;
        Firewall *firewall; /* opened when first needed */
} Setup;

static void setup_clear(Setup *s) {
        g_clear_pointer(&s->host, netlink_free);
        if (s->firewall)
                networks_park_firewall(s->networks, g_steal_pointer(&s->firewall));
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Setup, setup_clear)

static bool need_firewall(Setup *s, GError **error) {
        if (!s->firewall)
                s->firewall = firewall_open(error);
        return s->firewall;
}

/* What somebody who counts addresses from the start of the range must not meet: Podman's own
 * book-keeping, when Podman has used this network. */
static bool is_shared_with_podman(const Networks *networks) {
        g_autofree char *path = g_build_filename(networks_state_dir(networks), "ipam.db", NULL);
        return access(path, F_OK) == 0;
}

/* Cheap checks first; when that does not do, every lease's owner is looked at closely. */
static bool
allocate(Setup *s,
         Leases *leases,
         const Network *network,
         const NetworkAttachment *attachment,
         Lease *lease,
         GError **error) {
        bool from_middle = is_shared_with_podman(s->networks);
        for (int strict = 0;; strict++) {
                GError *inner = NULL;
                g_autoptr(GPtrArray) gone = leases_take_void(leases, strict > 0);
                if (!reclaim_forget(s->networks, &s->firewall, network, gone, error))
                        return false;
                g_array_set_size(lease->addresses, 0);
                if (leases_allocate(leases, network, attachment->addresses, from_middle, lease,
                                    &inner)) {
                        if (!attachment->has_mac && lease->addresses->len > 0)
                                lease->mac = mac_of_address(
                                                &g_array_index(lease->addresses, IpAddress, 0));
                        return true;
                }
                bool full = g_error_matches(inner, ERROR_ERRNO, ENOSPC) ||
                            g_error_matches(inner, ERROR_ERRNO, EADDRINUSE);
                if (strict > 0 || !full) {
                        g_propagate_error(error, inner);
                        return false;
                }
                g_error_free(inner);
        }
}

static void add_names(Setup *s, const NetworkAttachment *attachment, Lease *lease) {
        const NetworkContainer *c = s->container;
        g_ptr_array_add(lease->names, g_strdup(c->name));
        for (guint i = 0; i < attachment->aliases->len; i++)
                g_ptr_array_add(lease->names, g_strdup(attachment->aliases->pdata[i]));
        g_ptr_array_add(lease->names, g_strndup(c->id, 12));
        for (guint i = 0; i < c->request->dns->len; i++)
                if (strcmp(c->request->dns->pdata[i], "none") != 0)
                        g_ptr_array_add(lease->dns, g_strdup(c->request->dns->pdata[i]));
}

static Lease *
new_lease(Setup *s, const NetworkAttachment *attachment, const char *interface, bool with_ports) {
        const NetworkContainer *c = s->container;
        Lease *lease = lease_new();
        lease->id = g_strdup(c->id);
        lease->owner = c->owner;
        lease->owner.path = g_strdup(c->owner.path);
        lease->interface = g_strdup(interface);
        lease->mac = attachment->has_mac ? attachment->mac : mac_random();
        if (with_ports)
                g_array_append_vals(lease->ports, c->request->ports->data, c->request->ports->len);
        add_names(s, attachment, lease);
        return lease;
}

static bool uses_leases(const Network *network) {
        return strcmp(network->ipam_driver, "host-local") == 0;
}

/* Under the lock of the network's leases: an address, the bridge, the names. */
static bool
book(Setup *s,
     const Network *network,
     const NetworkAttachment *attachment,
     Lease *lease,
     GError **error) {
        bool bridge = strcmp(network->driver, "bridge") == 0, made = false;
        if (strcmp(network->ipam_driver, "dhcp") == 0)
                return error_set_invalid(
                                error,
                                "network %s gets its addresses by DHCP, which the native back end "
                                "does not do: give it a --subnet, or set network_backend = "
                                "\"netavark\" in containers.conf",
                                network->name);
        if (network_option(network, "vrf"))
                return error_set_invalid(
                                error,
                                "network %s has the option vrf, which the native back end does not "
                                "know: set network_backend = \"netavark\" in containers.conf",
                                network->name);
        g_autoptr(Leases) leases =
                        leases_lock(networks_lease_dir(s->networks), network->name, error);
        if (!leases)
                return false;
        bool first = leases->items->len == 0;
        if (uses_leases(network) && !allocate(s, leases, network, attachment, lease, error))
                return false;
        if (bridge && !attach_ensure_bridge(s->host, network, &made, error))
                return false;
        if (bridge && (made || first)) {
                if (!need_firewall(s, error))
                        return false;
                firewall_add_network(s->firewall, network);
        }
        /* the file keeps it before anything else of ours can fail or be killed */
        g_ptr_array_add(leases->items, lease);
        bool ok = leases_save(leases, error) && (!dns_is_served(s->networks, network) ||
                                                 dns_add(s->networks, network, lease, error));
        g_assert(g_ptr_array_steal_index(leases->items, leases->items->len - 1) == lease);
        return ok;
}

static NetworkInterface *describe(const Network *network, const Lease *lease, bool named) {
        NetworkInterface *interface = network_interface_new();
        interface->network = g_strdup(network->name);
        interface->network_id = g_strdup(network->id);
        interface->name = g_strdup(lease->interface);
        interface->mac = lease->mac;
        g_autoptr(GStrvBuilder) servers = g_strv_builder_new();
        for (guint i = 0; i < network->subnets->len && i < lease->addresses->len; i++) {
                const NetworkSubnet *s = &g_array_index(network->subnets, NetworkSubnet, i);
                const NetworkAddress a = {
                        .address = g_array_index(lease->addresses, IpAddress, i),
                        .prefix = s->subnet.prefix,
                        .gateway = s->gateway,
                };
                g_array_append_val(interface->addresses, a);
                g_autofree char *gateway = ip_format(&s->gateway);
                if (named && *gateway)
                        g_strv_builder_add(servers, gateway);
        }
        interface->name_servers = g_strv_builder_end(servers);
        g_autoptr(GStrvBuilder) aliases = g_strv_builder_new();
        for (guint i = 1; i < lease->names->len; i++) /* the first is the container's own name */
                g_strv_builder_add(aliases, lease->names->pdata[i]);
        interface->aliases = g_strv_builder_end(aliases);
        return interface;
}

/* Commits; a table that somebody flushed is made anew with what everyone needs. */
static bool commit(Setup *s, const Network *network, const Lease *lease, GError **error) {
        switch (firewall_commit(s->firewall, error)) {
        case FIREWALL_DONE:
                return true;
        case FIREWALL_FAILED:
                return false;
        case FIREWALL_CONFLICT:
                return error_set(
                                error, ERROR_ERRNO, EADDRINUSE,
                                "cannot publish the ports of container %s: one is published by "
                                "another container: address already in use",
                                s->container->name);
        case FIREWALL_NO_TABLE:
                break;
        }
        guint n;
        if (!firewall_make_table(s->firewall, error) ||
            !network_reload(s->networks, NULL, &n, error))
                return false;
        firewall_add_network(s->firewall, network);
        firewall_add_lease(s->firewall, lease);
        FirewallResult again = firewall_commit(s->firewall, error);
        return again == FIREWALL_DONE ||
               (again == FIREWALL_FAILED ? false
                                         : error_set_invalid(
                                                           error, "Cannot restore the nftables "
                                                                  "table of our networks"));
}

static bool
connect_one(Setup *s,
            const NetworkAttachment *attachment,
            const char *interface,
            bool with_ports,
            NetworkInterface **ret_interface,
            GError **error) {
        g_autoptr(Network) network = networks_find(s->networks, attachment->network, error);
        if (!network)
                return false;
        bool bridge = strcmp(network->driver, "bridge") == 0;
        g_autoptr(Lease) lease = new_lease(s, attachment, interface, with_ports && bridge);
        if (!book(s, network, attachment, lease, error) ||
            !attach_interface(s->host, network, lease, s->container->ns_fd, error))
                return false;
        if (lease->ports->len > 0) {
                if (!reclaim_ports(s->networks, lease, error) || !need_firewall(s, error))
                        return false;
                firewall_add_lease(s->firewall, lease);
        }
        if (s->firewall && !commit(s, network, lease, error))
                return false;
        *ret_interface = describe(network, lease, dns_is_served(s->networks, network));
        return true;
}

/* "ethN" that no attachment asks for. */
static char *free_name(const NetworkRequest *request, const NetworkStatus *status) {
        for (unsigned int n = 0;; n++) {
                g_autofree char *name = g_strdup_printf("eth%u", n);
                bool taken = false;
                for (guint i = 0; i < request->attachments->len; i++) {
                        const NetworkAttachment *a = request->attachments->pdata[i];
                        taken = taken || g_strcmp0(a->interface, name) == 0;
                }
                for (guint i = 0; i < status->interfaces->len; i++) {
                        const NetworkInterface *f = status->interfaces->pdata[i];
                        taken = taken || strcmp(f->name, name) == 0;
                }
                if (!taken)
                        return g_steal_pointer(&name);
        }
}

static bool begin(Setup *s, GError **error) {
        s->host = netlink_open(error);
        return s->host;
}

/* An address in each network, from our books; everything else is the other program's. */
static bool
book_only(Setup *s,
          const Network *network,
          const NetworkAttachment *attachment,
          Lease *lease,
          GError **error) {
        g_autoptr(Leases) leases =
                        leases_lock(networks_lease_dir(s->networks), network->name, error);
        if (!leases)
                return false;
        if (uses_leases(network) && !allocate(s, leases, network, attachment, lease, error))
                return false;
        g_ptr_array_add(leases->items, lease);
        bool ok = leases_save(leases, error);
        g_assert(g_ptr_array_steal_index(leases->items, leases->items->len - 1) == lease);
        return ok;
}

static bool
setup_external(Setup *s, const ExternalBackend *backend, NetworkStatus *status, GError **error) {
        const NetworkContainer *c = s->container;
        guint n = c->request->attachments->len;
        g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func((GDestroyNotify) network_free);
        g_autoptr(GPtrArray) leases = g_ptr_array_new_with_free_func((GDestroyNotify) lease_free);
        g_autofree ExternalLink *links = g_new0(ExternalLink, n + 1);
        for (guint i = 0; i < n; i++) {
                const NetworkAttachment *a = c->request->attachments->pdata[i];
                g_autofree char *chosen = a->interface ? g_strdup(a->interface)
                                                       : free_name(c->request, status);
                Network *network = networks_find(s->networks, a->network, error);
                if (!network)
                        return false;
                g_ptr_array_add(owned, network);
                Lease *lease = new_lease(s, a, chosen, i == 0);
                g_ptr_array_add(leases, lease);
                if (!book_only(s, network, a, lease, error) ||
                    (i == 0 && !reclaim_ports(s->networks, lease, error)))
                        return false;
                links[i] = (ExternalLink){ network, lease };
                bool named = backend->has_names && dns_is_served(s->networks, network);
                g_ptr_array_add(status->interfaces, describe(network, lease, named));
        }
        const ExternalContainer external = {
                .id = c->id, .name = c->name, .ns_fd = c->ns_fd, .links = links, .n_links = n
        };
        return external_setup(s->networks, backend, &external, error);
}

static bool setup_native(Setup *s, NetworkStatus *status, GError **error) {
        const NetworkRequest *request = s->container->request;
        for (guint i = 0; i < request->attachments->len; i++) {
                const NetworkAttachment *a = request->attachments->pdata[i];
                g_autofree char *chosen =
                                a->interface ? g_strdup(a->interface) : free_name(request, status);
                NetworkInterface *interface;
                if (!connect_one(s, a, chosen, i == 0, &interface, error))
                        return false;
                g_ptr_array_add(status->interfaces, interface);
        }
        return true;
}

bool network_setup(
                const Networks *networks,
                const NetworkContainer *container,
                NetworkStatus **ret_status,
                GError **error) {
        g_auto(Setup) s = { .networks = networks, .container = container };
        const NetworkRequest *request = container->request;
        g_autoptr(NetworkStatus) status = network_status_new();
        const ExternalBackend *backend;
        if (!external_find(networks, &backend, error) || !ports_check_free(request->ports, error) ||
            !begin(&s, error))
                return false;
        bool ok = backend ? setup_external(&s, backend, status, error)
                          : setup_native(&s, status, error);
        if (!ok) {
                (void) network_teardown(
                                networks, container->id, request,
                                NULL); /* the first error is the one to tell */
                return false;
        }
        *ret_status = g_steal_pointer(&status);
        return true;
}

/* Takes the container's leases of one network back. */
static bool release(Setup *s, const char *network_name, const char *id, GError **error) {
        g_autoptr(Leases) leases =
                        leases_lock(networks_lease_dir(s->networks), network_name, error);
        if (!leases)
                return false;
        if (!leases_find(leases, id, NULL))
                return true;
        g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func((GDestroyNotify) lease_free);
        for (guint i = leases->items->len; i > 0; i--) {
                const Lease *lease = leases->items->pdata[i - 1];
                if (strcmp(lease->id, id) == 0)
                        g_ptr_array_add(gone, g_ptr_array_steal_index(leases->items, i - 1));
        }
        /* rules first: an address that is free must not be led to any more */
        g_autoptr(Network) network = networks_find(s->networks, network_name, NULL);
        if (network && !reclaim_forget(s->networks, &s->firewall, network, gone, error))
                return false;
        return leases_save(leases, error);
}

bool network_teardown(
                const Networks *networks,
                const char *id,
                const NetworkRequest *request,
                GError **error) {
        g_auto(Setup) s = { .networks = networks };
        bool ok = external_teardown(networks, id, error);
        for (guint i = 0; i < request->attachments->len; i++) {
                const NetworkAttachment *a = request->attachments->pdata[i];
                ok = release(&s, a->network, id, ok ? error : NULL) && ok;
        }
        return ok;
}

static bool check_native(const Networks *networks, GError **error) {
        const ExternalBackend *backend;
        if (!external_find(networks, &backend, error))
                return false;
        return !backend || error_set_invalid(
                                           error,
                                           "the networks of a running container cannot be changed "
                                           "with the back "
                                           "end %s: stop it first",
                                           backend->name);
}

bool network_connect(
                const Networks *networks,
                const NetworkContainer *container,
                const NetworkAttachment *attachment,
                const NetworkStatus *status,
                NetworkInterface **ret_interface,
                GError **error) {
        g_auto(Setup) s = { .networks = networks, .container = container };
        g_autofree char *chosen = attachment->interface ? g_strdup(attachment->interface)
                                                        : free_name(container->request, status);
        if (!check_native(networks, error) || !begin(&s, error))
                return false;
        if (connect_one(&s, attachment, chosen, status->interfaces->len == 0, ret_interface, error))
                return true;
        (void) release(&s, attachment->network, container->id, NULL); /* the first error counts */
        return false;
}

bool network_disconnect(
                const Networks *networks,
                const NetworkContainer *container,
                const NetworkInterface *interface,
                GError **error) {
        g_auto(Setup) s = { .networks = networks, .container = container };
        GError *inner = NULL;
        if (!check_native(networks, error))
                return false;
        if (!attach_remove_interface(interface->name, container->ns_fd, &inner)) {
                if (!g_error_matches(inner, ERROR_ERRNO, ENODEV)) {
                        g_propagate_error(error, inner);
                        return false;
                }
                g_error_free(inner); /* somebody was faster */
        }
        return release(&s, interface->network, container->id, error);
}

bool network_forget(const Networks *networks, const Network *network, GError **error) {
        g_autoptr(Leases) leases = leases_lock(networks_lease_dir(networks), network->name, error);
        g_autoptr(Netlink) host = leases ? netlink_open(error) : NULL;
        if (!host || !attach_remove_bridge(host, network, error))
                return false;
        bool used = access(leases->path, F_OK) == 0;
        if (!used) /* never connected to since boot: no rules either */
                return true;
        if (unlink(leases->path) < 0)
                return error_set_errno(error, errno, "Cannot remove '%s'", leases->path);
        if (strcmp(network->driver, "bridge") != 0)
                return true;
        g_autoptr(Firewall) firewall = firewall_open(error);
        if (!firewall)
                return false;
        firewall_drop_network(firewall, network);
        return firewall_commit(firewall, error) != FIREWALL_FAILED;
}
