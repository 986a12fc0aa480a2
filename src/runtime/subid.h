/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* subuid(5) and subgid(5): which ids a user may map. */

typedef struct SubidRange {
        uint32_t start, count;
} SubidRange;

/* All ranges of a user, by name or number, in the file's order; empty when there is none. path:
 * "/etc/subuid". Element type SubidRange; caller unrefs. */
bool subid_load(const char *path, const char *user, uid_t uid, GArray **ret_ranges, GError **error);

/* The same of all users. */
bool subid_load_all(const char *path, GArray **ret_ranges, GError **error);
