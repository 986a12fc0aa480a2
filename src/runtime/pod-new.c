/* SPDX-License-Identifier: Apache-2.0 */
/* From the flags of `pod create` to a pod's record. */
#include "runtime/pod-new.h"

#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "base/user.h"
#include "runtime/event.h"
#include "runtime/network.h"

#define HOSTNAME_MAX 64 /* uname(2) */

static bool set_share(Pod *pod, const PodFlags *flags, GError **error) {
        static const char *const ours[] = { "ipc", "net", "uts", NULL };
        static const char *const others[] = { "cgroup", "pid", NULL };
        const char *text = flags->share ? flags->share : "ipc,net,uts";
        g_autofree char *all = text[0] == '+' ? g_strconcat("ipc,net,uts,", text + 1, NULL)
                                              : g_strdup(text);
        g_auto(GStrv) words = g_strsplit(flags->no_infra ? "none" : all, ",", -1);
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        for (char **word = words; *word; word++) {
                if (strcmp(*word, "none") == 0 || !**word)
                        continue;
                if (g_strv_contains(others, *word))
                        return error_set_invalid(
                                        error,
                                        "--share %s is not supported: a pod shares ipc, net and "
                                        "uts",
                                        *word);
                if (!g_strv_contains(ours, *word))
                        return error_set_invalid(
                                        error,
                                        "invalid kernel namespace to share: %s. Options are: "
                                        "cgroup, ipc, net, pid, uts or none",
                                        *word);
                g_strv_builder_add(builder, *word);
        }
        pod->share = g_strv_builder_end(builder);
        return true;
}

static bool set_names(Pod *pod, const PodFlags *flags, GError **error) {
        pod->id = hex_id_new();
        pod->name = flags->name && *flags->name ? g_strdup(flags->name)
                                                : g_strdup_printf("pod-%.12s", pod->id);
        if (!container_check_name(pod->name, error)) {
                g_prefix_error(error, "running pod create option: ");
                return false;
        }
        if (flags->hostname && *flags->hostname) {
                if (strlen(flags->hostname) > HOSTNAME_MAX || strpbrk(flags->hostname, "/\n"))
                        return error_set_invalid(error, "invalid hostname '%s'", flags->hostname);
                pod->hostname = g_strdup(flags->hostname);
        } else if (strlen(pod->name) > HOSTNAME_MAX) {
                pod->hostname = g_strndup(pod->name, HOSTNAME_MAX);
        }
        const char *policy = flags->exit_policy ? flags->exit_policy : "continue";
        if (strcmp(policy, "continue") != 0 && strcmp(policy, "stop") != 0)
                return error_set_invalid(
                                error, "running pod create option: invalid pod exit policy: \"%s\"",
                                policy);
        pod->exit_policy = g_strdup(policy);
        pod->infra_name = g_strdup(flags->infra_name);
        pod->unit = g_strdup(flags->unit);
        return true;
}

static bool set_mounts(Pod *pod, const PodFlags *flags, GError **error) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        uint64_t size = 0;
        if (flags->shm_size && *flags->shm_size && !text_parse_size(flags->shm_size, &size))
                return error_set_invalid(
                                error, "unable to translate --shm-size: invalid size: '%s'",
                                flags->shm_size);
        pod->shm_size = (int64_t) MIN(size, INT64_MAX);
        for (guint i = 0; flags->volumes && i < flags->volumes->len; i++)
                g_strv_builder_add(builder, flags->volumes->pdata[i]);
        pod->volumes = g_strv_builder_end(builder);
        return true;
}

static bool set_labels(Pod *pod, const PodFlags *flags, GError **error) {
        pod->labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        for (guint i = 0; flags->labels && i < flags->labels->len; i++) {
                g_auto(GStrv) pair = g_strsplit(flags->labels->pdata[i], "=", 2);
                if (!pair[0] || !*pair[0])
                        return error_set_invalid(
                                        error, "invalid --label '%s': it has no name",
                                        (char *) flags->labels->pdata[i]);
                g_hash_table_insert(
                                pod->labels, g_strdup(pair[0]), g_strdup(pair[1] ? pair[1] : ""));
        }
        return true;
}

static bool check_network(const Networks *networks, const NetworkRequest *request, GError **error) {
        static const char *const names[] = { [NETWORK_MODE_CONTAINER] = "container:",
                                             [NETWORK_MODE_NS] = "ns:",
                                             [NETWORK_MODE_PASTA] = "pasta",
                                             [NETWORK_MODE_SLIRP] = "slirp4netns" };
        const char *name = request->mode < G_N_ELEMENTS(names) ? names[request->mode] : NULL;
        if (name)
                return error_set_invalid(
                                error, "pods presently do not support network mode %s", name);
        if (request->mode == NETWORK_MODE_BRIDGE && !user_is_root())
                return error_set_invalid(
                                error, "pods of unprivileged users are not supported on bridge "
                                       "networks, use --network=host or --network=none");
        return network_check_request(networks, request, error);
}

static bool set_network(Runtime *runtime, Pod *pod, const PodFlags *f, GError **error) {
        const Networks *networks = runtime_networks(runtime, error);
        if (!networks)
                return false;
        const ContainersConf *conf = networks_conf(networks);
        const NetworkFlags flags = {
                .network = f->network,
                .ip = f->ip,
                .ip6 = f->ip6,
                .mac = f->mac,
                .aliases = f->aliases,
                .publish = f->publish,
                .add_hosts = f->add_hosts,
                .dns = f->dns,
                .dns_search = f->dns_search,
                .dns_options = f->dns_options,
                .no_hosts = f->no_hosts || (conf->no_hosts && !f->add_hosts && !f->hosts_file),
                .hosts_file = f->hosts_file,
                .default_network = conf->default_network,
        };
        g_autoptr(NetworkRequest) request = network_request_from_flags(&flags, error);
        if (!request || !check_network(networks, request, error))
                return false;
        if (request->ports->len > 0 && !pod_shares(pod, "net"))
                return error_set_invalid(
                                error, "ports of a pod that does not share its network cannot be "
                                       "published");
        pod->network_request = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(pod->network_request, network_request_to_json(request));
        return true;
}

static char *command_json(char *const *argv) {
        g_autoptr(JsonObject) object = json_object_new();
        json_set_strings(object, "argv", (const char *const *) argv);
        return json_format_object(object, false);
}

Pod *pod_new_from_flags(Runtime *runtime, const PodFlags *flags, GError **error) {
        g_autoptr(Pod) pod = pod_new();
        if (!user_is_root()) {
                error_set_invalid(error, "pods of unprivileged users are not supported");
                return NULL;
        }
        if (!set_names(pod, flags, error) || !set_share(pod, flags, error) ||
            !set_labels(pod, flags, error) || !set_mounts(pod, flags, error) ||
            !set_network(runtime, pod, flags, error))
                return NULL;
        pod->created_nsec = g_get_real_time() * 1000;
        if (flags->create_command)
                pod->create_command = command_json(flags->create_command);
        if (!pod_create(runtime->records, pod, error))
                return NULL;
        pod_event(runtime, pod, "create");
        return g_steal_pointer(&pod);
}
