/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "network/networks.h"
#include "network/request.h"
#include "network/status.h"
#include "runtime/container.h"
#include "runtime/launch.h"
#include "runtime/spec-build.h"

/* A container's network, from its flags to its interfaces: network/ does the work, here is when. */

/* All networks of this host; opened when first asked for. Borrowed. */
const Networks *runtime_networks(Runtime *runtime, GError **error);

/* From the flags to the record, the configuration's namespace and the mounts of hosts and
 * resolv.conf, whose files are written for a first time. */
bool network_build(const SpecRequest *request, OciSpec *spec, GError **error);
bool network_build_files(const SpecRequest *request, OciSpec *spec, GError **error);

/* Writes hosts and resolv.conf in place, with what the container got (status NULL: nothing yet).
 * The networks are open. */
bool network_write_files(
                Runtime *runtime,
                Container *c,
                const NetworkRequest *request,
                const NetworkStatus *status,
                GError **error);

/* The same for a pod, whose containers take what stands there. */
bool network_write_shared_files(
                Runtime *runtime,
                const char *directory,
                const char *hostname,
                const char *name,
                const NetworkRequest *request,
                const NetworkStatus *status,
                GError **error);

/* Whether the networks are there and the mode is one of ours: before anything has to be undone. */
bool network_check_request(const Networks *networks, const NetworkRequest *request, GError **error);

/* After a boot hosts and resolv.conf are gone: writes them again where they are missing. */
bool network_restore_files(Runtime *runtime, Container *c, GError **error);

/* Before anything enters a user namespace: an unprivileged user's container on a bridge belongs
 * into one that is there already, runtime/rootless-network.h. By its flags, or for an existing one.
 */
bool network_enter(Runtime *runtime, const ContainerOptions *options, GError **error);
bool network_enter_again(Runtime *runtime, const char *container, GError **error);

/* Before the plan: finds the namespace to join (container:, ns:). */
bool network_begin(Runtime *runtime, Container *c, GError **error);

/* Between "prepared" and the payload: connects the child's namespace, notes what it got in the
 * record and writes hosts and resolv.conf with it. */
bool network_attach(Runtime *runtime, Container *c, const Launch *launch, GError **error);

/* After the payload: gives back what is outside of the namespace. Idempotent. */
bool network_detach(Runtime *runtime, ContainerRecord *record, GError **error);

/* What a record knows; caller frees. NULL without error: it has none (host, none, an old record).
 */
NetworkRequest *record_network_request(const ContainerRecord *record, GError **error);
NetworkStatus *record_network_status(const ContainerRecord *record, GError **error);

/* `network connect` and `disconnect`: at once when the container runs, else at its next start. */
bool network_connect_container(
                Runtime *runtime,
                ContainerRecord *record,
                const NetworkAttachment *attachment,
                GError **error);
bool network_disconnect_container(
                Runtime *runtime, ContainerRecord *record, const char *network, GError **error);
