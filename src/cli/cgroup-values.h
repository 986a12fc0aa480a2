/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Numbers in a cgroup's files, cgroup-v2.rst. */

/* "usage_usec 12" of the text of a flat keyed file (or NULL); 0 when the key is not there. */
uint64_t cgroup_keyed(const char *text, const char *key);

/* A file with a single value; "max" is UINT64_MAX. False when there is no such file, as without its
 * controller. */
bool cgroup_number(const char *cgroup, const char *file, uint64_t *ret_value);
