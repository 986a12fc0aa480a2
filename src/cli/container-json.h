/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "runtime/container.h"

/* What `ps` shows of a container, with Podman's field names. */

JsonObject *container_ps_json(Runtime *runtime, const ContainerRecord *record);

/* Lists as text, for people: "0.0.0.0:80->80/tcp", "podman,other". */
void container_ps_show_lists(const ContainerRecord *record, JsonObject *json);

/* Bytes that the container wrote, and with its image's. */
void container_sizes(
                Runtime *runtime,
                const ContainerRecord *record,
                uint64_t *ret_written,
                uint64_t *ret_all);

/* Size: "10.7kB (virtual 2.05MB)". */
void container_ps_add_size(Runtime *runtime, const ContainerRecord *record, JsonObject *json);

/* CGROUPNS, IPC, …: the numbers of the namespaces; empty when it does not run. */
void container_ps_add_namespaces(const ContainerRecord *record, JsonObject *json);

/* "created", "running", "paused", "exited" */
const char *container_state_text(const ContainerRecord *record);

/* How it ended, where that is known. */
int container_exit_code(const ContainerRecord *record);
