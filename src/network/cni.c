/* SPDX-License-Identifier: Apache-2.0 */
/* CNI plugins, CNI specification 1.0.0: a chain per network, made from our network's file; each
 * plugin is a program that gets its configuration on standard input and the rest in its
 * environment. The plugin "static" takes the addresses that we gave. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/process.h"
#include "network/external.h"

#define REPLY_SIZE_MAX (1u << 20)
#define CNI_VERSION    "1.0.0"

static JsonObject *ipam_of(const Network *network, const Lease *lease) {
        JsonObject *ipam = json_object_new();
        JsonArray *addresses = json_array_new(), *routes = json_array_new();
        bool leads_out = !network->internal && !network_option_is_true(network, "no_default_route");
        for (guint i = 0; i < lease->addresses->len && i < network->subnets->len; i++) {
                const NetworkSubnet *s = &g_array_index(network->subnets, NetworkSubnet, i);
                const IpAddress *a = &g_array_index(lease->addresses, IpAddress, i);
                g_autofree char *address = ip_format(a);
                g_autofree char *ipnet = g_strdup_printf("%s/%u", address, s->subnet.prefix);
                g_autofree char *gateway = ip_format(&s->gateway);
                JsonObject *row = json_object_new();
                json_object_set_string_member(row, "address", ipnet);
                if (*gateway)
                        json_object_set_string_member(row, "gateway", gateway);
                json_array_add_object_element(addresses, row);
                if (!leads_out || !*gateway)
                        continue;
                JsonObject *route = json_object_new();
                json_object_set_string_member(
                                route, "dst", strchr(address, ':') ? "::/0" : "0.0.0.0/0");
                json_array_add_object_element(routes, route);
        }
        for (guint i = 0; i < network->routes->len; i++) {
                const NetworkRoute *r = &g_array_index(network->routes, NetworkRoute, i);
                g_autofree char *destination = subnet_format(&r->destination);
                g_autofree char *via = ip_format(&r->gateway);
                JsonObject *route = json_object_new();
                json_object_set_string_member(route, "dst", destination);
                json_object_set_string_member(route, "gw", via);
                json_array_add_object_element(routes, route);
        }
        json_object_set_string_member(ipam, "type", "static");
        json_object_set_array_member(ipam, "addresses", addresses);
        json_object_set_array_member(ipam, "routes", routes);
        return ipam;
}

static JsonObject *plugin(const char *type) {
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "type", type);
        return object;
}

static JsonObject *capable(JsonObject *object, const char *capability) {
        JsonObject *capabilities = json_object_new();
        json_object_set_boolean_member(capabilities, capability, true);
        json_object_set_object_member(object, "capabilities", capabilities);
        return object;
}

static JsonObject *main_plugin(const Network *network, const Lease *lease) {
        JsonObject *object = plugin(network->driver);
        uint64_t mtu = network_option_number(network, "mtu", 65535, 0);
        uint64_t vlan = network_option_number(network, "vlan", 4094, 0);
        if (strcmp(network->driver, "bridge") == 0) {
                json_object_set_string_member(object, "bridge", network->interface);
                json_object_set_boolean_member(object, "isGateway", true);
                json_object_set_boolean_member(object, "ipMasq", !network->internal);
                json_object_set_boolean_member(object, "hairpinMode", true);
                if (vlan)
                        json_object_set_int_member(object, "vlan", (int64_t) vlan);
        } else {
                if (network->interface)
                        json_object_set_string_member(object, "master", network->interface);
                const char *mode = network_option(network, "mode");
                if (mode && *mode)
                        json_object_set_string_member(object, "mode", mode);
        }
        if (mtu)
                json_object_set_int_member(object, "mtu", (int64_t) mtu);
        if (lease->addresses->len > 0)
                json_object_set_object_member(object, "ipam", ipam_of(network, lease));
        return strcmp(network->driver, "ipvlan") == 0 ? object : capable(object, "mac");
}

static JsonArray *chain_of(const Network *network, const Lease *lease) {
        JsonArray *chain = json_array_new();
        json_array_add_object_element(chain, main_plugin(network, lease));
        if (strcmp(network->driver, "bridge") != 0)
                return chain;
        if (lease->ports->len > 0)
                json_array_add_object_element(chain, capable(plugin("portmap"), "portMappings"));
        JsonObject *firewall = plugin("firewall");
        if (network_option_is_true(network, "isolate"))
                json_object_set_string_member(firewall, "ingressPolicy", "same-bridge");
        json_array_add_object_element(chain, firewall);
        return chain;
}

/* One object per port: the plugin knows no ranges. */
static JsonArray *ports_of(const Lease *lease) {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < lease->ports->len; i++) {
                const PortMapping *m = &g_array_index(lease->ports, PortMapping, i);
                g_autofree char *host = ip_format(&m->host);
                for (unsigned int step = 0; step < m->count; step++) {
                        JsonObject *row = json_object_new();
                        json_object_set_int_member(row, "hostPort", m->host_port + step);
                        json_object_set_int_member(row, "containerPort", m->container_port + step);
                        json_object_set_string_member(
                                        row, "protocol", port_protocol_to_text(m->protocol));
                        json_object_set_string_member(row, "hostIP", host);
                        json_array_add_object_element(array, row);
                }
        }
        return array;
}

static JsonObject *prepare(const Networks *networks, const ExternalContainer *c) {
        JsonObject *state = json_object_new();
        JsonArray *chains = json_array_new();
        (void) networks;
        json_object_set_string_member(state, "container", c->id);
        for (guint i = 0; i < c->n_links; i++) {
                const ExternalLink *link = &c->links[i];
                g_autofree char *mac = mac_format(&link->lease->mac);
                JsonObject *row = json_object_new(), *runtime = json_object_new();
                json_object_set_string_member(runtime, "mac", mac);
                json_object_set_array_member(runtime, "portMappings", ports_of(link->lease));
                json_object_set_string_member(row, "name", link->network->name);
                json_object_set_string_member(row, "interface", link->lease->interface);
                json_object_set_object_member(row, "runtime", runtime);
                json_object_set_array_member(row, "plugins", chain_of(link->network, link->lease));
                json_array_add_object_element(chains, row);
        }
        json_object_set_array_member(state, "chains", chains);
        return state;
}

/* The plugin's own configuration with what the runtime adds to it. */
static char *configuration(JsonObject *row, JsonObject *plugin_object, JsonNode *previous) {
        g_autoptr(JsonObject) object = json_object_new();
        g_autoptr(GList) members = json_object_get_members(plugin_object);
        for (GList *at = members; at; at = at->next)
                json_object_set_member(
                                object, at->data,
                                json_node_copy(json_object_get_member(plugin_object, at->data)));
        json_object_set_string_member(object, "cniVersion", CNI_VERSION);
        json_object_set_string_member(object, "name", json_object_get_string_member(row, "name"));
        if (json_object_has_member(plugin_object, "capabilities"))
                json_object_set_member(
                                object, "runtimeConfig",
                                json_node_copy(json_object_get_member(row, "runtime")));
        if (previous)
                json_object_set_member(object, "prevResult", json_node_copy(previous));
        return json_format_object(object, false);
}

static char *find_plugin(const Networks *networks, const char *type, char **ret_path) {
        char **directories = networks_conf(networks)->cni_plugin_dirs;
        *ret_path = directories ? g_strjoinv(":", directories) : g_strdup("");
        for (char **directory = directories; directory && *directory; directory++) {
                g_autofree char *program = g_build_filename(*directory, type, NULL);
                if (access(program, X_OK) == 0)
                        return g_steal_pointer(&program);
        }
        return NULL;
}

static bool fail(const char *type, const char *command, const char *reply, GError **error) {
        g_autoptr(JsonNode) node = NULL;
        JsonObject *object;
        const char *message = NULL, *details = NULL;
        if (json_parse_object(reply, strlen(reply), REPLY_SIZE_MAX, type, &node, &object, NULL)) {
                (void) json_get_string(object, "msg", &message, NULL);
                (void) json_get_string(object, "details", &details, NULL);
        }
        return error_set_invalid(
                        error, "CNI plugin '%s' failed (%s): %.500s%s%.500s", type, command,
                        message ? message : reply, details && *details ? ": " : "",
                        details ? details : "");
}

/* One plugin; for ADD its result comes back. */
static bool
execute(const Networks *networks,
        JsonObject *state,
        JsonObject *row,
        JsonObject *plugin_object,
        const char *command,
        const char *ns_path,
        JsonNode *previous,
        char **ret_reply,
        GError **error) {
        const char *type = json_object_get_string_member(plugin_object, "type");
        g_autofree char *path = NULL;
        g_autofree char *program = find_plugin(networks, type, &path);
        if (!program)
                return error_set_invalid(
                                error, "CNI plugin '%s' is not in cni_plugin_dirs (%s)", type,
                                path);
        g_autofree char *input = configuration(row, plugin_object, previous);
        g_auto(GStrv) env = g_get_environ();
        const char *const settings[][2] = {
                { "CNI_COMMAND", command },
                { "CNI_CONTAINERID", json_object_get_string_member(state, "container") },
                { "CNI_NETNS", ns_path },
                { "CNI_IFNAME", json_object_get_string_member(row, "interface") },
                { "CNI_PATH", path },
                { "CNI_ARGS", "IgnoreUnknown=1" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
                env = g_environ_setenv(env, settings[i][0], settings[i][1], TRUE);
        const char *argv[] = { program, NULL };
        int status;
        if (!process_converse(argv, env, input, REPLY_SIZE_MAX, ret_reply, &status, error))
                return false;
        return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
               fail(type, command, *ret_reply, error);
}

/* ADD goes through the chain, each with the result of the one before; the last is kept for DEL. */
static bool
add_chain(const Networks *networks,
          JsonObject *state,
          JsonObject *row,
          const char *ns_path,
          GError **error) {
        JsonArray *plugins = json_object_get_array_member(row, "plugins");
        g_autoptr(JsonNode) previous = NULL;
        for (guint i = 0; i < json_array_get_length(plugins); i++) {
                g_autofree char *reply = NULL;
                JsonObject *object;
                JsonNode *result = NULL;
                if (!execute(networks, state, row, json_array_get_object_element(plugins, i), "ADD",
                             ns_path, previous, &reply, error) ||
                    !json_parse_object(
                                    reply, strlen(reply), REPLY_SIZE_MAX, "CNI result", &result,
                                    &object, error))
                        return false;
                g_clear_pointer(&previous, json_node_unref);
                previous = result;
        }
        if (previous)
                json_object_set_member(row, "result", json_node_copy(previous));
        return true;
}

/* DEL goes the other way, and on where one fails. */
static bool
delete_chain(const Networks *networks,
             JsonObject *state,
             JsonObject *row,
             const char *ns_path,
             GError **error) {
        JsonArray *plugins = json_object_get_array_member(row, "plugins");
        JsonNode *result = json_object_has_member(row, "result")
                                           ? json_object_get_member(row, "result")
                                           : NULL;
        bool ok = true;
        for (guint i = json_array_get_length(plugins); i > 0; i--) {
                g_autofree char *reply = NULL;
                ok = execute(networks, state, row, json_array_get_object_element(plugins, i - 1),
                             "DEL", ns_path, result, &reply, ok ? error : NULL) &&
                     ok;
        }
        return ok;
}

static bool up(const Networks *networks, JsonObject *state, const char *ns_path, GError **error) {
        JsonArray *chains = json_object_get_array_member(state, "chains");
        for (guint i = 0; i < json_array_get_length(chains); i++)
                if (!add_chain(networks, state, json_array_get_object_element(chains, i), ns_path,
                               error))
                        return false;
        return true;
}

static bool down(const Networks *networks, JsonObject *state, const char *ns_path, GError **error) {
        JsonArray *chains;
        bool ok = true;
        if (!json_need_array(state, "chains", &chains, error))
                return false;
        for (guint i = 0; i < json_array_get_length(chains); i++)
                ok = delete_chain(networks, state, json_array_get_object_element(chains, i),
                                  ns_path, ok ? error : NULL) &&
                     ok;
        return ok;
}

const ExternalBackend cni_backend = {
        .name = "cni",
        .prepare = prepare,
        .up = up,
        .down = down,
};
