/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "network/address.h"

/* What a running container got: its interfaces, one per network. */

typedef struct NetworkAddress {
        IpAddress address;
        unsigned int prefix;
        IpAddress gateway; /* family 0: none */
} NetworkAddress;

typedef struct NetworkInterface {
        char *network;
        char *network_id;
        char *name; /* "eth0" */
        MacAddress mac;
        GArray *addresses; /* of NetworkAddress */
        char **aliases;
        char **name_servers; /* of the network, when it has names */
} NetworkInterface;

typedef struct NetworkStatus {
        GPtrArray *interfaces; /* of NetworkInterface */
} NetworkStatus;

NetworkStatus *network_status_new(void);
void network_status_free(NetworkStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetworkStatus, network_status_free)

NetworkInterface *network_interface_new(void);
void network_interface_free(NetworkInterface *interface);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetworkInterface, network_interface_free)

/* The interface of a network, or NULL. Borrowed. */
NetworkInterface *network_status_find(const NetworkStatus *status, const char *network);

JsonObject *network_status_to_json(const NetworkStatus *status);
NetworkStatus *network_status_from_json(JsonObject *object, GError **error);
