/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "network/address.h"

/* Published ports of an unprivileged user's container on a bridge. The kernel cannot lead packets
 * of the host there, as the bridge is in a namespace of the user's own: a process takes connections
 * and datagrams on the host and makes its own to the container. It does so with the client's
 * address as its source (IP_TRANSPARENT), which is what the container sees. */

/* The mark of our own packets to a container, and of what it answers: firewall.c makes one of the
 * other, and netlink_deliver_marked() leads it to our sockets. */
#define PUBLISH_SOCKET_MARK 0x6261
#define PUBLISH_REPLY_MARK  0x6262

/* Sockets on the host's ports. Element type PublishListener; caller unrefs, which closes them. */
GArray *publish_bind(const GArray *mappings, GError **error);

/* Appends their descriptors, of type int. */
void publish_add_fds(const GArray *listeners, GArray *fds);

typedef struct PublishTarget {
        IpAddress address[2]; /* IPv4, IPv6; family 0: the container has none */
        bool keeps_own;       /* source address; else the client's */
        int pid_fd;           /* of the container: the end of it is ours */
} PublishTarget;

/* Serves them; the process is in the namespace of the bridge and has no other threads. Returns at
 * the container's end, or with -errno. */
int publish_serve(const GArray *listeners, const PublishTarget *target);
