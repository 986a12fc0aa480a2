/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* cgroups(7), version 2 only. Paths are below the cgroup2 mount and begin with "/". */

/* The cgroup of a process (0: ours). NULL with an error when there is no version 2 hierarchy. */
char *cgroup_of(pid_t pid, GError **error);

/* "/sys/fs/cgroup" or, on hybrid hosts, "/sys/fs/cgroup/unified"; NULL when neither is cgroup2. */
const char *cgroup_mount_path(void);

/* Makes parent/name and opens it; *ret_fd is owned. */
bool cgroup_make(
                const char *parent, const char *name, char **ret_path, int *ret_fd, GError **error);

/* The unit that a cgroup path belongs to ("…/web.service/payload" -> "web.service"), or NULL. */
char *cgroup_unit(const char *path);
