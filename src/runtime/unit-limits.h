/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "systemd/unit-property.h"

/* Resources of the runtime configuration as properties of a systemd unit,
 * systemd.resource-control(5). What has none is for cgroup_write_rest(). resources may be NULL. */
bool unit_limits_add(JsonNode *resources, UnitProperties *properties, GError **error);
