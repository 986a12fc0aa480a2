/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "runtime/container.h"

/* What a user mounted into a container: volumes and host paths, without what every container has.
 */

typedef struct ContainerMount {
        char *name; /* of a volume; NULL: a path of the host */
        char *source, *destination;
        char *propagation; /* "rprivate" */
        char **options;    /* without "ro", "rw" and the propagation */
        bool read_only;
} ContainerMount;

/* Sorted by destination; elements are ContainerMount, owned by the array. */
GPtrArray *container_mounts(Runtime *runtime, const ContainerRecord *record, GError **error);
GPtrArray *
container_mounts_of_spec(Runtime *runtime, const ContainerRecord *record, const OciSpec *spec);

/* As `inspect` shows them under Mounts, and under HostConfig.Binds ("myvol:/data:rw,rprivate"). */
JsonArray *container_mounts_json(const GPtrArray *mounts);
JsonArray *container_binds_json(const GPtrArray *mounts);
