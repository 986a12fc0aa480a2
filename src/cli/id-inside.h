/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdint.h>

/* What a container calls an id of ours, user_namespaces(7); itself when the map (of OciIdMapping,
 * or NULL) does not have it. */
uint32_t id_inside(const GArray *map, uint32_t host);
