/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "network/lease.h"
#include "network/netlink.h"
#include "network/network.h"

/* The links of a container, by driver. */

/* Makes the bridge of a network unless it is there and up; *ret_made tells. With the network's
 * leases locked: one at a time. */
bool attach_ensure_bridge(Netlink *host, const Network *network, bool *ret_made, GError **error);

/* Makes the container's interface in ns_fd and gives it what the lease says: addresses, routes. */
bool attach_interface(
                Netlink *host,
                const Network *network,
                const Lease *lease,
                int ns_fd,
                GError **error);

/* Takes the interface out of a running container. */
bool attach_remove_interface(const char *name, int ns_fd, GError **error);

/* Removes the network's bridge if it is one of ours; one that is not there is fine. */
bool attach_remove_bridge(Netlink *host, const Network *network, GError **error);
