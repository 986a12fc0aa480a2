/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "cli/volume-json.h"

/* --filter of volume ls and prune: podman-volume-ls(1). Takes away what does not pass; filters of
 * one key are alternatives but for labels, different keys must all hold. */
bool volume_filter(Runtime *runtime, GPtrArray *volumes, GPtrArray *filters, GError **error);
