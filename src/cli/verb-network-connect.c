/* SPDX-License-Identifier: Apache-2.0 */
/* berth network connect, disconnect, reload */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "network/reclaim.h"
#include "runtime/event.h"
#include "runtime/network.h"
#include "runtime/rootless-network.h"

typedef struct ConnectOptions {
        GPtrArray *aliases;
        char *ip, *ip6, *mac;
        bool force, all, latest;
} ConnectOptions;

static void options_clear(ConnectOptions *o) {
        g_clear_pointer(&o->aliases, g_ptr_array_unref);
        g_free(o->ip);
        g_free(o->ip6);
        g_free(o->mac);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ConnectOptions, options_clear)

#define AT(member) offsetof(ConnectOptions, member)

/* The network by its own name, whatever it was called by; the flags as --network's options are. */
static NetworkAttachment *
attachment_from(const Network *network, const ConnectOptions *o, GError **error) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        g_ptr_array_add(names, network->name);
        const NetworkFlags flags = {
                .network = names,
                .ip = o->ip,
                .ip6 = o->ip6,
                .mac = o->mac,
                .aliases = o->aliases,
                .default_network = network->name,
        };
        g_autoptr(NetworkRequest) request = network_request_from_flags(&flags, error);
        return request ? g_ptr_array_steal_index(request->attachments, 0) : NULL;
}

/* Both verbs: NETWORK CONTAINER. */
static bool
find_both(Runtime *runtime,
          char *const *names,
          Network **ret_network,
          ContainerRecord **ret_record,
          GError **error) {
        const Networks *networks = runtime_networks(runtime, error);
        g_autoptr(ContainerRecord) record =
                        networks ? record_find(runtime->records, names[1], error) : NULL;
        if (!record)
                return false;
        *ret_network = networks_find(networks, names[0], error);
        if (!*ret_network)
                return false;
        *ret_record = g_steal_pointer(&record);
        return true;
}

static const OptionRow connect_rows[] = {
        { "alias", 0, OPTION_LIST, AT(aliases), "NAME", "Further name in the network" },
        { "ip", 0, OPTION_STRING, AT(ip), "ADDRESS", "IPv4 address" },
        { "ip6", 0, OPTION_STRING, AT(ip6), "ADDRESS", "IPv6 address" },
        { "mac-address", 0, OPTION_STRING, AT(mac), "ADDRESS", "Hardware address" },
        { NULL },
};

int verb_network_connect(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth network connect [options] NETWORK CONTAINER",
                .description = "Connect a container to a network",
                .rows = connect_rows,
                .operands_min = 2,
                .operands_max = 2,
        };
        g_auto(ConnectOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autoptr(Network) network = NULL;
        g_autoptr(ContainerRecord) record = NULL;
        g_autofree char **names = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &names, &runtime, &begun);
        if (!go_on)
                return begun;
        if (!find_both(&runtime, names, &network, &record, &error))
                return verb_fail(&error);
        g_autoptr(NetworkAttachment) attachment = attachment_from(network, &options, &error);
        if (!attachment || !network_connect_container(&runtime, record, attachment, &error))
                return verb_fail(&error);
        runtime_event(&runtime, "network", "connect", record->id, network->name);
        return EXIT_STATUS_OK;
}

static const OptionRow disconnect_rows[] = {
        { "force", 'f', OPTION_BOOL, AT(force), NULL, "Also when it is not connected" },
        { NULL },
};

int verb_network_disconnect(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth network disconnect [options] NETWORK CONTAINER",
                .description = "Disconnect a container from a network",
                .rows = disconnect_rows,
                .operands_min = 2,
                .operands_max = 2,
        };
        g_auto(ConnectOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autoptr(Network) network = NULL;
        g_autoptr(ContainerRecord) record = NULL;
        g_autofree char **names = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &names, &runtime, &begun);
        if (!go_on)
                return begun;
        if (!find_both(&runtime, names, &network, &record, &error) ||
            !network_disconnect_container(&runtime, record, network->name, &error))
                return options.force ? EXIT_STATUS_OK : verb_fail(&error);
        runtime_event(&runtime, "network", "disconnect", record->id, network->name);
        return EXIT_STATUS_OK;
}

static bool reload_one(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        (void) data;
        guint n;
        if (!runtime_networks(runtime, error) ||
            !rootless_network_reload(runtime, record->id, &n, error))
                return false;
        printf("%s\n", record->id);
        return true;
}

static const OptionRow reload_rows[] = {
        { "all", 'a', OPTION_BOOL, AT(all), NULL, "All running containers" },
        { "latest", 'l', OPTION_BOOL, AT(latest), NULL, "The newest container" },
        { NULL },
};

/* Every container in one go: one transaction per network. */
static int reload_all(Runtime *runtime) {
        g_autoptr(GError) error = NULL;
        guint n;
        if (!runtime_networks(runtime, &error) ||
            !rootless_network_reload(runtime, NULL, &n, &error))
                return verb_fail(&error);
        g_autoptr(GPtrArray) records = record_list(runtime->records, &error);
        if (!records)
                return verb_fail(&error);
        for (guint i = 0; i < records->len; i++) {
                const ContainerRecord *record = records->pdata[i];
                g_autoptr(NetworkStatus) status = record_network_status(record, NULL);
                if (status && record_status(record) == CONTAINER_RUNNING)
                        printf("%s\n", record->id);
        }
        return EXIT_STATUS_OK;
}

int verb_network_reload(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth network reload [options] [CONTAINER...]",
                .description = "Put the firewall rules of running containers back",
                .rows = reload_rows,
                .operands_max = -1,
        };
        g_auto(ConnectOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autofree char **names = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &names, &runtime, &begun);
        if (!go_on)
                return begun;
        if (options.all)
                return reload_all(&runtime);
        const Selection selection = { .names = names, .latest = options.latest };
        return selection_run(&runtime, &selection, false, reload_one, NULL);
}
