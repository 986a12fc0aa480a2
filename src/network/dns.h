/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "network/lease.h"
#include "network/networks.h"

/* Container names: the files of aardvark-dns, which we write as netavark does and share with it.
 * One file per network; SIGHUP makes the server read them again. */

/* Has the network a name server: it wants one and the program is there. */
bool dns_is_served(const Networks *networks, const Network *network);

/* Adds a container's names, and starts the server if it does not run. With the network's leases
 * locked. */
bool dns_add(const Networks *networks, const Network *network, const Lease *lease, GError **error);

/* Takes a container's names out; the file goes with the last one. With the leases locked. */
bool dns_remove(const Networks *networks, const Network *network, const char *id, GError **error);

/* The network namespace that the server is in goes or is gone, and all containers with it: ends the
 * server and forgets every name. */
void dns_reset(const Networks *networks);
