/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "network/network.h"
#include "network/port.h"

/* The one file of a network that says who has which address: RUN/networks/NAME.leases, on a tmpfs.
 * A lease belongs to a process and ends with it: one whose owner is gone is void, whoever died and
 * however. Rules and name server entries are derived from leases and from nothing else. */

typedef struct LeaseOwner {
        pid_t pid; /* whose network namespace it is, or 0 */
        uint64_t start_ticks;
        char *path; /* a pinned network namespace instead of a process, or NULL */
        ino_t inode;
} LeaseOwner;

typedef struct Lease {
        char *id; /* of the container */
        LeaseOwner owner;
        char *interface; /* inside: "eth0" */
        MacAddress mac;
        GArray *addresses; /* of IpAddress */
        GArray *ports;     /* of PortMapping */
        GPtrArray *names;  /* for the name server: container name, aliases */
        GPtrArray *dns;    /* name servers that the container asked for */
} Lease;

Lease *lease_new(void);
void lease_free(Lease *lease);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lease, lease_free)

/* Cheap: does the owner's pid exist; strict: is it still the same process. */
bool lease_is_live(const Lease *lease, bool strict);

typedef struct Leases {
        char *path;
        int lock_fd;      /* held while >= 0 */
        GPtrArray *items; /* of Lease, owned */
        GArray *last;     /* of IpAddress: given last, per subnet, so that addresses go round */
} Leases;

/* Takes the lock and reads. */
Leases *leases_lock(const char *lease_dir, const char *network, GError **error);

/* Reads without the lock: what was true a moment ago. */
Leases *leases_read(const char *lease_dir, const char *network, GError **error);

void leases_free(Leases *leases); /* also gives the lock back */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Leases, leases_free)

bool leases_save(Leases *leases, GError **error);

/* The lease of a container (by id) on one interface, or any of its with NULL. Borrowed. */
Lease *leases_find(const Leases *leases, const char *id, const char *interface);

/* Takes void leases out and gives them to the caller. Element type Lease, owned. */
GPtrArray *leases_take_void(Leases *leases, bool strict);

/* Chooses an address in each subnet of the network, or takes the wanted ones, which must be free
 * and inside; adds them to lease->addresses. from_middle: begin in the middle of the range, where
 * nobody else who counts from its start will be soon. */
bool leases_allocate(
                Leases *leases,
                const Network *network,
                const GArray *wanted,
                bool from_middle,
                Lease *lease,
                GError **error);

/* Networks that have a lease file. NULL-terminated, sorted; caller frees. */
char **leases_networks(const char *lease_dir);
