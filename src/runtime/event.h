/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/container.h"
#include "runtime/pod.h"

/* What is told of containers and what belongs to them: systemd/events.h. Written when the runtime
 * is closed, or by runtime_event_flush() where that is long after. */

void container_event(Runtime *runtime, const ContainerRecord *record, const char *status);
void container_event_ended(
                Runtime *runtime, const ContainerRecord *record, const char *status, int exit_code);
void container_event_health(Runtime *runtime, const ContainerRecord *record, const char *health);
void pod_event(Runtime *runtime, const Pod *pod, const char *status);

/* type "image", "volume" (no id) or "network" (of which it is the id, or a container's). */
void runtime_event(
                Runtime *runtime,
                const char *type,
                const char *status,
                const char *id,
                const char *name);
void runtime_event_flush(Runtime *runtime);
