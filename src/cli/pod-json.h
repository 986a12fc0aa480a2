/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "runtime/pod.h"

/* Pods as verbs show them. */

/* "Created", "Running", "Degraded", "Exited", "Stopped", "Paused". */
const char *pod_status_text(Runtime *runtime, const Pod *pod, GPtrArray *containers);

/* As `pod ps --format json` has it. NULL on error. */
JsonObject *pod_ps_json(Runtime *runtime, const Pod *pod, GError **error);

/* As `pod inspect` has it. NULL on error. */
JsonObject *pod_inspect_json(Runtime *runtime, const Pod *pod, GError **error);
