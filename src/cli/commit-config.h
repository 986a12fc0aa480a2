/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "runtime/container.h"

/* A container's settings as an image's "config" has them, image-spec config.md. NULL on error. */
JsonObject *commit_config_json(
                Runtime *runtime,
                const ContainerRecord *record,
                bool include_volumes,
                GError **error);
