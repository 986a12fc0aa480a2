/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "runtime/container.h"
#include "runtime/volume.h"

/* A volume with Podman's field names. */
JsonObject *volume_json(const Volume *volume);

/* GRAPHROOT/volumes. Caller frees. */
char *volumes_path_of(const Runtime *runtime);

/* The ids of the containers of ours that mount it: of char *, caller unrefs. */
GPtrArray *volume_users(Runtime *runtime, const Volume *volume, GError **error);
