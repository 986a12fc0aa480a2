/* SPDX-License-Identifier: Apache-2.0 */
/* The network file, both ways. */
#include "network/network.h"

#include <string.h>
#include <sys/socket.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

Network *network_new(void) {
        Network *network = g_new0(Network, 1);
        network->subnets = g_array_new(FALSE, TRUE, sizeof(NetworkSubnet));
        network->routes = g_array_new(FALSE, TRUE, sizeof(NetworkRoute));
        network->labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        network->options = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        return network;
}

void network_free(Network *network) {
        if (!network)
                return;
        g_free(network->name);
        g_free(network->id);
        g_free(network->driver);
        g_free(network->interface);
        g_free(network->created);
        g_array_unref(network->subnets);
        g_array_unref(network->routes);
        g_strfreev(network->dns_servers);
        g_hash_table_unref(network->labels);
        g_hash_table_unref(network->options);
        g_free(network->ipam_driver);
        g_free(network);
}

bool network_name_is_valid(const char *name) {
        return g_ascii_isalnum(name[0]) && strlen(name) <= 200 &&
               strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
                               strlen(name);
}

/* An optional address member; absent gives family 0. */
static bool
get_address(JsonObject *object, const char *name, IpAddress *ret_address, GError **error) {
        const char *text;
        if (!json_get_string(object, name, &text, error))
                return false;
        *ret_address = (IpAddress){ 0 };
        if (text && *text && !ip_parse(text, ret_address))
                return error_set_invalid(error, "%s: '%s' is no address", name, text);
        return true;
}

static bool get_prefix(JsonObject *object, const char *name, IpSubnet *ret, GError **error) {
        const char *text;
        if (!json_need_string(object, name, &text, error))
                return false;
        if (!subnet_parse(text, ret))
                return error_set_invalid(error, "%s: '%s' is no subnet", name, text);
        return true;
}

static bool parse_subnets(JsonObject *object, Network *network, GError **error) {
        JsonArray *array;
        if (!json_get_array(object, "subnets", &array, error))
                return false;
        guint n = array ? json_array_get_length(array) : 0;
        if (n > NETWORK_SUBNETS_MAX)
                return error_set_invalid(error, "more than %d subnets", NETWORK_SUBNETS_MAX);
        for (guint i = 0; i < n; i++) {
                JsonObject *row, *range;
                NetworkSubnet s = { 0 };
                if (!json_element_object(array, i, &row, error) ||
                    !get_prefix(row, "subnet", &s.subnet, error) ||
                    !get_address(row, "gateway", &s.gateway, error) ||
                    !json_get_object(row, "lease_range", &range, error))
                        return false;
                if (range && (!get_address(range, "start_ip", &s.range_start, error) ||
                              !get_address(range, "end_ip", &s.range_end, error)))
                        return false;
                g_array_append_val(network->subnets, s);
        }
        return true;
}

static bool parse_routes(JsonObject *object, Network *network, GError **error) {
        JsonArray *array;
        if (!json_get_array(object, "routes", &array, error))
                return false;
        guint n = array ? json_array_get_length(array) : 0;
        if (n > NETWORK_ROUTES_MAX)
                return error_set_invalid(error, "more than %d routes", NETWORK_ROUTES_MAX);
        for (guint i = 0; i < n; i++) {
                JsonObject *row;
                NetworkRoute r = { 0 };
                if (!json_element_object(array, i, &row, error) ||
                    !get_prefix(row, "destination", &r.destination, error) ||
                    !get_address(row, "gateway", &r.gateway, error) ||
                    !json_get_int(row, "metric", &r.metric, error))
                        return false;
                g_array_append_val(network->routes, r);
        }
        return true;
}

static bool get_text(JsonObject *object, const char *name, char **ret_text, GError **error) {
        const char *text;
        if (!json_get_string(object, name, &text, error))
                return false;
        *ret_text = text && *text ? g_strdup(text) : NULL;
        return true;
}

static bool get_map(JsonObject *object, const char *name, GHashTable **map, GError **error) {
        GHashTable *found;
        if (!json_get_string_map(object, name, &found, error))
                return false;
        if (found) {
                g_hash_table_unref(*map);
                *map = found;
        }
        return true;
}

/* An interface name ends up in rules and system calls: what the kernel takes, netdevice(7). */
static bool interface_is_valid(const char *name) {
        return strlen(name) < 16 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
               !strpbrk(name, "/: \t\n\"\\");
}

static bool check(const Network *network, GError **error) {
        static const char *const drivers[] = { "bridge", "macvlan", "ipvlan", NULL };
        if (!network->name || !network_name_is_valid(network->name))
                return error_set_invalid(error, "name is missing or invalid");
        if (!network->id || !hex_id_is_valid(network->id))
                return error_set_invalid(error, "id is no 64 hex characters");
        if (!network->driver || !g_strv_contains(drivers, network->driver))
                return error_set_invalid(
                                error,
                                "driver '%s' is not supported, use bridge, macvlan or ipvlan",
                                network->driver ? network->driver : "");
        if (network->interface && !interface_is_valid(network->interface))
                return error_set_invalid(
                                error, "network_interface '%s' is invalid", network->interface);
        if (!network->interface && strcmp(network->driver, "bridge") == 0)
                return error_set_invalid(error, "network_interface is missing");
        return true;
}

static bool parse_object(JsonObject *object, Network *network, GError **error) {
        JsonObject *ipam;
        if (!get_text(object, "name", &network->name, error) ||
            !get_text(object, "id", &network->id, error) ||
            !get_text(object, "driver", &network->driver, error) ||
            !get_text(object, "network_interface", &network->interface, error) ||
            !get_text(object, "created", &network->created, error) ||
            !parse_subnets(object, network, error) || !parse_routes(object, network, error) ||
            !json_get_bool(object, "ipv6_enabled", &network->ipv6, error) ||
            !json_get_bool(object, "internal", &network->internal, error) ||
            !json_get_bool(object, "dns_enabled", &network->dns, error) ||
            !json_get_strings(object, "network_dns_servers", &network->dns_servers, error) ||
            !get_map(object, "labels", &network->labels, error) ||
            !get_map(object, "options", &network->options, error) ||
            !json_get_object(object, "ipam_options", &ipam, error))
                return false;
        if (ipam && !get_text(ipam, "driver", &network->ipam_driver, error))
                return false;
        if (!network->ipam_driver)
                network->ipam_driver = g_strdup(network->subnets->len > 0 ? "host-local" : "none");
        return check(network, error);
}

Network *network_parse(const char *bytes, size_t size, const char *what, GError **error) {
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object;
        g_autoptr(Network) network = network_new();
        if (!json_parse_object(bytes, size, NETWORK_FILE_SIZE_MAX, what, &root, &object, error))
                return NULL;
        if (!parse_object(object, network, error)) {
                g_prefix_error(error, "%s: ", what);
                return NULL;
        }
        return g_steal_pointer(&network);
}

static void set_address(JsonObject *object, const char *name, const IpAddress *address) {
        if (address->family == 0)
                return;
        g_autofree char *text = ip_format(address);
        json_object_set_string_member(object, name, text);
}

static JsonArray *subnets_json(const Network *network) {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < network->subnets->len; i++) {
                const NetworkSubnet *s = &g_array_index(network->subnets, NetworkSubnet, i);
                JsonObject *row = json_object_new();
                g_autofree char *subnet = subnet_format(&s->subnet);
                json_object_set_string_member(row, "subnet", subnet);
                set_address(row, "gateway", &s->gateway);
                if (s->range_start.family || s->range_end.family) {
                        JsonObject *range = json_object_new();
                        set_address(range, "start_ip", &s->range_start);
                        set_address(range, "end_ip", &s->range_end);
                        json_object_set_object_member(row, "lease_range", range);
                }
                json_array_add_object_element(array, row);
        }
        return array;
}

static JsonArray *routes_json(const Network *network) {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < network->routes->len; i++) {
                const NetworkRoute *r = &g_array_index(network->routes, NetworkRoute, i);
                JsonObject *row = json_object_new();
                g_autofree char *destination = subnet_format(&r->destination);
                json_object_set_string_member(row, "destination", destination);
                set_address(row, "gateway", &r->gateway);
                if (r->metric)
                        json_object_set_int_member(row, "metric", r->metric);
                json_array_add_object_element(array, row);
        }
        return array;
}

JsonObject *network_to_json(const Network *network) {
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "name", network->name);
        json_object_set_string_member(object, "id", network->id);
        json_object_set_string_member(object, "driver", network->driver);
        if (network->interface)
                json_object_set_string_member(object, "network_interface", network->interface);
        if (network->created)
                json_object_set_string_member(object, "created", network->created);
        if (network->subnets->len > 0)
                json_object_set_array_member(object, "subnets", subnets_json(network));
        if (network->routes->len > 0)
                json_object_set_array_member(object, "routes", routes_json(network));
        json_object_set_boolean_member(object, "ipv6_enabled", network->ipv6);
        json_object_set_boolean_member(object, "internal", network->internal);
        json_object_set_boolean_member(object, "dns_enabled", network->dns);
        if (network->dns_servers && network->dns_servers[0])
                json_set_strings(
                                object, "network_dns_servers",
                                (const char *const *) network->dns_servers);
        if (g_hash_table_size(network->labels) > 0)
                json_set_string_map(object, "labels", network->labels);
        if (g_hash_table_size(network->options) > 0)
                json_set_string_map(object, "options", network->options);
        JsonObject *ipam = json_object_new();
        json_object_set_string_member(ipam, "driver", network->ipam_driver);
        json_object_set_object_member(object, "ipam_options", ipam);
        return object;
}

const char *network_option(const Network *network, const char *name) {
        const char *value = g_hash_table_lookup(network->options, name);
        if (!value && strcmp(name, "mtu") == 0)
                value = g_hash_table_lookup(network->options, "com.docker.network.driver.mtu");
        return value;
}

bool network_option_is_true(const Network *network, const char *name) {
        const char *text = network_option(network, name);
        bool value = false;
        return text && text_parse_bool(text, &value) && value;
}

uint64_t
network_option_number(const Network *network, const char *name, uint64_t max, uint64_t not_given) {
        const char *text = network_option(network, name);
        uint64_t number;
        return text && text_parse_uint64(text, max, &number) ? number : not_given;
}

bool network_is_unmanaged(const Network *network) {
        return g_strcmp0(network_option(network, "mode"), "unmanaged") == 0;
}
