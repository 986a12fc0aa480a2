/* SPDX-License-Identifier: Apache-2.0 */
/* A request as JSON, for the container's record. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "network/request.h"

static const struct {
        const char *name;
        size_t offset;
} lists[] = {
        { "addHosts", offsetof(NetworkRequest, add_hosts) },
        { "dns", offsetof(NetworkRequest, dns) },
        { "dnsSearch", offsetof(NetworkRequest, dns_search) },
        { "dnsOptions", offsetof(NetworkRequest, dns_options) },
};

static void set_list(JsonObject *object, const char *name, const GPtrArray *list) {
        if (list->len == 0)
                return;
        JsonArray *array = json_array_new();
        for (guint i = 0; i < list->len; i++)
                json_array_add_string_element(array, list->pdata[i]);
        json_object_set_array_member(object, name, array);
}

static bool get_list(JsonObject *object, const char *name, GPtrArray *list, GError **error) {
        g_auto(GStrv) words = NULL;
        if (!json_get_strings(object, name, &words, error))
                return false;
        for (char **word = words; word && *word; word++)
                g_ptr_array_add(list, g_strdup(*word));
        return true;
}

static JsonObject *attachment_to_json(const NetworkAttachment *attachment) {
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "network", attachment->network);
        if (attachment->interface)
                json_object_set_string_member(object, "interface", attachment->interface);
        if (attachment->has_mac) {
                g_autofree char *mac = mac_format(&attachment->mac);
                json_object_set_string_member(object, "mac", mac);
        }
        g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < attachment->addresses->len; i++)
                g_ptr_array_add(addresses,
                                ip_format(&g_array_index(attachment->addresses, IpAddress, i)));
        set_list(object, "addresses", addresses);
        set_list(object, "aliases", attachment->aliases);
        return object;
}

static NetworkAttachment *attachment_from_json(JsonObject *object, GError **error) {
        const char *network, *interface, *mac;
        g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
        if (!json_need_string(object, "network", &network, error) ||
            !json_get_string(object, "interface", &interface, error) ||
            !json_get_string(object, "mac", &mac, error) ||
            !get_list(object, "addresses", addresses, error))
                return NULL;
        g_autoptr(NetworkAttachment) attachment = network_attachment_new(network);
        attachment->interface = g_strdup(interface);
        attachment->has_mac = mac && mac_parse(mac, &attachment->mac);
        for (guint i = 0; i < addresses->len; i++) {
                IpAddress address;
                if (ip_parse(addresses->pdata[i], &address))
                        g_array_append_val(attachment->addresses, address);
        }
        return get_list(object, "aliases", attachment->aliases, error)
                               ? g_steal_pointer(&attachment)
                               : NULL;
}

JsonObject *network_request_to_json(const NetworkRequest *request) {
        JsonObject *object = json_object_new();
        json_object_set_int_member(object, "mode", request->mode);
        if (request->target)
                json_object_set_string_member(object, "target", request->target);
        JsonArray *attachments = json_array_new();
        for (guint i = 0; i < request->attachments->len; i++)
                json_array_add_object_element(
                                attachments, attachment_to_json(request->attachments->pdata[i]));
        json_object_set_array_member(object, "attachments", attachments);
        if (request->ports->len > 0)
                json_object_set_array_member(object, "ports", ports_to_json(request->ports));
        if (request->exposed->len > 0)
                json_object_set_array_member(object, "exposed", ports_to_json(request->exposed));
        if (request->no_hosts)
                json_object_set_boolean_member(object, "noHosts", true);
        if (request->hosts_file)
                json_object_set_string_member(object, "hostsFile", request->hosts_file);
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
                set_list(object, lists[i].name,
                         *(GPtrArray *const
                                           *) (const void *) ((const char *) request + lists[i].offset));
        return object;
}

static bool get_attachments(JsonObject *object, NetworkRequest *request, GError **error) {
        JsonArray *array;
        if (!json_get_array(object, "attachments", &array, error))
                return false;
        for (guint i = 0; array && i < json_array_get_length(array); i++) {
                JsonObject *row;
                if (!json_element_object(array, i, &row, error))
                        return false;
                NetworkAttachment *attachment = attachment_from_json(row, error);
                if (!attachment)
                        return false;
                g_ptr_array_add(request->attachments, attachment);
        }
        return true;
}

NetworkRequest *network_request_from_json(JsonObject *object, GError **error) {
        g_autoptr(NetworkRequest) request = network_request_new();
        int64_t mode;
        const char *target, *hosts_file;
        JsonArray *ports, *exposed;
        if (!json_get_int(object, "mode", &mode, error) ||
            !json_get_string(object, "target", &target, error) ||
            !json_get_string(object, "hostsFile", &hosts_file, error) ||
            !json_get_bool(object, "noHosts", &request->no_hosts, error) ||
            !json_get_array(object, "ports", &ports, error) ||
            !json_get_array(object, "exposed", &exposed, error) ||
            !ports_from_json(ports, request->ports, error) ||
            !ports_from_json(exposed, request->exposed, error) ||
            !get_attachments(object, request, error))
                return NULL;
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
                if (!get_list(object, lists[i].name,
                              *(GPtrArray **) (void *) ((char *) request + lists[i].offset), error))
                        return NULL;
        if (mode < 0 || mode > NETWORK_MODE_SLIRP) {
                error_set_invalid(error, "mode: out of range");
                return NULL;
        }
        request->mode = (NetworkMode) mode;
        request->target = g_strdup(target);
        request->hosts_file = g_strdup(hosts_file);
        return g_steal_pointer(&request);
}
