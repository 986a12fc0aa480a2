/* SPDX-License-Identifier: Apache-2.0 */
/* berth network rm, prune */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/exit.h"
#include "cli/network-list.h"
#include "cli/options.h"
#include "cli/pod-remove.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "network/setup.h"
#include "runtime/event.h"
#include "runtime/network.h"
#include "runtime/rootless-network.h"

#define EXIT_STATUS_IN_USE 2 /* podman-network-rm(1), "Exit Status" */

typedef struct RmOptions {
        bool force;
        int64_t time;
        GPtrArray *filters;
} RmOptions;

static void options_clear(RmOptions *options) {
        g_clear_pointer(&options->filters, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RmOptions, options_clear)

/* With the containers' help out of the way: the file, then what the kernel still has. */
static bool remove_network(Runtime *runtime, const Network *network, GError **error) {
        autofd int lock = networks_lock(runtime->networks, error);
        if (lock < 0 || !networks_remove(runtime->networks, network, error) ||
            !rootless_network_forget(runtime, network, error))
                return false;
        runtime_event(runtime, "network", "remove", network->id, network->name);
        return true;
}

static bool
remove_users(Runtime *runtime, const Network *network, const RmOptions *options, GError **error) {
        g_autoptr(GPtrArray) users = network_users(runtime, network, error);
        g_autoptr(GPtrArray) pods = users ? network_pods(runtime, network, error) : NULL;
        if (!pods)
                return false;
        if (users->len + pods->len > 0 && !options->force)
                return error_set(
                                error, NETWORK_ERROR, NETWORK_ERROR_IN_USE,
                                "\"%s\" has associated containers with it. Use -f to forcibly "
                                "delete containers and pods: network is being used",
                                network->name);
        for (guint i = 0; i < users->len; i++)
                if (!container_remove(runtime, users->pdata[i], true, true, options->time, error))
                        return false;
        for (guint i = 0; i < pods->len; i++)
                if (!pod_remove(runtime, pods->pdata[i], true, options->time, error))
                        return false;
        return true;
}

static bool
remove_one(Runtime *runtime, const char *name, const RmOptions *options, GError **error) {
        const Networks *networks = runtime_networks(runtime, error);
        g_autoptr(Network) network = networks ? networks_find(networks, name, error) : NULL;
        if (!network)
                return false;
        if (networks_is_default(networks, network->name))
                return error_set_invalid(
                                error, "default network %s cannot be removed", network->name);
        return remove_users(runtime, network, options, error) &&
               remove_network(runtime, network, error);
}

static const OptionRow rm_rows[] = {
        { "force", 'f', OPTION_BOOL, offsetof(RmOptions, force), NULL,
          "Remove containers that use it, too" },
        { "time", 't', OPTION_INT, offsetof(RmOptions, time), "SECONDS",
          "Time that these have to stop" },
        { NULL },
};

int verb_network_rm(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth network rm [options] NETWORK...",
                .description = "Remove networks",
                .rows = rm_rows,
                .operands_min = 1,
                .operands_max = -1,
        };
        g_auto(RmOptions) options = { .time = -1 };
        g_auto(Runtime) runtime = { 0 };
        g_autofree char **names = NULL;
        int status;
        bool go_on = cli_begin(&table, argc, argv, &options, &names, &runtime, &status);
        if (!go_on)
                return status;
        for (char **name = names; *name; name++) {
                g_autoptr(GError) error = NULL;
                if (remove_one(&runtime, *name, &options, &error)) {
                        printf("%s\n", *name);
                        continue;
                }
                bool absent = g_error_matches(error, NETWORK_ERROR, NETWORK_ERROR_NOT_FOUND);
                bool used = g_error_matches(error, NETWORK_ERROR, NETWORK_ERROR_IN_USE);
                if (absent && options.force)
                        continue;
                int failed = verb_fail(&error);
                status = used ? EXIT_STATUS_IN_USE : absent ? EXIT_STATUS_FALSE : failed;
        }
        return status;
}

static bool confirmed(const RmOptions *options) {
        if (options->force)
                return true;
        printf("WARNING! This will remove all networks not used by at least one container.\n"
               "Are you sure you want to continue? [y/N] ");
        (void) fflush(stdout);
        char answer[8];
        return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static const OptionRow prune_rows[] = {
        { "filter", 0, OPTION_LIST, offsetof(RmOptions, filters), "FILTER", "label=, until=" },
        { "force", 'f', OPTION_BOOL, offsetof(RmOptions, force), NULL, "Do not ask" },
        { NULL },
};

static bool prune(Runtime *runtime, const RmOptions *options, GError **error) {
        g_autoptr(GPtrArray) list = network_list_filtered(runtime, options->filters, error);
        for (guint i = 0; list && i < list->len; i++) {
                const Network *network = list->pdata[i];
                g_autoptr(GPtrArray) users = network_users(runtime, network, error);
                g_autoptr(GPtrArray) pods = users ? network_pods(runtime, network, error) : NULL;
                if (!pods)
                        return false;
                if (users->len + pods->len > 0 ||
                    networks_is_default(runtime->networks, network->name))
                        continue;
                if (!remove_network(runtime, network, error))
                        return false;
                printf("%s\n", network->name);
        }
        return list;
}

int verb_network_prune(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth network prune [options]",
                .description = "Remove networks that no container uses",
                .rows = prune_rows,
        };
        g_auto(RmOptions) options = { .time = -1 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &operands, &runtime, &begun);
        if (!go_on)
                return begun;
        if (!confirmed(&options))
                return EXIT_STATUS_OK;
        return prune(&runtime, &options, &error) ? EXIT_STATUS_OK : verb_fail(&error);
}
