/* SPDX-License-Identifier: Apache-2.0 */
/* From the flags to what is asked for. */
#include "network/request.h"

#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "network/network.h"

NetworkAttachment *network_attachment_new(const char *network) {
        NetworkAttachment *attachment = g_new0(NetworkAttachment, 1);
        attachment->network = g_strdup(network);
        attachment->addresses = g_array_new(FALSE, TRUE, sizeof(IpAddress));
        attachment->aliases = g_ptr_array_new_with_free_func(g_free);
        return attachment;
}

void network_attachment_free(NetworkAttachment *attachment) {
        if (!attachment)
                return;
        g_free(attachment->network);
        g_free(attachment->interface);
        g_array_unref(attachment->addresses);
        g_ptr_array_unref(attachment->aliases);
        g_free(attachment);
}

NetworkRequest *network_request_new(void) {
        NetworkRequest *request = g_new0(NetworkRequest, 1);
        request->attachments =
                        g_ptr_array_new_with_free_func((GDestroyNotify) network_attachment_free);
        request->ports = g_array_new(FALSE, TRUE, sizeof(PortMapping));
        request->exposed = g_array_new(FALSE, TRUE, sizeof(PortMapping));
        request->add_hosts = g_ptr_array_new_with_free_func(g_free);
        request->dns = g_ptr_array_new_with_free_func(g_free);
        request->dns_search = g_ptr_array_new_with_free_func(g_free);
        request->dns_options = g_ptr_array_new_with_free_func(g_free);
        return request;
}

void network_request_free(NetworkRequest *request) {
        if (!request)
                return;
        g_free(request->target);
        g_ptr_array_unref(request->attachments);
        g_array_unref(request->ports);
        g_array_unref(request->exposed);
        g_free(request->hosts_file);
        g_ptr_array_unref(request->add_hosts);
        g_ptr_array_unref(request->dns);
        g_ptr_array_unref(request->dns_search);
        g_ptr_array_unref(request->dns_options);
        g_free(request);
}

static bool
add_address(NetworkAttachment *attachment, const char *text, int family, GError **error) {
        IpAddress address;
        if (!ip_parse(text, &address))
                return error_set_invalid(error, "\"%s\" is not an ip address", text);
        if (family && address.family != family)
                return error_set_invalid(
                                error, "ip address %s is not an IPv%d address", text,
                                family == AF_INET ? 4 : 6);
        g_array_append_val(attachment->addresses, address);
        return true;
}

static bool set_mac(NetworkAttachment *attachment, const char *text, GError **error) {
        attachment->has_mac = mac_parse(text, &attachment->mac);
        return attachment->has_mac ||
               error_set_invalid(error, "address %s: invalid MAC address", text);
}

/* An alias goes into files that blanks, commas and newlines separate. */
static bool add_alias(NetworkAttachment *attachment, const char *text, GError **error) {
        if (!*text || strlen(text) > 253 || strpbrk(text, " ,\t\n/"))
                return error_set_invalid(error, "network alias \"%s\" is invalid", text);
        g_ptr_array_add(attachment->aliases, g_strdup(text));
        return true;
}

/* One of "ip=10.88.0.9", "alias=web", … behind the network's name. */
static bool apply_option(NetworkAttachment *attachment, const char *option, GError **error) {
        g_auto(GStrv) pair = g_strsplit(option, "=", 2);
        const char *key = pair[0] ? pair[0] : "", *value = pair[0] ? pair[1] : NULL;
        if (!value || !*value)
                return error_set_invalid(error, "invalid network option \"%s\"", option);
        if (strcmp(key, "ip") == 0 || strcmp(key, "ip6") == 0)
                return add_address(attachment, value, 0, error);
        if (strcmp(key, "mac") == 0)
                return set_mac(attachment, value, error);
        if (strcmp(key, "alias") == 0)
                return add_alias(attachment, value, error);
        if (strcmp(key, "interface_name") == 0) {
                if (strlen(value) > 15 || strchr(value, '/'))
                        return error_set_invalid(error, "interface_name \"%s\" is invalid", value);
                g_free(attachment->interface);
                attachment->interface = g_strdup(value);
                return true;
        }
        return error_set_invalid(
                        error,
                        "network option \"%s\" is not supported, use ip=, ip6=, mac=, alias= or "
                        "interface_name=",
                        key);
}

static bool
attach(NetworkRequest *request, const char *network, const char *options, GError **error) {
        if (request->attachments->len >= NETWORK_ATTACHMENTS_MAX)
                return error_set_invalid(error, "more than %d networks", NETWORK_ATTACHMENTS_MAX);
        g_autoptr(NetworkAttachment) attachment = network_attachment_new(network);
        g_auto(GStrv) words = g_strsplit(options ? options : "", ",", -1);
        for (char **word = words; *word; word++)
                if (**word && !apply_option(attachment, *word, error))
                        return false;
        for (guint i = 0; i < request->attachments->len; i++) {
                const NetworkAttachment *other = request->attachments->pdata[i];
                if (strcmp(other->network, network) == 0)
                        return error_set_invalid(error, "network %s is given twice", network);
        }
        g_ptr_array_add(request->attachments, g_steal_pointer(&attachment));
        return true;
}

static const struct {
        const char *text;
        NetworkMode mode;
        bool with_target; /* must have ":TARGET" */
} modes[] = {
        { "bridge", NETWORK_MODE_BRIDGE, false },
        { "none", NETWORK_MODE_NONE, false },
        { "host", NETWORK_MODE_HOST, false },
        { "container", NETWORK_MODE_CONTAINER, true },
        { "ns", NETWORK_MODE_NS, true },
        { "pasta", NETWORK_MODE_PASTA, false },
        { "slirp4netns", NETWORK_MODE_SLIRP, false },
        { "private", NETWORK_MODE_BRIDGE, false },
        { "default", NETWORK_MODE_BRIDGE, false },
};

/* A mode's row, or -1: then the word is the name of a network. */
static int find_mode(const char *word) {
        for (size_t i = 0; i < G_N_ELEMENTS(modes); i++)
                if (strcmp(modes[i].text, word) == 0)
                        return (int) i;
        return -1;
}

static bool
add_network(NetworkRequest *request,
            const char *text,
            bool first,
            const char *default_network,
            GError **error) {
        g_auto(GStrv) parts = g_strsplit(text, ":", 2);
        const char *word = parts[0] ? parts[0] : "";
        const char *rest = parts[0] ? parts[1] : NULL;
        int row = *word ? find_mode(word) : find_mode("bridge");
        NetworkMode mode = row < 0 ? NETWORK_MODE_BRIDGE : modes[row].mode;
        if (!first && (mode != NETWORK_MODE_BRIDGE || request->mode != NETWORK_MODE_BRIDGE)) {
                g_autofree char *selected = network_request_mode_text(request);
                return error_set_invalid(
                                error,
                                "cannot set multiple networks without bridge network mode, "
                                "selected mode %s: invalid argument",
                                selected);
        }
        request->mode = mode;
        if (row < 0 && rest == NULL && strchr(word, ',')) { /* "a,b", as Podman still takes it */
                g_auto(GStrv) names = g_strsplit(word, ",", -1);
                for (char **name = names; *name; name++)
                        if (!attach(request, *name, NULL, error))
                                return false;
                return true;
        }
        if (mode == NETWORK_MODE_BRIDGE)
                return attach(request, row < 0 ? word : default_network, rest, error);
        if (modes[row].with_target && (!rest || !*rest))
                return error_set_invalid(error, "network mode \"%s\" needs a target", word);
        if (rest && (mode == NETWORK_MODE_NONE || mode == NETWORK_MODE_HOST))
                return error_set_invalid(error, "network mode \"%s\" has no options", word);
        request->target = g_strdup(rest);
        return true;
}

/* --ip, --ip6, --mac-address, --network-alias speak of the one network there is. */
static bool apply_single_flags(NetworkRequest *request, const NetworkFlags *flags, GError **error) {
        const struct {
                const char *name, *value;
        } singles[] = {
                { "ip", flags->ip },
                { "ip6", flags->ip6 },
                { "mac-address", flags->mac },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(singles); i++) {
                if (!singles[i].value)
                        continue;
                if (request->mode != NETWORK_MODE_BRIDGE)
                        return error_set_invalid(
                                        error,
                                        "--%s can only be set when the network mode is bridge: "
                                        "invalid argument",
                                        singles[i].name);
                if (request->attachments->len != 1)
                        return error_set_invalid(
                                        error,
                                        "--%s can only be set for a single network: invalid "
                                        "argument",
                                        singles[i].name);
        }
        bool aliases = flags->aliases && flags->aliases->len > 0;
        if (aliases && request->mode != NETWORK_MODE_BRIDGE)
                return error_set_invalid(
                                error, "networks and static ip/mac address can only be used with "
                                       "Bridge mode networking: --network-alias");
        if (request->attachments->len == 0)
                return true;
        NetworkAttachment *only = request->attachments->pdata[0];
        if ((flags->ip && !add_address(only, flags->ip, AF_INET, error)) ||
            (flags->ip6 && !add_address(only, flags->ip6, AF_INET6, error)) ||
            (flags->mac && !set_mac(only, flags->mac, error)))
                return false;
        for (guint k = 0; k < request->attachments->len; k++)
                for (guint i = 0; aliases && i < flags->aliases->len; i++)
                        if (!add_alias(request->attachments->pdata[k], flags->aliases->pdata[i],
                                       error))
                                return false;
        return true;
}

static bool apply_ports(NetworkRequest *request, const NetworkFlags *flags, GError **error) {
        for (guint i = 0; flags->publish && i < flags->publish->len; i++)
                if (!ports_parse(flags->publish->pdata[i], request->ports, error))
                        return false;
        for (guint i = 0; flags->expose && i < flags->expose->len; i++)
                if (!ports_parse_exposed(flags->expose->pdata[i], request->exposed, error))
                        return false;
        for (char *const *port = flags->image_ports; port && *port; port++)
                if (!ports_parse_exposed(*port, request->exposed, NULL))
                        continue; /* an image's mistake is not the user's */
        if (flags->publish_all)
                ports_publish_all(request->ports, request->exposed);
        bool own = request->mode == NETWORK_MODE_BRIDGE || request->mode == NETWORK_MODE_PASTA ||
                   request->mode == NETWORK_MODE_SLIRP;
        if (!own)
                g_array_set_size(request->ports, 0); /* the caller says that they are discarded */
        return ports_choose(request->ports, error);
}

static void copy_words(GPtrArray *to, const GPtrArray *from) {
        for (guint i = 0; from && i < from->len; i++)
                g_ptr_array_add(to, g_strdup(from->pdata[i]));
}

static bool check_host_entry(const char *text, GError **error) {
        const char *colon = strchr(text, ':');
        IpAddress address;
        if (!colon || colon == text || strpbrk(text, " \t\n"))
                return error_set_invalid(error, "bad format for add-host: \"%s\"", text);
        if (strcmp(colon + 1, "host-gateway") != 0 && !ip_parse(colon + 1, &address))
                return error_set_invalid(
                                error, "invalid IP address in add-host: \"%s\"", colon + 1);
        return true;
}

static bool apply_names(NetworkRequest *request, const NetworkFlags *flags, GError **error) {
        if (flags->no_hosts && flags->add_hosts && flags->add_hosts->len > 0)
                return error_set_invalid(error, "--no-hosts and --add-host cannot be set together");
        if (flags->no_hosts && flags->hosts_file)
                return error_set_invalid(
                                error, "--no-hosts and --hosts-file cannot be set together");
        for (guint i = 0; flags->add_hosts && i < flags->add_hosts->len; i++)
                if (!check_host_entry(flags->add_hosts->pdata[i], error))
                        return false;
        if (request->mode == NETWORK_MODE_CONTAINER && flags->add_hosts &&
            flags->add_hosts->len > 0)
                return error_set_invalid(
                                error, "cannot set extra host entries when the container is joined "
                                       "to another containers network namespace: invalid "
                                       "configuration");
        for (guint i = 0; flags->dns && i < flags->dns->len; i++) {
                const char *text = flags->dns->pdata[i];
                IpAddress address;
                if (strcmp(text, "none") == 0 && flags->dns->len == 1)
                        continue;
                if (!ip_parse(text, &address))
                        return error_set_invalid(error, "%s is not an ip address", text);
        }
        request->no_hosts = flags->no_hosts;
        request->hosts_file = g_strdup(flags->hosts_file);
        copy_words(request->add_hosts, flags->add_hosts);
        copy_words(request->dns, flags->dns);
        copy_words(request->dns_search, flags->dns_search);
        copy_words(request->dns_options, flags->dns_options);
        return true;
}

NetworkRequest *network_request_from_flags(const NetworkFlags *flags, GError **error) {
        g_autoptr(NetworkRequest) request = network_request_new();
        guint n = flags->network ? flags->network->len : 0;
        for (guint i = 0; i < n; i++)
                if (!add_network(request, flags->network->pdata[i], i == 0, flags->default_network,
                                 error))
                        return NULL;
        bool private = n == 0 || (n == 1 && (strcmp(flags->network->pdata[0], "private") == 0 ||
                                             strcmp(flags->network->pdata[0], "default") == 0));
        if (private && flags->is_user) {
                request->mode = NETWORK_MODE_PASTA;
                g_ptr_array_set_size(request->attachments, 0);
        } else if (n == 0 && !attach(request, flags->default_network, NULL, error)) {
                return NULL;
        }
        if (!apply_single_flags(request, flags, error) || !apply_ports(request, flags, error) ||
            !apply_names(request, flags, error))
                return NULL;
        return g_steal_pointer(&request);
}

char *network_request_mode_text(const NetworkRequest *request) {
        for (size_t i = 0; i < G_N_ELEMENTS(modes); i++)
                if (modes[i].mode == request->mode)
                        return request->target ? g_strconcat(modes[i].text, ":", request->target,
                                                             NULL)
                                               : g_strdup(modes[i].text);
        g_assert_not_reached();
}
