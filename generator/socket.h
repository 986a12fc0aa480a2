/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "generator/quadlet.h"

/* PublishSocket=yes: systemd holds the published TCP ports, in NAME.socket, so that connections
 * wait instead of being refused while the container restarts, and the first one starts it. The
 * sockets go to the payload (LISTEN_FDS) and to NAME-forward.service, which serves one that does
 * not take them. */
#define SOCKETS_TARGET "sockets.target" /* systemd.special(7) */

typedef struct SocketUnits {
        char *socket_name;
        char *forward_name;
        UnitFile *socket;
        UnitFile *forward;
} SocketUnits;

/* Whether NAME.socket is wanted at all. */
bool socket_is_published(Quadlet *quadlet);

/* What sockets.target pulls in is the socket: the service comes with the first connection. */
bool socket_is_wanted_by(Quadlet *quadlet, const char *target);

/* "--publish" of the ports that no socket holds; errors of those that one cannot. */
void socket_add_ports(GString *command, Quadlet *quadlet);

/* What the service itself needs for its sockets. */
void socket_add_service(Quadlet *quadlet);

/* "NAME.socket". Caller frees. */
char *socket_name(const Quadlet *quadlet);

/* False when the file makes none. */
bool socket_units_make(Quadlet *quadlet, SocketUnits *ret_units);
void socket_units_clear(SocketUnits *units);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SocketUnits, socket_units_clear)
