/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "network/firewall.h"
#include "network/networks.h"

/* Taking back what dead containers left, and putting back what living ones need. A Firewall is
 * opened when the first rule has to change: *firewall may be NULL. */

/* Rules and names of leases that were taken out; with the lock of the network's leases held. */
bool reclaim_forget(
                const Networks *networks,
                Firewall **firewall,
                const Network *network,
                const GPtrArray *gone,
                GError **error);

/* Takes out the void leases of one network, or of all with NULL. */
bool reclaim_void(
                const Networks *networks,
                Firewall **firewall,
                const char *network_name,
                GError **error);

/* Fails with EADDRINUSE when a living container publishes one of the lease's ports. */
bool reclaim_ports(const Networks *networks, const Lease *lease, GError **error);

/* Puts back what running containers need, from their leases: after somebody flushed the rules. id
 * NULL: of all; *ret_n counts. Void leases are cleaned up on the way. */
bool network_reload(const Networks *networks, const char *id, guint *ret_n, GError **error);
