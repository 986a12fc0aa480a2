/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "config/containers-conf.h"
#include "network/network.h"

/* All networks of a host: Podman's directory of files, and the default one, which exists without a
 * file. */

typedef struct NetworksOptions {
        const char *config_dir; /* --network-config-dir, or NULL: by containers.conf */
        const char *graph_root; /* a user's networks are below it */
        const char *run_dir;    /* "/run/berth": leases are in its networks/ */
} NetworksOptions;

#define NETWORK_ERROR network_error_quark()
GQuark network_error_quark(void);
typedef enum NetworkError {
        NETWORK_ERROR_NOT_FOUND,
        NETWORK_ERROR_EXISTS,
        NETWORK_ERROR_IN_USE,
} NetworkError;

typedef struct Networks Networks;

Networks *networks_open(const NetworksOptions *options, GError **error);
/* Keeps an open connection to nftables until the networks are closed, or another one comes: after a
 * deletion the kernel makes whoever closes one wait until no processor can still see what is gone
 * (about 10 ms), and other work may be done meanwhile. Takes it; NULL is fine. */
struct Firewall;
void networks_park_firewall(const Networks *networks, struct Firewall *firewall);

void networks_free(Networks *networks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Networks, networks_free)

const ContainersConf *networks_conf(const Networks *networks);
const char *networks_lease_dir(const Networks *networks); /* RUN/networks, exists */
const char *networks_dns_dir(const Networks *networks);   /* aardvark-dns's, shared with Podman */
const char *networks_state_dir(const Networks *networks); /* /run/containers/networks */
bool networks_is_default(const Networks *networks, const char *name);

/* By name, id or unique id prefix. NETWORK_ERROR_NOT_FOUND. Owned. */
Network *networks_find(const Networks *networks, const char *name, GError **error);

/* All, sorted by name; a file that is not right is left out with a warning. Element type Network,
 * owned. */
GPtrArray *networks_list(const Networks *networks, GError **error);

/* While it is held nobody else adds or removes networks. A descriptor that ends it when closed. */
int networks_lock(const Networks *networks, GError **error);

/* Writes the file of a network; with the lock held. */
bool networks_save(const Networks *networks, const Network *network, GError **error);
bool networks_remove(const Networks *networks, const Network *network, GError **error);
