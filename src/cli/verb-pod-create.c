/* SPDX-License-Identifier: Apache-2.0 */
/* berth pod create */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/pod-remove.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/pod-new.h"

typedef struct CreateOptions {
        char *name, *hostname, *share, *exit_policy, *id_file, *hosts_file;
        char *ip, *ip6, *mac, *shm_size;
        char *infra_name, *infra_pid_file, *infra_image, *infra_command; /* there is none */
        int infra, share_parent;                                         /* -1: not given */
        bool replace, no_hosts;
        GPtrArray *labels, *network, *aliases, *publish, *add_hosts;
        GPtrArray *volumes, *dns, *dns_search, *dns_options;
} CreateOptions;

static void options_clear(CreateOptions *o) {
        char **texts[] = { &o->name,          &o->hostname, &o->share,          &o->exit_policy,
                           &o->id_file,       &o->ip,       &o->hosts_file,     &o->ip6,
                           &o->infra_name,    &o->mac,      &o->infra_pid_file, &o->infra_image,
                           &o->infra_command, &o->shm_size };
        GPtrArray **lists[] = { &o->labels,     &o->network,     &o->aliases,
                                &o->publish,    &o->add_hosts,   &o->dns,
                                &o->dns_search, &o->dns_options, &o->volumes };
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                g_free(*texts[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
                g_clear_pointer(lists[i], g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CreateOptions, options_clear)

#define AT(member) offsetof(CreateOptions, member)

static const OptionRow rows[] = {
        { "add-host", 0, OPTION_LIST, AT(add_hosts), "NAME:ADDRESS", "Line of /etc/hosts" },
        { "dns", 0, OPTION_LIST, AT(dns), "ADDRESS", "Name server" },
        { "dns-option", 0, OPTION_LIST, AT(dns_options), "OPTION", "Option of resolv.conf" },
        { "dns-search", 0, OPTION_LIST, AT(dns_search), "DOMAIN", "Search domain" },
        { "exit-policy", 0, OPTION_STRING, AT(exit_policy), "POLICY",
          "When the last container ends: continue or stop" },
        { "hostname", 'h', OPTION_STRING, AT(hostname), "NAME", "Host name, else the pod's name" },
        { "hosts-file", 0, OPTION_STRING, AT(hosts_file), "PATH", "What /etc/hosts begins with" },
        { "infra", 0, OPTION_TRISTATE, AT(infra), NULL, "false: nothing is shared" },
        { "infra-command", 0, OPTION_STRING, AT(infra_command), "COMMAND", NULL },
        { "infra-conmon-pidfile", 0, OPTION_STRING, AT(infra_pid_file), "PATH", NULL },
        { "infra-image", 0, OPTION_STRING, AT(infra_image), "IMAGE", NULL },
        { "infra-name", 0, OPTION_STRING, AT(infra_name), "NAME", NULL },
        { "ip", 0, OPTION_STRING, AT(ip), "ADDRESS", "IPv4 address in the network" },
        { "ip6", 0, OPTION_STRING, AT(ip6), "ADDRESS", "IPv6 address in the network" },
        { "label", 'l', OPTION_LIST, AT(labels), "KEY=VALUE", "Label of the pod" },
        { "mac-address", 0, OPTION_STRING, AT(mac), "ADDRESS", "Hardware address" },
        { "name", 'n', OPTION_STRING, AT(name), "NAME", "Name of the pod" },
        { "network", 0, OPTION_LIST, AT(network), "MODE", "NAME[:OPTIONS], none or host" },
        { "network-alias", 0, OPTION_LIST, AT(aliases), "NAME", "Further name in the network" },
        { "no-hosts", 0, OPTION_BOOL, AT(no_hosts), NULL, "Leave the image's /etc/hosts" },
        { "pod-id-file", 0, OPTION_STRING, AT(id_file), "PATH", "Write the id to a file" },
        { "publish", 'p', OPTION_LIST, AT(publish), "[[IP:]PORT:]PORT[/PROTOCOL]",
          "Publish a port, or a range, on the host" },
        { "replace", 0, OPTION_BOOL, AT(replace), NULL, "Remove a pod of the same name first" },
        { "share", 0, OPTION_STRING, AT(share), "LIST", "ipc, net, uts, or none" },
        { "share-parent", 0, OPTION_TRISTATE, AT(share_parent), NULL, NULL },
        { "shm-size", 0, OPTION_STRING, AT(shm_size), "SIZE", "Size of the shared /dev/shm" },
        { "volume", 'v', OPTION_LIST, AT(volumes), "SOURCE:PATH[:OPTIONS]",
          "Volume or directory, for each container" },
        { NULL },
};

static bool remove_old(Runtime *runtime, const char *name, GError **error) {
        GError *inner = NULL;
        g_autoptr(Pod) old = pod_find(runtime->records, name, &inner);
        if (old)
                return strcmp(old->name, name) != 0 || pod_remove(runtime, old, true, -1, error);
        bool absent = g_error_matches(inner, POD_ERROR, POD_ERROR_NOT_FOUND);
        if (absent)
                g_error_free(inner);
        else
                g_propagate_error(error, inner);
        return absent;
}

static Pod *create(Runtime *runtime, const CreateOptions *o, const char *name, GError **error) {
        if (o->replace && !name) {
                error_set_invalid(error, "cannot replace pod without --name");
                return NULL;
        }
        if (o->replace && !remove_old(runtime, name, error))
                return NULL;
        const PodFlags flags = {
                .name = name,
                .hostname = o->hostname,
                .share = o->share,
                .exit_policy = o->exit_policy,
                .infra_name = o->infra_name,
                .unit = getenv("PODMAN_SYSTEMD_UNIT"),
                .ip = o->ip,
                .ip6 = o->ip6,
                .mac = o->mac,
                .labels = o->labels,
                .network = o->network,
                .aliases = o->aliases,
                .publish = o->publish,
                .add_hosts = o->add_hosts,
                .dns = o->dns,
                .dns_search = o->dns_search,
                .dns_options = o->dns_options,
                .volumes = o->volumes,
                .shm_size = o->shm_size,
                .hosts_file = o->hosts_file,
                .no_hosts = o->no_hosts,
                .no_infra = o->infra == 0,
                .create_command = global_options()->argv,
        };
        g_autoptr(Pod) pod = pod_new_from_flags(runtime, &flags, error);
        if (!pod)
                return NULL;
        if (o->id_file && !file_replace(AT_FDCWD, o->id_file, pod->id, strlen(pod->id), 0644,
                                        FILE_VOLATILE, error)) {
                (void) pod_forget(runtime->records, pod, NULL); /* the first error counts */
                return NULL;
        }
        return g_steal_pointer(&pod);
}

int verb_pod_create(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth pod create [options] [NAME]",
                .description = "Create a pod: namespaces that containers share",
                .rows = rows,
                .operands_max = 1,
        };
        g_auto(CreateOptions) options = { .infra = -1, .share_parent = -1 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &status))
                return status;
        if (names[0] && options.name) {
                error_set_invalid(&error, "cannot give a pod a name with --name and as an operand");
                return verb_fail(&error);
        }
        g_autoptr(Pod) pod = create(&runtime, &options, names[0] ? names[0] : options.name, &error);
        if (!pod)
                return verb_fail(&error);
        printf("%s\n", pod->id);
        return EXIT_STATUS_OK;
}
