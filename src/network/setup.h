/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "network/lease.h"
#include "network/networks.h"
#include "network/request.h"
#include "network/status.h"

/* Connecting a container's network namespace, and letting go of it. The namespace itself is
 * somebody else's: with its last process the kernel takes the interfaces away, only what is outside
 * of it (lease, published ports, names) has to be taken back, by us or by whoever comes next. */

typedef struct NetworkContainer {
        const char *id;
        const char *name;
        LeaseOwner owner; /* borrowed */
        int ns_fd;
        const NetworkRequest *request; /* mode bridge */
} NetworkContainer;

/* Connects to all networks of the request, or to none. */
bool network_setup(
                const Networks *networks,
                const NetworkContainer *container,
                NetworkStatus **ret_status,
                GError **error);

/* Takes back what a container has outside of its namespace. Nothing there is fine. */
bool network_teardown(
                const Networks *networks,
                const char *id,
                const NetworkRequest *request,
                GError **error);

/* After a network's file was removed: its bridge, rules and lease file. */
bool network_forget(const Networks *networks, const Network *network, GError **error);

/* Connects a running container to one network more, or takes it off one. */
bool network_connect(
                const Networks *networks,
                const NetworkContainer *container,
                const NetworkAttachment *attachment,
                const NetworkStatus *status,
                NetworkInterface **ret_interface,
                GError **error);
bool network_disconnect(
                const Networks *networks,
                const NetworkContainer *container,
                const NetworkInterface *interface,
                GError **error);
