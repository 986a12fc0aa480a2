/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/container.h"

/* Our containers by another OCI runtime (--runtime crun): the bundle is ours, create, start and
 * delete are its. The launcher stays and waits, for the container's process is nobody else's child.
 */

typedef struct ExternalOptions {
        const char *program; /* "crun", or a path */
        bool in_unit; /* the unit's main process: says READY=1, its cgroup holds the payload */
} ExternalOptions;

bool container_run_external(
                Runtime *runtime,
                Container *container,
                const ExternalOptions *options,
                int *ret_status,
                GError **error);
