/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Properties of a unit as org.freedesktop.systemd1(5) takes them, for transient units and for
 * changes of a running one. */

typedef struct UnitProperties UnitProperties;

UnitProperties *unit_properties_new(void);
void unit_properties_free(UnitProperties *properties);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UnitProperties, unit_properties_free)

bool unit_properties_is_empty(const UnitProperties *properties);

/* Each adds one; texts are copied, names are borrowed (they are constants). */
void unit_properties_string(UnitProperties *properties, const char *name, const char *value);
void unit_properties_strv(UnitProperties *properties, const char *name, const char *const *values);
void unit_properties_bool(UnitProperties *properties, const char *name, bool value);
void unit_properties_int(UnitProperties *properties, const char *name, int32_t value);
void unit_properties_uint32(UnitProperties *properties, const char *name, uint32_t value);
void unit_properties_uint64(UnitProperties *properties, const char *name, uint64_t value);
/* Bitmaps such as AllowedCPUs=. */
void unit_properties_bytes(
                UnitProperties *properties, const char *name, const uint8_t *bytes, size_t size);
/* One more row of a list such as IOReadBandwidthMax=. */
void unit_properties_device(
                UnitProperties *properties, const char *name, const char *path, uint64_t value);
/* One more row of DeviceAllow=. */
void unit_properties_pair(
                UnitProperties *properties,
                const char *name,
                const char *first,
                const char *second);
void unit_properties_exec(UnitProperties *properties, const char *name, const char *const *argv);
/* PIDs= of a scope. */
void unit_properties_pid(UnitProperties *properties, const char *name, uint32_t pid);

/* Appends them as "a(sv)" to a message under construction (sd_bus_message *). Negative errno. */
struct sd_bus_message;
int unit_properties_append(const UnitProperties *properties, struct sd_bus_message *message);
