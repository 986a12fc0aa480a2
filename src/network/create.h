/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "network/networks.h"

/* A new network, from podman-network-create(1)'s flags to its file. */

typedef struct NetworkCreateFlags {
        const char *name; /* NULL: podmanN */
        const char *driver, *ipam_driver, *interface;
        bool internal, ipv6, disable_dns;
        bool ignore; /* one that exists is fine */
        const GPtrArray *subnets, *gateways, *ranges, *routes;
        const GPtrArray *options, *labels, *dns;
} NetworkCreateFlags;

/* Makes it; the result is what is in the file now. */
Network *networks_create(const Networks *networks, const NetworkCreateFlags *flags, GError **error);

/* Changes the name servers of a network, `network update`. */
bool networks_update_dns(
                const Networks *networks,
                const char *name,
                const GPtrArray *add,
                const GPtrArray *drop,
                GError **error);
