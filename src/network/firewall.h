/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "network/lease.h"
#include "network/network.h"

/* The rules of all our networks: one nftables table "berth" whose rules never change; what a
 * network or a container needs are elements of its sets and maps. A change is one transaction. */

typedef struct Firewall Firewall;

/* Loads libnftables (only now: a host without bridges never needs it). */
Firewall *firewall_open(GError **error);
void firewall_free(Firewall *firewall);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Firewall, firewall_free)

/* A transaction in the making. */
void firewall_add_network(Firewall *firewall, const Network *network);
void firewall_add_lease(Firewall *firewall, const Lease *lease);

/* Takes elements out whether they are there or not; ones that somebody else has under the same key
 * stay. */
void firewall_drop_lease(Firewall *firewall, const Lease *lease);
void firewall_drop_network(Firewall *firewall, const Network *network);

typedef enum FirewallResult {
        FIREWALL_DONE,
        FIREWALL_NO_TABLE, /* nothing was changed: flushed, or the first time */
        FIREWALL_CONFLICT, /* nothing was changed: a key has another value */
        FIREWALL_FAILED,   /* *error is set */
} FirewallResult;

/* Commits and begins anew. */
FirewallResult firewall_commit(Firewall *firewall, GError **error);

/* Makes the table, empty; one that exists is fine. */
bool firewall_make_table(Firewall *firewall, GError **error);
