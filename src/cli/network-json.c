/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of a container as JSON. */
#include "cli/network-json.h"

#include <string.h>
#include <sys/socket.h>

#include "base/json.h"
#include "runtime/network.h"
#include "runtime/pod.h"

static NetworkRequest *request_of(const ContainerRecord *record) {
        NetworkRequest *request = record_network_request(record, NULL);
        return request ? request : network_request_new(); /* an old record: nothing is known */
}

static NetworkStatus *status_of(const ContainerRecord *record) {
        NetworkStatus *status = record_status(record) == CONTAINER_RUNNING
                                                ? record_network_status(record, NULL)
                                                : NULL;
        return status ? status : network_status_new();
}

char *network_ports_text(const ContainerRecord *record) {
        g_autoptr(NetworkRequest) request = request_of(record);
        return ports_format(request->ports);
}

char *network_names_text(const ContainerRecord *record) {
        g_autoptr(NetworkRequest) request = request_of(record);
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint i = 0; i < request->attachments->len; i++) {
                const NetworkAttachment *a = request->attachments->pdata[i];
                g_string_append_printf(text, "%s%s", i > 0 ? "," : "", a->network);
        }
        return g_string_free(g_steal_pointer(&text), FALSE);
}

JsonArray *network_names_json(const NetworkRequest *request) {
        JsonArray *names = json_array_new();
        for (guint i = 0; i < request->attachments->len; i++) {
                const NetworkAttachment *a = request->attachments->pdata[i];
                json_array_add_string_element(names, a->network);
        }
        return names;
}

void network_add_ps_members(JsonObject *object, const ContainerRecord *record) {
        g_autoptr(NetworkRequest) request = request_of(record);
        json_object_set_array_member(object, "Networks", network_names_json(request));
        if (request->ports->len > 0)
                json_object_set_array_member(object, "Ports", ports_to_json(request->ports));
        else
                json_object_set_null_member(object, "Ports");
}

static void bind_port(JsonObject *object, const PortMapping *m, unsigned int step) {
        g_autofree char *key = g_strdup_printf(
                        "%u/%s", m->container_port + step, port_protocol_to_text(m->protocol));
        g_autofree char *host = m->host.family ? ip_format(&m->host) : g_strdup("0.0.0.0");
        g_autofree char *port = g_strdup_printf("%u", m->host_port + step);
        JsonObject *row = json_object_new();
        json_object_set_string_member(row, "HostIp", host);
        json_object_set_string_member(row, "HostPort", port);
        if (json_object_has_member(object, key)) {
                json_array_add_object_element(json_object_get_array_member(object, key), row);
                return;
        }
        JsonArray *rows = json_array_new();
        json_array_add_object_element(rows, row);
        json_object_set_array_member(object, key, rows);
}

static void add_bindings(JsonObject *object, const NetworkRequest *request) {
        for (guint i = 0; i < request->ports->len; i++) {
                const PortMapping *m = &g_array_index(request->ports, PortMapping, i);
                for (unsigned int step = 0; step < m->count; step++)
                        bind_port(object, m, step);
        }
}

JsonObject *network_port_bindings_json(const NetworkRequest *request) {
        JsonObject *object = json_object_new();
        add_bindings(object, request);
        return object;
}

JsonObject *network_bindings_json(const ContainerRecord *record) {
        g_autoptr(NetworkRequest) request = request_of(record);
        return network_port_bindings_json(request);
}

static void add_exposed(JsonObject *object, const GArray *ports, bool null_value) {
        for (guint i = 0; i < ports->len; i++) {
                const PortMapping *m = &g_array_index(ports, PortMapping, i);
                for (unsigned int step = 0; step < m->count; step++) {
                        g_autofree char *key =
                                        g_strdup_printf("%u/%s", m->container_port + step,
                                                        port_protocol_to_text(m->protocol));
                        if (json_object_has_member(object, key))
                                continue;
                        if (null_value)
                                json_object_set_null_member(object, key);
                        else
                                json_object_set_object_member(object, key, json_object_new());
                }
        }
}

JsonObject *network_exposed_json(const ContainerRecord *record) {
        g_autoptr(NetworkRequest) request = request_of(record);
        if (request->ports->len + request->exposed->len == 0)
                return NULL;
        JsonObject *object = json_object_new();
        add_exposed(object, request->ports, false);
        add_exposed(object, request->exposed, false);
        return object;
}

/* The members that name one endpoint; with interface NULL all of them are empty. */
static void add_endpoint(JsonObject *object, const NetworkInterface *interface) {
        const NetworkAddress none = { 0 };
        const NetworkAddress *v4 = &none, *v6 = &none;
        for (guint i = 0; interface && i < interface->addresses->len; i++) {
                const NetworkAddress *a = &g_array_index(interface->addresses, NetworkAddress, i);
                if (a->address.family == AF_INET && v4 == &none)
                        v4 = a;
                else if (a->address.family == AF_INET6 && v6 == &none)
                        v6 = a;
        }
        g_autofree char *gateway4 = ip_format(&v4->gateway), *address4 = ip_format(&v4->address);
        g_autofree char *gateway6 = ip_format(&v6->gateway), *address6 = ip_format(&v6->address);
        g_autofree char *mac = interface ? mac_format(&interface->mac) : g_strdup("");
        json_object_set_string_member(object, "EndpointID", "");
        json_object_set_string_member(object, "Gateway", gateway4);
        json_object_set_string_member(object, "IPAddress", address4);
        json_object_set_int_member(object, "IPPrefixLen", v4->prefix);
        json_object_set_string_member(object, "IPv6Gateway", gateway6);
        json_object_set_string_member(object, "GlobalIPv6Address", address6);
        json_object_set_int_member(object, "GlobalIPv6PrefixLen", v6->prefix);
        json_object_set_string_member(object, "MacAddress", mac);
}

static JsonObject *
network_json(const NetworkAttachment *attachment, const NetworkInterface *interface) {
        JsonObject *object = json_object_new();
        add_endpoint(object, interface);
        json_object_set_string_member(
                        object, "NetworkID",
                        interface ? interface->network_id : attachment->network);
        json_object_set_null_member(object, "DriverOpts");
        json_object_set_null_member(object, "IPAMConfig");
        json_object_set_null_member(object, "Links");
        if (interface)
                json_set_strings(object, "Aliases", (const char *const *) interface->aliases);
        return object;
}

Pod *network_pod(Runtime *runtime, const ContainerRecord *record) {
        if (!record->pod || !record->network || !g_str_has_prefix(record->network, "ns:"))
                return NULL;
        g_autoptr(Pod) pod = pod_find(runtime->records, record->pod, NULL);
        g_autofree char *path = pod ? pod_file(runtime->records, pod, "net") : NULL;
        return path && strcmp(record->network + strlen("ns:"), path) == 0 ? g_steal_pointer(&pod)
                                                                          : NULL;
}

/* As in Podman, who is in another's network shows that one's: the pod's, or the other container's.
 */
static void
find_shown(Runtime *runtime,
           const ContainerRecord *record,
           NetworkRequest **ret_request,
           NetworkStatus **ret_status) {
        g_autoptr(Pod) pod = network_pod(runtime, record);
        g_autoptr(ContainerRecord) other = NULL;
        if (pod) {
                *ret_request = pod_network_request(pod, NULL);
                *ret_status = record_status(record) == CONTAINER_RUNNING
                                              ? pod_network_status(pod, NULL)
                                              : NULL;
        } else {
                if (record->network && g_str_has_prefix(record->network, "container:"))
                        other =
                                        record_find(runtime->records,
                                                    record->network + strlen("container:"), NULL);
                *ret_request = request_of(other ? other : record);
                *ret_status = status_of(other ? other : record);
        }
        if (!*ret_request)
                *ret_request = network_request_new();
        if (!*ret_status)
                *ret_status = network_status_new();
}

JsonObject *network_settings_json(Runtime *runtime, const ContainerRecord *record) {
        g_autoptr(NetworkRequest) request = NULL;
        g_autoptr(NetworkStatus) status = NULL;
        find_shown(runtime, record, &request, &status);
        JsonObject *object = json_object_new();
        JsonObject *networks = json_object_new(), *ports = json_object_new();
        /* Podman's top-level members speak of its default network, when it is the only one */
        const NetworkInterface *first =
                        status->interfaces->len == 1 ? status->interfaces->pdata[0] : NULL;
        if (first && strcmp(first->network, "podman") != 0)
                first = NULL;
        add_endpoint(object, first);
        json_object_set_string_member(object, "Bridge", "");
        json_object_set_string_member(object, "SandboxID", "");
        json_object_set_boolean_member(object, "HairpinMode", false);
        json_object_set_string_member(object, "LinkLocalIPv6Address", "");
        json_object_set_int_member(object, "LinkLocalIPv6PrefixLen", 0);
        add_bindings(ports, request);
        add_exposed(ports, request->exposed, true);
        json_object_set_object_member(object, "Ports", ports);
        g_autofree char *sandbox =
                        record_status(record) == CONTAINER_RUNNING
                                        ? g_strdup_printf("/proc/%d/ns/net", (int) record->pid)
                                        : g_strdup("");
        json_object_set_string_member(object, "SandboxKey", sandbox);
        for (guint i = 0; i < request->attachments->len; i++) {
                const NetworkAttachment *a = request->attachments->pdata[i];
                json_object_set_object_member(
                                networks, a->network,
                                network_json(a, network_status_find(status, a->network)));
        }
        json_object_set_object_member(object, "Networks", networks);
        return object;
}
