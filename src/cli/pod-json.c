/* SPDX-License-Identifier: Apache-2.0 */
/* Pods as JSON, with Podman's names. The namespaces count as one more member of a pod's state, as
 * the container that holds them does there; there is no such container here. */
#include "cli/pod-json.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/container-json.h"
#include "cli/network-json.h"
#include "runtime/network.h"

const char *pod_status_text(Runtime *runtime, const Pod *pod, GPtrArray *containers) {
        guint running = 0, paused = 0, exited = 0, all = containers->len;
        if (pod->share && pod->share[0]) {
                all++;
                bool started = pod_is_started(runtime->records, pod);
                running += started;
                exited += !started && pod->was_started;
        }
        for (guint i = 0; i < containers->len; i++) {
                const ContainerRecord *record = containers->pdata[i];
                bool is_paused = record_is_paused(record);
                ContainerStatus status = record_status(record);
                paused += is_paused;
                running += !is_paused && status == CONTAINER_RUNNING;
                exited += status == CONTAINER_EXITED;
        }
        if (paused > 0 && paused == containers->len)
                return "Paused";
        return all == 0         ? "Created"
               : running == all ? "Running"
               : running > 0    ? "Degraded"
               : exited == all  ? "Exited"
               : exited > 0     ? "Stopped"
                                : "Created";
}

static void set_text(JsonObject *object, const char *name, const char *value) {
        json_object_set_string_member(object, name, value ? value : "");
}

static void set_labels(JsonObject *object, const Pod *pod) {
        if (pod->labels && g_hash_table_size(pod->labels) > 0)
                json_set_string_map(object, "Labels", pod->labels);
        else
                json_object_set_object_member(object, "Labels", json_object_new());
}

static JsonArray *containers_json(GPtrArray *containers, bool ps) {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < containers->len; i++) {
                const ContainerRecord *record = containers->pdata[i];
                JsonObject *object = json_object_new();
                set_text(object, "Id", record->id);
                set_text(object, ps ? "Names" : "Name", record->name);
                set_text(object, ps ? "Status" : "State", container_state_text(record));
                if (ps)
                        json_object_set_int_member(object, "RestartCount", 0);
                json_array_add_object_element(array, object);
        }
        return array;
}

JsonObject *pod_ps_json(Runtime *runtime, const Pod *pod, GError **error) {
        g_autoptr(GPtrArray) containers = pod_containers(runtime, pod, error);
        g_autoptr(NetworkRequest) request = containers ? pod_network_request(pod, error) : NULL;
        if (!request)
                return NULL;
        JsonObject *object = json_object_new();
        g_autofree char *created = text_format_time(pod->created_nsec);
        set_text(object, "Cgroup", "");
        json_object_set_array_member(object, "Containers", containers_json(containers, true));
        set_text(object, "Created", created);
        set_text(object, "Id", pod->id);
        set_text(object, "InfraId", "");
        set_text(object, "Name", pod->name);
        set_text(object, "Namespace", "");
        json_object_set_array_member(object, "Networks", network_names_json(request));
        set_text(object, "Status", pod_status_text(runtime, pod, containers));
        set_labels(object, pod);
        return object;
}

static void set_strings(JsonObject *object, const char *name, GPtrArray *list) {
        if (!list || list->len == 0) {
                json_object_set_null_member(object, name);
                return;
        }
        JsonArray *array = json_array_new();
        for (guint i = 0; i < list->len; i++)
                json_array_add_string_element(array, list->pdata[i]);
        json_object_set_array_member(object, name, array);
}

static JsonObject *infra_json(const Pod *pod, const NetworkRequest *request) {
        JsonObject *object = json_object_new();
        json_object_set_object_member(object, "PortBindings", network_port_bindings_json(request));
        json_object_set_boolean_member(object, "HostNetwork", request->mode == NETWORK_MODE_HOST);
        set_text(object, "StaticIP", "");
        set_text(object, "StaticMAC", "");
        json_object_set_boolean_member(object, "NoManageResolvConf", FALSE);
        set_strings(object, "DNSServer", request->dns);
        set_strings(object, "DNSSearch", request->dns_search);
        set_strings(object, "DNSOption", request->dns_options);
        json_object_set_boolean_member(object, "NoManageHostname", FALSE);
        json_object_set_boolean_member(object, "NoManageHosts", request->no_hosts);
        set_strings(object, "HostAdd", request->add_hosts);
        set_text(object, "HostsFile", request->hosts_file);
        json_object_set_array_member(object, "Networks", network_names_json(request));
        json_object_set_null_member(object, "NetworkOptions");
        set_text(object, "pid_ns", "private");
        set_text(object, "userns", "host");
        set_text(object, "uts_ns", pod_shares(pod, "uts") ? "private" : "host");
        return object;
}

static void set_command(JsonObject *object, const Pod *pod) {
        g_autoptr(JsonNode) root = NULL;
        g_auto(GStrv) argv = NULL;
        JsonObject *inner;
        if (pod->create_command && json_parse_object(
                                                   pod->create_command, strlen(pod->create_command),
                                                   1 << 20, "createCommand", &root, &inner, NULL))
                (void) json_get_strings(inner, "argv", &argv, NULL); /* informative only */
        json_set_strings(object, "CreateCommand", (const char *const *) argv);
}

JsonObject *pod_inspect_json(Runtime *runtime, const Pod *pod, GError **error) {
        g_autoptr(GPtrArray) containers = pod_containers(runtime, pod, error);
        g_autoptr(NetworkRequest) request = containers ? pod_network_request(pod, error) : NULL;
        if (!request)
                return NULL;
        JsonObject *object = json_object_new();
        g_autofree char *created = text_format_time(pod->created_nsec);
        set_text(object, "Id", pod->id);
        set_text(object, "Name", pod->name);
        set_text(object, "Created", created);
        set_command(object, pod);
        set_text(object, "ExitPolicy", pod->exit_policy);
        set_text(object, "State", pod_status_text(runtime, pod, containers));
        set_text(object, "Hostname", pod->hostname);
        set_labels(object, pod);
        json_object_set_boolean_member(object, "CreateCgroup", FALSE);
        set_text(object, "CgroupParent", "");
        set_text(object, "CgroupPath", "");
        json_object_set_boolean_member(object, "CreateInfra", FALSE);
        set_text(object, "InfraContainerID", "");
        json_object_set_object_member(object, "InfraConfig", infra_json(pod, request));
        json_set_strings(object, "SharedNamespaces", (const char *const *) pod->share);
        json_object_set_int_member(object, "NumContainers", containers->len);
        json_object_set_array_member(object, "Containers", containers_json(containers, false));
        json_object_set_int_member(object, "LockNumber", 0);
        set_text(object, "Unit", pod->unit);
        return object;
}
