/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/record.h"

/* What a container uses at a moment, from its cgroup and its network namespace. */

typedef struct ContainerStats {
        char *id, *name;
        bool runs;
        uint64_t now_nsec, started_nsec;
        uint64_t cpu_nsec;
        bool has_memory, has_pids, has_block, has_network; /* the controller is there */
        uint64_t memory_bytes, memory_limit;
        uint64_t pids;
        uint64_t read_bytes, written_bytes;
        uint64_t received_bytes, sent_bytes;
} ContainerStats;

void container_stats_free(ContainerStats *stats);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ContainerStats, container_stats_free)

ContainerStats *container_stats_read(const ContainerRecord *record);

/* The fields that templates have; before: an earlier state for the share of CPU since, or NULL for
 * that since the start. */
JsonObject *
container_stats_fields(const ContainerStats *stats, const ContainerStats *before, bool full_id);

/* The members of --format json. */
JsonObject *container_stats_json(JsonObject *fields);
