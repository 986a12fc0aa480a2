/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "network/port.h"

/* What a container asked for: --network and its companions, podman-run(1). It is kept in the
 * container's record, so that each start finds it again. */

typedef enum NetworkMode {
        NETWORK_MODE_BRIDGE, /* one or more networks, of whatever driver */
        NETWORK_MODE_NONE,
        NETWORK_MODE_HOST,
        NETWORK_MODE_CONTAINER, /* another container's namespace */
        NETWORK_MODE_NS,        /* a namespace by path */
        NETWORK_MODE_PASTA,
        NETWORK_MODE_SLIRP,
} NetworkMode;

#define NETWORK_ATTACHMENTS_MAX 100

typedef struct NetworkAttachment {
        char *network;
        char *interface;   /* inside; NULL: the next free ethN */
        GArray *addresses; /* of IpAddress: wanted */
        MacAddress mac;
        bool has_mac;
        GPtrArray *aliases;
} NetworkAttachment;

typedef struct NetworkRequest {
        NetworkMode mode;
        char *target; /* container, path, or the options of pasta and slirp4netns; or NULL */
        GPtrArray *attachments; /* of NetworkAttachment */
        GArray *ports;          /* of PortMapping */
        GArray *exposed;        /* of PortMapping, host port 0: not published ones too */
        bool no_hosts;
        char *hosts_file;     /* --hosts-file, or NULL */
        GPtrArray *add_hosts; /* "NAME[;NAME…]:ADDRESS" */
        GPtrArray *dns, *dns_search, *dns_options;
} NetworkRequest;

NetworkRequest *network_request_new(void);
void network_request_free(NetworkRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetworkRequest, network_request_free)

NetworkAttachment *network_attachment_new(const char *network);
void network_attachment_free(NetworkAttachment *attachment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetworkAttachment, network_attachment_free)

/* The flags, as given; NULL where they were not. */
typedef struct NetworkFlags {
        const GPtrArray *network;
        const char *ip, *ip6, *mac;
        const GPtrArray *aliases;
        const GPtrArray *publish, *expose;
        bool publish_all;
        char *const *image_ports; /* "80/tcp" */
        const GPtrArray *add_hosts, *dns, *dns_search, *dns_options;
        bool no_hosts;
        const char *hosts_file;
        const char *default_network;
        bool is_user; /* not root's: pasta is what "private" and nothing mean */
} NetworkFlags;

NetworkRequest *network_request_from_flags(const NetworkFlags *flags, GError **error);

/* "bridge", "none", "container:<target>", …, as inspect shows the mode. Caller frees. */
char *network_request_mode_text(const NetworkRequest *request);

JsonObject *network_request_to_json(const NetworkRequest *request);
NetworkRequest *network_request_from_json(JsonObject *object, GError **error);
