/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/pod.h"

/* Stops all containers of a pod and lets its namespaces go; time_sec -1: each container's own. */
bool pod_stop_all(Runtime *runtime, Pod *pod, int64_t time_sec, GError **error);

/* Removes its containers and the pod; running ones only by force. */
bool pod_remove(Runtime *runtime, Pod *pod, bool force, int64_t time_sec, GError **error);
