/* SPDX-License-Identifier: Apache-2.0 */
/* Limits: the property where systemd has one, so that systemctl shows and changes it. */
#include "runtime/unit-limits.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/weight.h"

#define CPUS_MAX 8192

static int64_t number(JsonObject *object, const char *name) {
        return json_object_get_int_member_with_default(object, name, 0);
}

static JsonObject *part(JsonObject *resources, const char *name) {
        return json_object_has_member(resources, name)
                               ? json_object_get_object_member(resources, name)
                               : NULL;
}

static void add_limit(UnitProperties *properties, const char *name, int64_t value) {
        if (value != 0)
                unit_properties_uint64(properties, name, value < 0 ? UINT64_MAX : (uint64_t) value);
}

static void add_memory(JsonObject *memory, UnitProperties *properties) {
        int64_t limit = number(memory, "limit"), swap = number(memory, "swap");
        add_limit(properties, "MemoryMax", limit);
        /* the runtime configuration's swap is memory and swap together; systemd's is swap alone */
        if (swap < 0)
                unit_properties_uint64(properties, "MemorySwapMax", UINT64_MAX);
        else if (swap > 0 && limit > 0)
                unit_properties_uint64(
                                properties, "MemorySwapMax", (uint64_t) MAX(swap - limit, 0));
        add_limit(properties, "MemoryLow", number(memory, "reservation"));
}

/* "0-2,4" -> a bitmap, as systemd takes CPU and node sets. */
static bool
add_set(const char *text, const char *name, UnitProperties *properties, GError **error) {
        uint8_t bits[CPUS_MAX / 8] = { 0 };
        size_t size = 0;
        g_auto(GStrv) parts = g_strsplit(text, ",", -1);
        for (char **p = parts; *p; p++) {
                g_auto(GStrv) ends = g_strsplit(*p, "-", 2);
                uint64_t from, to;
                if (!ends[0] || !text_parse_uint64(ends[0], CPUS_MAX - 1, &from) ||
                    !text_parse_uint64(ends[1] ? ends[1] : ends[0], CPUS_MAX - 1, &to) || to < from)
                        return error_set_invalid(error, "'%s' is not a list such as 0-2,4", text);
                for (uint64_t i = from; i <= to; i++)
                        bits[i / 8] |= (uint8_t) (1u << (i % 8));
                size = MAX(size, to / 8 + 1);
        }
        unit_properties_bytes(properties, name, bits, size);
        return true;
}

static bool add_cpu(JsonObject *cpu, UnitProperties *properties, GError **error) {
        int64_t quota = number(cpu, "quota"), period = number(cpu, "period");
        if (number(cpu, "shares") > 0)
                unit_properties_uint64(
                                properties, "CPUWeight",
                                weight_of_cpu_shares((uint64_t) number(cpu, "shares")));
        if (period > 0)
                unit_properties_uint64(properties, "CPUQuotaPeriodUSec", (uint64_t) period);
        if (quota < 0)
                unit_properties_uint64(properties, "CPUQuotaPerSecUSec", UINT64_MAX);
        else if (quota > 0)
                unit_properties_uint64(
                                properties, "CPUQuotaPerSecUSec",
                                (uint64_t) quota * G_USEC_PER_SEC /
                                                (uint64_t) (period > 0 ? period : 100000));
        const char *cpus = json_object_get_string_member_with_default(cpu, "cpus", "");
        const char *mems = json_object_get_string_member_with_default(cpu, "mems", "");
        return (!*cpus || add_set(cpus, "AllowedCPUs", properties, error)) &&
               (!*mems || add_set(mems, "AllowedMemoryNodes", properties, error));
}

static void
add_devices(JsonObject *io,
            const char *list,
            const char *member,
            const char *name,
            UnitProperties *properties) {
        if (!json_object_has_member(io, list))
                return;
        JsonArray *array = json_object_get_array_member(io, list);
        for (guint i = 0; array && i < json_array_get_length(array); i++) {
                JsonObject *device = json_array_get_object_element(array, i);
                g_autofree char *path =
                                g_strdup_printf("/dev/block/%d:%d", (int) number(device, "major"),
                                                (int) number(device, "minor"));
                unit_properties_device(properties, name, path, (uint64_t) number(device, member));
        }
}

static void add_io(JsonObject *io, UnitProperties *properties) {
        if (number(io, "weight") > 0)
                unit_properties_uint64(
                                properties, "IOWeight",
                                weight_of_blkio((uint64_t) number(io, "weight")));
        add_devices(io, "weightDevice", "weight", "IODeviceWeight", properties);
        add_devices(io, "throttleReadBpsDevice", "rate", "IOReadBandwidthMax", properties);
        add_devices(io, "throttleWriteBpsDevice", "rate", "IOWriteBandwidthMax", properties);
        add_devices(io, "throttleReadIOPSDevice", "rate", "IOReadIOPSMax", properties);
        add_devices(io, "throttleWriteIOPSDevice", "rate", "IOWriteIOPSMax", properties);
}

bool unit_limits_add(JsonNode *resources, UnitProperties *properties, GError **error) {
        JsonObject *all = resources ? json_node_get_object(resources) : NULL;
        if (!all)
                return true;
        JsonObject *memory = part(all, "memory"), *cpu = part(all, "cpu");
        JsonObject *io = part(all, "blockIO"), *pids = part(all, "pids");
        if (memory)
                add_memory(memory, properties);
        if (cpu && !add_cpu(cpu, properties, error))
                return false;
        if (io)
                add_io(io, properties);
        if (pids)
                add_limit(properties, "TasksMax", number(pids, "limit"));
        return true;
}
