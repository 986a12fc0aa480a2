/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "oci/spec.h"

/* cgroups of containers that have no unit of ours: made in the tree by us ("cgroupfs"), or as a
 * transient scope by systemd. Paths are below the cgroup mount. */

typedef struct CgroupRequest {
        const char *path;    /* linux.cgroupsPath: a path, or for systemd "slice:prefix:name" */
        const char *id;      /* names it when there is no path */
        JsonNode *resources; /* or NULL */
        bool use_systemd;
} CgroupRequest;

/* Makes it with its limits. *ret_fd: for CLONE_INTO_CGROUP; *ret_scope: NULL without systemd.
 * *ret_holder: a process that keeps a scope alive until the container's is in it, or 0. */
bool cgroup_create(
                const CgroupRequest *request,
                char **ret_path,
                char **ret_scope,
                int *ret_fd,
                pid_t *ret_holder,
                GError **error);
void cgroup_release_holder(pid_t holder);

/* New limits for a cgroup, and for its scope when there is one. */
bool cgroup_update(const char *path, const char *scope, JsonNode *resources, GError **error);

/* Limits that systemd has no property for, into a delegated cgroup whose unit has the others. */
bool cgroup_write_rest(const char *path, JsonNode *resources, GError **error);

/* Limits that no property of a unit has (huge pages, rdma, "unified" files, burst), in the
 * payload's cgroup below the unit's. We move into it: a cgroup with processes gives its children no
 * controllers. */
bool cgroup_apply_residue(
                const char *unit_path, const char *path, JsonNode *resources, GError **error);

/* All processes below it. Caller unrefs; element type pid_t. */
GArray *cgroup_processes(const char *path, GError **error);

/* SIGKILL to all, cgroup.kill since 5.14. */
bool cgroup_kill(const char *path, GError **error);
bool cgroup_signal(const char *path, int signal_number, GError **error);

bool cgroup_freeze(const char *path, bool freeze, GError **error);
bool cgroup_is_frozen(const char *path); /* false for NULL */

/* Ends what is left and removes it, with those below; a scope by systemd, which would otherwise go
 * on believing in it. Fine when it is gone. */
bool cgroup_destroy(const char *path, const char *scope, GError **error);

/* Text of one of its files; NULL when it is not there. */
char *cgroup_read(const char *path, const char *file);

/* cgroup-devices.c: linux.resources.devices, and what every container has. */
bool cgroup_set_devices(int cgroup_fd, JsonNode *resources, GError **error);

/* The same for a container of ours: what every one has, and its own devices. */
bool cgroup_limit_devices(int cgroup_fd, const OciSpec *spec, GError **error);
