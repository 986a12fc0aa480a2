/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "network/setup.h"
#include "runtime/container.h"
#include "runtime/record.h"

/* Bridges of an unprivileged user. They are in one network namespace that all containers of the
 * user share, and that pasta connects with the host's network: berth-rootless-netns.service of the
 * user's manager, whose main process is pasta. A process beside it holds the namespaces; they are
 * also in the unit's descriptor store, so that a pasta that died comes back to the same ones and no
 * container notices more than a pause. Only a process in the user namespace that owns the network
 * namespace may connect something to it, so containers on bridges are made in that user namespace.
 * The unit starts with the first container and stops after the last. */

/* Starts the unit if need be and joins its user namespace; the caller is still itself. */
bool rootless_network_enter(Runtime *runtime, GError **error);

/* What network_setup() and the like do, there; each has a root user's way, too. A network whose
 * unit does not run has nothing to take back. */
bool rootless_network_setup(
                Runtime *runtime,
                const ContainerRecord *record,
                const NetworkContainer *container,
                NetworkStatus **ret_status,
                GError **error);
bool rootless_network_teardown(
                Runtime *runtime, const char *id, const NetworkRequest *request, GError **error);
bool rootless_network_connect(
                Runtime *runtime,
                const NetworkContainer *container,
                const NetworkAttachment *attachment,
                const NetworkStatus *status,
                NetworkInterface **ret_interface,
                GError **error);
bool rootless_network_disconnect(
                Runtime *runtime,
                const NetworkContainer *container,
                const NetworkInterface *interface,
                GError **error);
bool rootless_network_forget(Runtime *runtime, const Network *network, GError **error);
bool rootless_network_reload(Runtime *runtime, const char *id, guint *ret_n, GError **error);

typedef struct RootlessNetwork RootlessNetwork;
void rootless_network_free(RootlessNetwork *network);

/* The unit's own side: makes or takes over the namespaces, leaves their holder behind and starts
 * pasta. */
bool rootless_network_hold(Runtime *runtime, GError **error);

/* RUN/berth-netns; its files are "holder", "pasta.pid", "lock", "host", "resolv.conf" and
 * "users/ID". Caller frees. */
char *rootless_network_directory(void);
