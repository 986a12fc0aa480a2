/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "network/lease.h"
#include "network/networks.h"

/* Other programs as back end: netavark or CNI plugins, chosen by network_backend in
 * containers.conf. Who has which address stays our book-keeping. They take down by the path of a
 * namespace, so it is pinned (RUN/networks/ID.netns) as long as the container is connected, and
 * what they were told is kept beside it (ID.json). */

/* One network that a container joins. Borrowed. */
typedef struct ExternalLink {
        const Network *network;
        const Lease *lease;
} ExternalLink;

typedef struct ExternalContainer {
        const char *id, *name;
        int ns_fd;
        const ExternalLink *links;
        guint n_links;
} ExternalContainer;

/* One back end. up and down get the object that prepare() made, and may add to it. */
typedef struct ExternalBackend {
        const char *name;
        bool has_names; /* serves container names */
        JsonObject *(*prepare)(const Networks *networks, const ExternalContainer *container);
        bool (*up)(const Networks *networks,
                   JsonObject *state,
                   const char *ns_path,
                   GError **error);
        bool (*down)(const Networks *networks,
                     JsonObject *state,
                     const char *ns_path,
                     GError **error);
} ExternalBackend;

extern const ExternalBackend netavark_backend;
extern const ExternalBackend cni_backend;

/* The one that containers.conf asks for; *ret_backend NULL: our own. */
bool external_find(const Networks *networks, const ExternalBackend **ret_backend, GError **error);

bool external_setup(
                const Networks *networks,
                const ExternalBackend *backend,
                const ExternalContainer *container,
                GError **error);

/* Whatever back end connected it; one that none did is fine. */
bool external_teardown(const Networks *networks, const char *id, GError **error);

/* Down and up again, with the same addresses; *ret_is_external false: none of ours to do. */
bool external_reload(
                const Networks *networks, const char *id, bool *ret_is_external, GError **error);
