/* SPDX-License-Identifier: Apache-2.0 */
/* Ids as a container sees them. */
#include "cli/id-inside.h"

#include "oci/spec.h"

uint32_t id_inside(const GArray *map, uint32_t host) {
        for (guint i = 0; map && i < map->len; i++) {
                const OciIdMapping *row = &g_array_index(map, OciIdMapping, i);
                if (host >= row->host && host - row->host < row->size)
                        return row->container + (host - row->host);
        }
        return host;
}
