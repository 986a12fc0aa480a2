/* SPDX-License-Identifier: Apache-2.0 */
/* Filters and template fields of networks. */
#include "cli/network-list.h"

#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "runtime/network.h"
#include "runtime/pod.h"

static bool uses(const NetworkRequest *request, const Network *network) {
        for (guint i = 0; request && i < request->attachments->len; i++) {
                const NetworkAttachment *a = request->attachments->pdata[i];
                if (strcmp(a->network, network->name) == 0)
                        return true;
        }
        return false;
}

GPtrArray *network_pods(Runtime *runtime, const Network *network, GError **error) {
        GPtrArray *pods = pod_list(runtime->records, error);
        for (guint i = pods ? pods->len : 0; i > 0; i--) {
                g_autoptr(NetworkRequest) request = pod_network_request(pods->pdata[i - 1], NULL);
                if (!uses(request, network))
                        g_ptr_array_remove_index(pods, i - 1);
        }
        return pods;
}

GPtrArray *network_users(Runtime *runtime, const Network *network, GError **error) {
        g_autoptr(GPtrArray) records = record_list(runtime->records, error);
        if (!records)
                return NULL;
        for (guint i = records->len; i > 0; i--) {
                g_autoptr(NetworkRequest) request =
                                record_network_request(records->pdata[i - 1], NULL);
                if (!uses(request, network))
                        g_ptr_array_remove_index(records, i - 1);
        }
        return g_steal_pointer(&records);
}

static bool has_label(const Network *network, const char *value) {
        g_auto(GStrv) pair = g_strsplit(value, "=", 2);
        const char *held = g_hash_table_lookup(network->labels, pair[0] ? pair[0] : "");
        return held && (!pair[1] || strcmp(held, pair[1]) == 0);
}

/* "until": made before that point in time, a time or a duration ago. */
static bool made_before(const Network *network, const char *value, bool *ret, GError **error) {
        int64_t then, created = 0;
        uint64_t ago_usec;
        if (text_parse_duration(value, &ago_usec))
                then = ((int64_t) time(NULL) - (int64_t) (ago_usec / G_USEC_PER_SEC)) * 1000000000;
        else if (!text_parse_time(value, &then))
                return error_set_invalid(error, "invalid until filter value \"%s\"", value);
        (void) text_parse_time(network->created ? network->created : "", &created);
        *ret = created < then;
        return true;
}

static bool
is_dangling(Runtime *runtime,
            const Network *network,
            const char *value,
            bool *ret,
            GError **error) {
        bool wanted;
        if (!text_parse_bool(value, &wanted))
                return error_set_invalid(error, "invalid dangling filter value \"%s\"", value);
        g_autoptr(GPtrArray) users = network_users(runtime, network, error);
        g_autoptr(GPtrArray) pods = users ? network_pods(runtime, network, error) : NULL;
        if (!pods)
                return false;
        bool unused = users->len + pods->len == 0 &&
                      !networks_is_default(runtime->networks, network->name);
        *ret = unused == wanted;
        return true;
}

static bool
matches(Runtime *runtime,
        const Network *network,
        const char *key,
        const char *value,
        bool *ret,
        GError **error) {
        if (strcmp(key, "name") == 0)
                *ret = g_regex_match_simple(value, network->name, 0, 0);
        else if (strcmp(key, "id") == 0)
                *ret = g_str_has_prefix(network->id, value);
        else if (strcmp(key, "driver") == 0)
                *ret = strcmp(network->driver, value) == 0;
        else if (strcmp(key, "label") == 0)
                *ret = has_label(network, value);
        else if (strcmp(key, "label!") == 0)
                *ret = !has_label(network, value);
        else if (strcmp(key, "until") == 0)
                return made_before(network, value, ret, error);
        else if (strcmp(key, "dangling") == 0)
                return is_dangling(runtime, network, value, ret, error);
        else
                return error_set_invalid(error, "invalid filter \"%s\"", key);
        return true;
}

/* "label!=x" is the key "label!"; a filter without value is an error. */
static bool split_filter(const char *text, char **ret_key, char **ret_value, GError **error) {
        const char *equal = strchr(text, '=');
        if (!equal || equal == text)
                return error_set_invalid(error, "invalid filter \"%s\"", text);
        *ret_key = g_strndup(text, (gsize) (equal - text));
        *ret_value = g_strdup(equal + 1);
        return true;
}

/* Values of one key are alternatives but for labels; different keys must all hold. */
static bool
passes(Runtime *runtime,
       const Network *network,
       const GPtrArray *filters,
       bool *ret,
       GError **error) {
        *ret = true;
        for (guint i = 0; filters && i < filters->len; i++) {
                g_autofree char *key = NULL, *value = NULL;
                if (!split_filter(filters->pdata[i], &key, &value, error))
                        return false;
                bool any = false, all = true;
                for (guint k = 0; k < filters->len; k++) {
                        g_autofree char *other = NULL, *wanted = NULL;
                        bool hit = false;
                        if (!split_filter(filters->pdata[k], &other, &wanted, error))
                                return false;
                        if (strcmp(other, key) != 0)
                                continue;
                        if (!matches(runtime, network, key, wanted, &hit, error))
                                return false;
                        any = any || hit;
                        all = all && hit;
                }
                *ret = *ret && (g_str_has_prefix(key, "label") ? all : any);
        }
        return true;
}

GPtrArray *network_list_filtered(Runtime *runtime, const GPtrArray *filters, GError **error) {
        const Networks *networks = runtime_networks(runtime, error);
        g_autoptr(GPtrArray) list = networks ? networks_list(networks, error) : NULL;
        if (!list)
                return NULL;
        for (guint i = list->len; i > 0; i--) {
                bool keep;
                if (!passes(runtime, list->pdata[i - 1], filters, &keep, error))
                        return NULL;
                if (!keep)
                        g_ptr_array_remove_index(list, i - 1);
        }
        return g_steal_pointer(&list);
}

/* "subnet" -> "Subnet", "lease_range" -> "LeaseRange", as Go's fields are called. */
static char *field_name(const char *member) {
        if (strcmp(member, "id") == 0)
                return g_strdup("ID");
        GString *name = g_string_new(NULL);
        bool up = true;
        for (const char *at = member; *at; at++) {
                if (*at == '_') {
                        up = true;
                        continue;
                }
                g_string_append_c(name, up ? g_ascii_toupper(*at) : *at);
                up = false;
        }
        return g_string_free(name, FALSE);
}

static const struct {
        const char *from, *to;
} special_names[] = {
        { "ipv6_enabled", "IPv6Enabled" },
        { "dns_enabled", "DNSEnabled" },
        { "network_dns_servers", "NetworkDNSServers" },
        { "ipam_options", "IPAMOptions" },
};

static JsonNode *with_field_names(JsonNode *node);

static JsonObject *object_with_field_names(JsonObject *object) {
        JsonObject *out = json_object_new();
        g_autoptr(GList) members = json_object_get_members(object);
        for (GList *at = members; at; at = at->next) {
                g_autofree char *name = field_name(at->data);
                for (size_t i = 0; i < G_N_ELEMENTS(special_names); i++)
                        if (strcmp(special_names[i].from, at->data) == 0) {
                                g_free(name);
                                name = g_strdup(special_names[i].to);
                        }
                JsonNode *value = json_object_get_member(object, at->data);
                bool map = strcmp(at->data, "labels") == 0 || strcmp(at->data, "options") == 0 ||
                           strcmp(at->data, "ipam_options") == 0; /* keys are not ours */
                json_object_set_member(
                                out, name, map ? json_node_copy(value) : with_field_names(value));
        }
        return out;
}

static JsonNode *with_field_names(JsonNode *node) {
        JsonNode *out;
        if (JSON_NODE_HOLDS_OBJECT(node)) {
                out = json_node_new(JSON_NODE_OBJECT);
                json_node_take_object(out, object_with_field_names(json_node_get_object(node)));
                return out;
        }
        if (JSON_NODE_HOLDS_ARRAY(node)) {
                JsonArray *from = json_node_get_array(node), *to = json_array_new();
                for (guint i = 0; i < json_array_get_length(from); i++)
                        json_array_add_element(
                                        to, with_field_names(json_array_get_element(from, i)));
                out = json_node_new(JSON_NODE_ARRAY);
                json_node_take_array(out, to);
                return out;
        }
        return json_node_copy(node);
}

JsonObject *network_template_json(const Network *network) {
        g_autoptr(JsonObject) object = network_to_json(network);
        static const char *const optional[] = { "subnets", "routes", "network_dns_servers" };
        for (size_t i = 0; i < G_N_ELEMENTS(optional); i++)
                if (!json_object_has_member(object, optional[i]))
                        json_object_set_array_member(object, optional[i], json_array_new());
        static const char *const maps[] = { "labels", "options" };
        for (size_t i = 0; i < G_N_ELEMENTS(maps); i++)
                if (!json_object_has_member(object, maps[i]))
                        json_object_set_object_member(object, maps[i], json_object_new());
        if (!json_object_has_member(object, "network_interface"))
                json_object_set_string_member(object, "network_interface", "");
        return object_with_field_names(object);
}
