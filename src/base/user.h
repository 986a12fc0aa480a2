/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Whose containers these are. An unprivileged user's berth becomes root of a user namespace of its
 * own (runtime/rootless.h), where geteuid() is 0: what decides on paths, managers and defaults asks
 * here instead. */

/* The variable that carries the user's id into the namespace and to programs started there. */
#define USER_ENVIRONMENT       "BERTH_ROOTLESS_UID"
#define USER_GROUP_ENVIRONMENT "BERTH_ROOTLESS_GID"

uid_t user_id(void);
gid_t user_group_id(void);
bool user_is_root(void); /* of the initial user namespace, as far as our files are concerned */

/* The initial user namespace, where root may make devices and map the ids of mounts. */
bool user_in_initial_namespace(void);
