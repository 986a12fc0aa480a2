/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "runtime/container.h"

/* Health in `ps` and `inspect`. */

/* "starting", "healthy", "unhealthy"; NULL when nothing is checked. */
const char *health_text(Runtime *runtime, const ContainerRecord *record);

/* State.Health */
void health_add_state(Runtime *runtime, const ContainerRecord *record, JsonObject *state);

/* Config.Healthcheck and what belongs to it */
void health_add_config(const ContainerRecord *record, JsonObject *config);
