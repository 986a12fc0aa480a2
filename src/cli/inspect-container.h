/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "runtime/container.h"

/* What `inspect` shows of a container, with Podman's field names. NULL on error. */
JsonObject *container_inspect_json(Runtime *runtime, const ContainerRecord *record, GError **error);

/* The flags that it was made with, as far as its command line tells; ret_command: that, or NULL. */
void container_read_flags(
                const ContainerRecord *record,
                ContainerOptions *ret_options,
                JsonNode **ret_command);

/* Its parts. options: the flags that it was made with, as far as the record tells. */
typedef struct Inspected {
        Runtime *runtime;
        const ContainerRecord *record;
        const OciSpec *spec;
        const ContainerOptions *options;
        const GPtrArray *mounts;   /* of ContainerMount */
        JsonArray *create_command; /* or NULL */
} Inspected;

JsonObject *inspect_config_json(const Inspected *inspected);
JsonObject *inspect_host_config_json(const Inspected *inspected);
