/* SPDX-License-Identifier: Apache-2.0 */
/* berth network create, update */
#include <stdio.h>

#include "base/error.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "network/create.h"
#include "runtime/event.h"
#include "runtime/network.h"

typedef struct CreateOptions {
        char *driver, *ipam_driver, *interface;
        bool internal, ipv6, disable_dns, ignore;
        GPtrArray *subnets, *gateways, *ranges, *routes, *options, *labels, *dns;
        GPtrArray *dns_add, *dns_drop;
} CreateOptions;

static void options_clear(CreateOptions *o) {
        GPtrArray **lists[] = { &o->subnets, &o->gateways, &o->ranges,  &o->routes,  &o->options,
                                &o->labels,  &o->dns,      &o->dns_add, &o->dns_drop };
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
                g_clear_pointer(lists[i], g_ptr_array_unref);
        g_free(o->driver);
        g_free(o->ipam_driver);
        g_free(o->interface);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CreateOptions, options_clear)

#define AT(member) offsetof(CreateOptions, member)

static const OptionRow create_rows[] = {
        { "disable-dns", 0, OPTION_BOOL, AT(disable_dns), NULL, "No name server for the network" },
        { "dns", 0, OPTION_LIST, AT(dns), "ADDRESS", "Name server that the network asks" },
        { "driver", 'd', OPTION_STRING, AT(driver), "DRIVER", "bridge, macvlan or ipvlan" },
        { "gateway", 0, OPTION_LIST, AT(gateways), "ADDRESS", "Gateway of the subnet before it" },
        { "ignore", 0, OPTION_BOOL, AT(ignore), NULL, "A network that exists is no error" },
        { "interface-name", 0, OPTION_STRING, AT(interface), "NAME",
          "The bridge, or the parent interface" },
        { "internal", 0, OPTION_BOOL, AT(internal), NULL, "No way in or out" },
        { "ip-range", 0, OPTION_LIST, AT(ranges), "RANGE", "Addresses to give, of the subnet" },
        { "ipam-driver", 0, OPTION_STRING, AT(ipam_driver), "DRIVER", "host-local, dhcp or none" },
        { "ipv6", 0, OPTION_BOOL, AT(ipv6), NULL, "Both IPv4 and IPv6" },
        { "label", 0, OPTION_LIST, AT(labels), "KEY=VALUE", "Label of the network" },
        { "opt", 'o', OPTION_LIST, AT(options), "KEY=VALUE", "Option of the driver" },
        { "route", 0, OPTION_LIST, AT(routes), "SUBNET,GATEWAY[,METRIC]", "Route in containers" },
        { "subnet", 0, OPTION_LIST, AT(subnets), "SUBNET", "Subnet, may be given again" },
        { NULL },
};

int verb_network_create(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth network create [options] [NAME]",
                .description = "Create a network",
                .rows = create_rows,
                .operands_max = 1,
        };
        g_auto(CreateOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &names, &runtime, &begun);
        if (!go_on)
                return begun;
        const NetworkCreateFlags flags = {
                .name = names[0],
                .driver = options.driver,
                .ipam_driver = options.ipam_driver,
                .interface = options.interface,
                .internal = options.internal,
                .ipv6 = options.ipv6,
                .disable_dns = options.disable_dns,
                .ignore = options.ignore,
                .subnets = options.subnets,
                .gateways = options.gateways,
                .ranges = options.ranges,
                .routes = options.routes,
                .options = options.options,
                .labels = options.labels,
                .dns = options.dns,
        };
        const Networks *networks = runtime_networks(&runtime, &error);
        g_autoptr(Network) network = networks ? networks_create(networks, &flags, &error) : NULL;
        if (!network)
                return verb_fail(&error);
        runtime_event(&runtime, "network", "create", network->id, network->name);
        printf("%s\n", network->name);
        return EXIT_STATUS_OK;
}

static const OptionRow update_rows[] = {
        { "dns-add", 0, OPTION_LIST, AT(dns_add), "ADDRESS", "Name server to add" },
        { "dns-drop", 0, OPTION_LIST, AT(dns_drop), "ADDRESS", "Name server to take out" },
        { NULL },
};

int verb_network_update(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth network update [options] NETWORK",
                .description = "Change the name servers of a network",
                .rows = update_rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        g_auto(CreateOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &names, &runtime, &begun);
        if (!go_on)
                return begun;
        const Networks *networks = runtime_networks(&runtime, &error);
        if (!networks ||
            !networks_update_dns(networks, names[0], options.dns_add, options.dns_drop, &error))
                return verb_fail(&error);
        printf("%s\n", names[0]);
        return EXIT_STATUS_OK;
}
