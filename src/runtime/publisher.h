/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "network/publish.h"
#include "runtime/record.h"

/* The process that serves published ports, network/publish.h, until the container ends. It is not
 * ours to reap where our caller ends first, and is in the network namespace that we are in. */

/* cgroup_fd: where it goes, or -1. held_fd: what it keeps open for as long as it is there, or -1.
 */
bool publisher_start(
                const GArray *listeners,
                const PublishTarget *target,
                int cgroup_fd,
                int held_fd,
                GError **error);

/* A cgroup beside the payload's in a unit, so that the unit's own stays free of processes. -1:
 * none, it serves from where it is. */
int publisher_cgroup(const ContainerRecord *record);
