/* SPDX-License-Identifier: Apache-2.0 */
/* netavark setup|teardown NAMESPACE, JSON on standard input and output. */
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/json.h"
#include "base/process.h"
#include "network/external.h"

#define REPLY_SIZE_MAX (1u << 20)
#define PROGRAM        "netavark"

static JsonObject *options_of(const Lease *lease) {
        JsonObject *object = json_object_new();
        JsonArray *addresses = json_array_new(), *aliases = json_array_new();
        g_autofree char *mac = mac_format(&lease->mac);
        for (guint i = 0; i < lease->addresses->len; i++) {
                g_autofree char *address =
                                ip_format(&g_array_index(lease->addresses, IpAddress, i));
                json_array_add_string_element(addresses, address);
        }
        for (guint i = 1; i < lease->names->len; i++) /* the first is the container's own name */
                json_array_add_string_element(aliases, lease->names->pdata[i]);
        json_object_set_string_member(object, "interface_name", lease->interface);
        json_object_set_array_member(object, "static_ips", addresses);
        json_object_set_string_member(object, "static_mac", mac);
        json_object_set_array_member(object, "aliases", aliases);
        return object;
}

static JsonObject *prepare(const Networks *networks, const ExternalContainer *c) {
        JsonObject *state = json_object_new(), *request = json_object_new();
        JsonObject *joined = json_object_new(), *info = json_object_new();
        JsonArray *ports = NULL;
        (void) networks;
        json_object_set_string_member(request, "container_id", c->id);
        json_object_set_string_member(request, "container_name", c->name);
        for (guint i = 0; i < c->n_links; i++) {
                const ExternalLink *link = &c->links[i];
                json_object_set_object_member(joined, link->network->name, options_of(link->lease));
                json_object_set_object_member(
                                info, link->network->name, network_to_json(link->network));
                if (!ports && link->lease->ports->len > 0)
                        ports = ports_to_json(link->lease->ports);
        }
        json_object_set_object_member(request, "networks", joined);
        json_object_set_object_member(request, "network_info", info);
        if (ports)
                json_object_set_array_member(request, "port_mappings", ports);
        json_object_set_object_member(state, "request", request);
        return state;
}

/* {"error": "text"} on standard output is its way to complain. */
static bool fail(const char *verb, const char *reply, GError **error) {
        g_autoptr(JsonNode) node = NULL;
        JsonObject *object;
        const char *words = NULL;
        if (json_parse_object(reply, strlen(reply), REPLY_SIZE_MAX, PROGRAM, &node, &object, NULL))
                (void) json_get_string(object, "error", &words, NULL); /* else the text itself */
        return error_set_invalid(
                        error, "netavark %s: %.500s", verb,
                        words    ? words
                        : *reply ? reply
                                 : "it failed without a word");
}

static bool run(const Networks *networks,
                JsonObject *state,
                const char *verb,
                const char *ns_path,
                GError **error) {
        const ContainersConf *conf = networks_conf(networks);
        g_autofree char *program = containers_conf_find_helper(conf, PROGRAM);
        g_autofree char *dns = containers_conf_find_helper(conf, "aardvark-dns");
        JsonObject *request;
        if (!program)
                return error_set_invalid(
                                error, "network_backend is \"netavark\" in containers.conf, but "
                                       "the program is not in helper_binaries_dir nor $PATH");
        if (!json_need_object(state, "request", &request, error))
                return false;
        g_autofree char *input = json_format_object(request, false);
        const char *argv[] = { program,
                               "--config",
                               networks_state_dir(networks),
                               "--rootless=false",
                               "--aardvark-binary",
                               dns ? dns : "/usr/lib/podman/aardvark-dns",
                               verb,
                               ns_path,
                               NULL };
        g_auto(GStrv) env = g_get_environ();
        if (conf->firewall_driver && *conf->firewall_driver)
                env = g_environ_setenv(env, "NETAVARK_FW", conf->firewall_driver, TRUE);
        g_autofree char *reply = NULL;
        int status;
        if (!process_converse(argv, env, input, REPLY_SIZE_MAX, &reply, &status, error))
                return false;
        return (WIFEXITED(status) && WEXITSTATUS(status) == 0) || fail(verb, reply, error);
}

static bool up(const Networks *networks, JsonObject *state, const char *ns_path, GError **error) {
        return run(networks, state, "setup", ns_path, error);
}

static bool down(const Networks *networks, JsonObject *state, const char *ns_path, GError **error) {
        return run(networks, state, "teardown", ns_path, error);
}

const ExternalBackend netavark_backend = {
        .name = "netavark",
        .has_names = true,
        .prepare = prepare,
        .up = up,
        .down = down,
};
