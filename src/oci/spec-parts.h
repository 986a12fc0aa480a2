/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "oci/spec.h"

/* The parts of config.json, each read and written by a file of its own. */

bool spec_parse_process(JsonObject *process, OciSpec *spec, GError **error);
JsonObject *spec_format_process(const OciSpec *spec);

bool spec_parse_linux(JsonObject *object, OciSpec *spec, GError **error);
JsonObject *spec_format_linux(const OciSpec *spec);

bool spec_parse_hooks(JsonObject *hooks, OciSpec *spec, GError **error);
JsonObject *spec_format_hooks(const OciSpec *spec);

/* linux.uidMappings and its likes: appends to map. */
bool spec_parse_id_map(JsonObject *object, const char *name, GArray *map, GError **error);
void spec_format_id_map(JsonObject *object, const char *name, const GArray *map);

/* The value of an integer member that must be in [min, max]; *ret is left when it is absent. */
bool spec_get_ranged(
                JsonObject *object,
                const char *name,
                int64_t min,
                int64_t max,
                int64_t *ret,
                GError **error);
/* A string member as a copy; NULL when absent. */
bool spec_get_copy(JsonObject *object, const char *name, char **ret, GError **error);
