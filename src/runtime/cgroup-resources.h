/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

/* linux.resources to what a version 2 cgroup takes (config-linux.md; the kernel's cgroup-v2.rst).
 */

typedef struct ResourceRow {
        const char *controller; /* "memory" */
        char *file;             /* "memory.max" */
        char *value;
        const char *property; /* of a systemd unit that does the same, or NULL: systemd has none */
} ResourceRow;

/* Array of ResourceRow, owned. Members that version 2 does not know (kernel memory, swappiness,
 * net_cls) are errors when they ask for something. resources may be NULL. */
GPtrArray *resource_rows(JsonNode *resources, GError **error);
