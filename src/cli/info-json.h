/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "runtime/container.h"

/* What `info` and `version` show, with Podman's field names as far as there is something to say. */

JsonObject *info_host_json(Runtime *runtime, GError **error);
JsonObject *info_store_json(Runtime *runtime, GError **error);
JsonObject *info_registries_json(GError **error);
JsonObject *info_plugins_json(void);
JsonObject *info_version_json(void);
