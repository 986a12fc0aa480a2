/* SPDX-License-Identifier: Apache-2.0 */
/* A status as JSON, for the container's record. */
#include "network/status.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

NetworkStatus *network_status_new(void) {
        NetworkStatus *status = g_new0(NetworkStatus, 1);
        status->interfaces =
                        g_ptr_array_new_with_free_func((GDestroyNotify) network_interface_free);
        return status;
}

void network_status_free(NetworkStatus *status) {
        if (!status)
                return;
        g_ptr_array_unref(status->interfaces);
        g_free(status);
}

NetworkInterface *network_interface_new(void) {
        NetworkInterface *interface = g_new0(NetworkInterface, 1);
        interface->addresses = g_array_new(FALSE, TRUE, sizeof(NetworkAddress));
        return interface;
}

void network_interface_free(NetworkInterface *interface) {
        if (!interface)
                return;
        g_free(interface->network);
        g_free(interface->network_id);
        g_free(interface->name);
        g_array_unref(interface->addresses);
        g_strfreev(interface->aliases);
        g_strfreev(interface->name_servers);
        g_free(interface);
}

NetworkInterface *network_status_find(const NetworkStatus *status, const char *network) {
        for (guint i = 0; i < status->interfaces->len; i++) {
                NetworkInterface *interface = status->interfaces->pdata[i];
                if (strcmp(interface->network, network) == 0)
                        return interface;
        }
        return NULL;
}

static JsonArray *addresses_to_json(const GArray *addresses) {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < addresses->len; i++) {
                const NetworkAddress *a = &g_array_index(addresses, NetworkAddress, i);
                g_autofree char *address = ip_format(&a->address);
                g_autofree char *ipnet = g_strdup_printf("%s/%u", address, a->prefix);
                JsonObject *row = json_object_new();
                json_object_set_string_member(row, "ipnet", ipnet);
                if (a->gateway.family) {
                        g_autofree char *gateway = ip_format(&a->gateway);
                        json_object_set_string_member(row, "gateway", gateway);
                }
                json_array_add_object_element(array, row);
        }
        return array;
}

JsonObject *network_status_to_json(const NetworkStatus *status) {
        JsonObject *object = json_object_new();
        JsonArray *array = json_array_new();
        for (guint i = 0; i < status->interfaces->len; i++) {
                const NetworkInterface *interface = status->interfaces->pdata[i];
                g_autofree char *mac = mac_format(&interface->mac);
                JsonObject *row = json_object_new();
                json_object_set_string_member(row, "network", interface->network);
                json_object_set_string_member(row, "id", interface->network_id);
                json_object_set_string_member(row, "name", interface->name);
                json_object_set_string_member(row, "mac_address", mac);
                json_object_set_array_member(
                                row, "subnets", addresses_to_json(interface->addresses));
                json_set_strings(row, "aliases", (const char *const *) interface->aliases);
                json_set_strings(
                                row, "name_servers", (const char *const *) interface->name_servers);
                json_array_add_object_element(array, row);
        }
        json_object_set_array_member(object, "interfaces", array);
        return object;
}

static bool addresses_from_json(JsonArray *array, GArray *addresses, GError **error) {
        for (guint i = 0; array && i < json_array_get_length(array); i++) {
                JsonObject *row;
                const char *ipnet, *gateway;
                NetworkAddress a = { 0 };
                IpSubnet subnet;
                if (!json_element_object(array, i, &row, error) ||
                    !json_need_string(row, "ipnet", &ipnet, error) ||
                    !json_get_string(row, "gateway", &gateway, error))
                        return false;
                g_auto(GStrv) parts = g_strsplit(ipnet, "/", 2);
                if (!subnet_parse(ipnet, &subnet) || !ip_parse(parts[0], &a.address))
                        return error_set_invalid(error, "ipnet: '%s' is no address", ipnet);
                a.prefix = subnet.prefix;
                if (gateway && *gateway && !ip_parse(gateway, &a.gateway))
                        return error_set_invalid(error, "gateway: '%s' is no address", gateway);
                g_array_append_val(addresses, a);
        }
        return true;
}

static NetworkInterface *interface_from_json(JsonObject *row, GError **error) {
        g_autoptr(NetworkInterface) interface = network_interface_new();
        const char *network, *id, *name, *mac;
        JsonArray *subnets;
        if (!json_need_string(row, "network", &network, error) ||
            !json_get_string(row, "id", &id, error) ||
            !json_need_string(row, "name", &name, error) ||
            !json_get_string(row, "mac_address", &mac, error) ||
            !json_get_array(row, "subnets", &subnets, error) ||
            !json_get_strings(row, "aliases", &interface->aliases, error) ||
            !json_get_strings(row, "name_servers", &interface->name_servers, error) ||
            !addresses_from_json(subnets, interface->addresses, error))
                return NULL;
        if (mac && *mac && !mac_parse(mac, &interface->mac)) {
                error_set_invalid(error, "mac_address: '%s' is no MAC address", mac);
                return NULL;
        }
        interface->network = g_strdup(network);
        interface->network_id = g_strdup(id ? id : "");
        interface->name = g_strdup(name);
        return g_steal_pointer(&interface);
}

NetworkStatus *network_status_from_json(JsonObject *object, GError **error) {
        g_autoptr(NetworkStatus) status = network_status_new();
        JsonArray *array;
        if (!json_get_array(object, "interfaces", &array, error))
                return NULL;
        for (guint i = 0; array && i < json_array_get_length(array); i++) {
                JsonObject *row;
                if (!json_element_object(array, i, &row, error))
                        return NULL;
                NetworkInterface *interface = interface_from_json(row, error);
                if (!interface)
                        return NULL;
                g_ptr_array_add(status->interfaces, interface);
        }
        return g_steal_pointer(&status);
}
