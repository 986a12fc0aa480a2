/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "runtime/container.h"

/* What `ps` shows of a container, with Podman's field names. */
JsonObject *container_ps_json(const ContainerRecord *record);

/* What `inspect` shows. NULL on error. */
JsonObject *container_inspect_json(Runtime *runtime, const ContainerRecord *record, GError **error);

/* "created", "running", "exited" */
const char *container_status_text(ContainerStatus status);

/* How it ended, where that is known: noted, or asked of its unit. */
int container_exit_code(const ContainerRecord *record);
