/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "network/address.h"

/* One network as Podman's file NAME.json describes it; no I/O here. */

#define NETWORK_FILE_SIZE_MAX (1u << 20)
#define NETWORK_SUBNETS_MAX   64
#define NETWORK_ROUTES_MAX    1024

typedef struct NetworkSubnet {
        IpSubnet subnet;
        IpAddress gateway;                /* family 0: none */
        IpAddress range_start, range_end; /* family 0: the subnet's own ends */
} NetworkSubnet;

typedef struct NetworkRoute {
        IpSubnet destination;
        IpAddress gateway;
        int64_t metric; /* 0: not given */
} NetworkRoute;

typedef struct Network {
        char *name;
        char *id;        /* 64 hex characters */
        char *driver;    /* "bridge", "macvlan", "ipvlan" */
        char *interface; /* the bridge, or the parent; may be NULL for macvlan and ipvlan */
        char *created;   /* RFC 3339, as in the file */
        GArray *subnets; /* of NetworkSubnet */
        GArray *routes;  /* of NetworkRoute */
        bool ipv6, internal, dns;
        char **dns_servers;  /* may be NULL */
        GHashTable *labels;  /* name -> value, never NULL */
        GHashTable *options; /* name -> value, never NULL */
        char *ipam_driver;   /* "host-local", "dhcp", "none" */
} Network;

Network *network_new(void);
void network_free(Network *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Network, network_free)

Network *network_parse(const char *bytes, size_t size, const char *what, GError **error);
JsonObject *network_to_json(const Network *network);

/* [a-zA-Z0-9][a-zA-Z0-9_.-]*, also a file name of ours. */
bool network_name_is_valid(const char *name);

/* An option, or NULL. "mtu" also answers to Docker's com.docker.network.driver.mtu. */
const char *network_option(const Network *network, const char *name);
bool network_option_is_true(const Network *network, const char *name);

/* The number in an option, within [0, max]; not_given when absent. Checked when the network was
 * made; a number of somebody else's file that is none counts as absent. */
uint64_t
network_option_number(const Network *network, const char *name, uint64_t max, uint64_t not_given);

/* "default" behaviour of a bridge is spelled three ways: absent, "managed", "". */
bool network_is_unmanaged(const Network *network);
