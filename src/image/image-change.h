/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>

/* Changes to the "config" object of an image's configuration, image-spec config.md. */

/* One instruction of a Containerfile ("CMD [\"/bin/sh\"]", "ENV A=1") for `import` and `commit`. An
 * empty one does nothing. */
bool image_change_apply(JsonObject *config, const char *instruction, GError **error);

/* Puts another object's members over those of config: variables, labels, ports and volumes are
 * joined by name, the rest replaced. A new Entrypoint or Cmd takes both away, as Podman does. */
bool image_config_merge(JsonObject *config, JsonObject *other, GError **error);
