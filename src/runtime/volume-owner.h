/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* The "U" of a volume: its files belong to the container's user from now on (podman-run(1)). When
 * the top belongs to them already, nothing is looked at. Links are not followed, other file systems
 * not entered. */
bool volume_give_owner(const char *path, uid_t uid, gid_t gid, GError **error);
