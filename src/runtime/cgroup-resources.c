/* SPDX-License-Identifier: Apache-2.0 */
/* One row for a file. */
#include "runtime/cgroup-resources.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/weight.h"

static void row_free(gpointer data) {
        ResourceRow *row = data;
        g_free(row->file);
        g_free(row->value);
        g_free(row);
}

static ResourceRow *
add(GPtrArray *rows, const char *controller, const char *file, char *value /* taken */) {
        ResourceRow *row = g_new0(ResourceRow, 1);
        row->controller = controller;
        row->file = g_strdup(file);
        row->value = value;
        g_ptr_array_add(rows, row);
        return row;
}

static void
add_limit(GPtrArray *rows,
          const char *controller,
          const char *file,
          int64_t limit,
          const char *property) {
        ResourceRow *row = add(
                        rows, controller, file,
                        limit < 0 ? g_strdup("max") : g_strdup_printf("%" G_GINT64_FORMAT, limit));
        row->property = property;
}

static bool has(JsonObject *object, const char *name) {
        return json_object_has_member(object, name) && !json_object_get_null_member(object, name);
}

static bool add_memory(JsonObject *resources, GPtrArray *rows, GError **error) {
        JsonObject *memory;
        int64_t limit, swap, reservation, kernel, swappiness;
        if (!json_get_object(resources, "memory", &memory, error))
                return false;
        if (!memory)
                return true;
        if (!json_get_int(memory, "limit", &limit, error) ||
            !json_get_int(memory, "swap", &swap, error) ||
            !json_get_int(memory, "reservation", &reservation, error) ||
            !json_get_int(memory, "kernelTCP", &kernel, error) ||
            !json_get_int(memory, "swappiness", &swappiness, error))
                return false;
        if (kernel > 0 || has(memory, "swappiness"))
                return error_set_invalid(
                                error, "linux.resources.memory: %s is not in cgroup version 2",
                                kernel > 0 ? "kernelTCP" : "swappiness");
        if (limit != 0)
                add_limit(rows, "memory", "memory.max", limit, "MemoryMax");
        if (reservation != 0)
                add_limit(rows, "memory", "memory.low", reservation, "MemoryLow");
        if (swap == 0)
                return true;
        if (swap > 0 && (limit <= 0 || swap < limit))
                return error_set_invalid(
                                error, "memory.swap counts memory too: it needs a limit that is "
                                       "not larger");
        /* version 1 counted both together, version 2 counts swap alone */
        add_limit(rows, "memory", "memory.swap.max", swap < 0 ? -1 : swap - limit, "MemorySwapMax");
        return true;
}

static bool add_cpu(JsonObject *resources, GPtrArray *rows, GError **error) {
        JsonObject *cpu;
        int64_t shares, quota, period, burst, idle;
        const char *cpus, *mems;
        if (!json_get_object(resources, "cpu", &cpu, error))
                return false;
        if (!cpu)
                return true;
        if (!json_get_int(cpu, "shares", &shares, error) ||
            !json_get_int(cpu, "quota", &quota, error) ||
            !json_get_int(cpu, "period", &period, error) ||
            !json_get_int(cpu, "burst", &burst, error) ||
            !json_get_int(cpu, "idle", &idle, error) ||
            !json_get_string(cpu, "cpus", &cpus, error) ||
            !json_get_string(cpu, "mems", &mems, error))
                return false;
        if (has(cpu, "realtimeRuntime") || has(cpu, "realtimePeriod"))
                return error_set_invalid(
                                error, "linux.resources.cpu: realtime limits are not in cgroup "
                                       "version 2");
        if (shares > 0)
                add_limit(rows, "cpu", "cpu.weight",
                          (int64_t) weight_of_cpu_shares((uint64_t) shares), "CPUWeight");
        if (has(cpu, "idle"))
                (void) add(rows, "cpu", "cpu.idle", g_strdup_printf("%" G_GINT64_FORMAT, idle));
        if (quota != 0 || period != 0) {
                int64_t length = period > 0 ? period : 100000;
                ResourceRow *row =
                                add(rows, "cpu", "cpu.max",
                                    quota > 0 ? g_strdup_printf("%" G_GINT64_FORMAT
                                                                " %" G_GINT64_FORMAT,
                                                                quota, length)
                                              : g_strdup_printf("max %" G_GINT64_FORMAT, length));
                row->property = "CPUQuotaPerSecUSec";
        }
        if (burst > 0)
                (void) add(rows, "cpu", "cpu.max.burst",
                           g_strdup_printf("%" G_GINT64_FORMAT, burst));
        if (cpus && *cpus)
                add(rows, "cpuset", "cpuset.cpus", g_strdup(cpus))->property = "AllowedCPUs";
        if (mems && *mems)
                add(rows, "cpuset", "cpuset.mems", g_strdup(mems))->property = "AllowedMemoryNodes";
        return true;
}

static bool add_pids(JsonObject *resources, GPtrArray *rows, GError **error) {
        JsonObject *pids;
        int64_t limit;
        if (!json_get_object(resources, "pids", &pids, error))
                return false;
        if (!pids || !json_get_int(pids, "limit", &limit, error))
                return !pids;
        if (limit != 0)
                add_limit(rows, "pids", "pids.max", limit, "TasksMax");
        return true;
}

/* "8:0 rbps=1048576" of throttleReadBpsDevice and its three sisters, "8:0 500" of weightDevice. */
static bool
add_io_devices(JsonObject *io,
               const char *member,
               const char *file,
               const char *key,
               const char *property,
               GPtrArray *rows,
               GError **error) {
        JsonArray *devices;
        if (!json_get_array(io, member, &devices, error))
                return false;
        for (guint i = 0; devices && i < json_array_get_length(devices); i++) {
                JsonObject *device;
                int64_t major, minor, rate;
                if (!json_element_object(devices, i, &device, error) ||
                    !json_need_int(device, "major", &major, error) ||
                    !json_need_int(device, "minor", &minor, error) ||
                    !json_need_int(device, *key ? "rate" : "weight", &rate, error))
                        return false;
                ResourceRow *row =
                                add(rows, "io", file,
                                    g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT
                                                    " %s%" G_GINT64_FORMAT,
                                                    major, minor, key, rate));
                row->property = property;
        }
        return true;
}

static bool add_io(JsonObject *resources, GPtrArray *rows, GError **error) {
        JsonObject *io;
        int64_t weight, leaf;
        if (!json_get_object(resources, "blockIO", &io, error))
                return false;
        if (!io)
                return true;
        if (!json_get_int(io, "weight", &weight, error) ||
            !json_get_int(io, "leafWeight", &leaf, error))
                return false;
        if (leaf > 0)
                return error_set_invalid(
                                error, "linux.resources.blockIO: leafWeight is not in cgroup "
                                       "version 2");
        if (weight > 0)
                add_limit(rows, "io", "io.weight", (int64_t) weight_of_blkio((uint64_t) weight),
                          "IOWeight");
        return add_io_devices(io, "weightDevice", "io.weight", "", "IODeviceWeight", rows, error) &&
               add_io_devices(io, "throttleReadBpsDevice", "io.max", "rbps=", "IOReadBandwidthMax",
                              rows, error) &&
               add_io_devices(io, "throttleWriteBpsDevice", "io.max",
                              "wbps=", "IOWriteBandwidthMax", rows, error) &&
               add_io_devices(io, "throttleReadIOPSDevice", "io.max", "riops=", "IOReadIOPSMax",
                              rows, error) &&
               add_io_devices(io, "throttleWriteIOPSDevice", "io.max", "wiops=", "IOWriteIOPSMax",
                              rows, error);
}

static bool add_huge_pages(JsonObject *resources, GPtrArray *rows, GError **error) {
        JsonArray *limits;
        if (!json_get_array(resources, "hugepageLimits", &limits, error))
                return false;
        for (guint i = 0; limits && i < json_array_get_length(limits); i++) {
                JsonObject *limit;
                const char *size;
                int64_t value;
                if (!json_element_object(limits, i, &limit, error) ||
                    !json_need_string(limit, "pageSize", &size, error) ||
                    !json_need_int(limit, "limit", &value, error))
                        return false;
                if (strchr(size, '/'))
                        return error_set_invalid(error, "bad pageSize \"%s\"", size);
                g_autofree char *file = g_strdup_printf("hugetlb.%s.max", size);
                add_limit(rows, "hugetlb", file, value, NULL);
        }
        return true;
}

static bool add_rdma(JsonObject *resources, GPtrArray *rows, GError **error) {
        JsonObject *rdma;
        if (!json_get_object(resources, "rdma", &rdma, error))
                return false;
        g_autoptr(GList) names = rdma ? json_object_get_members(rdma) : NULL;
        for (GList *at = names; at; at = at->next) {
                JsonObject *device;
                int64_t handles, objects;
                if (!json_get_object(rdma, at->data, &device, error) || !device ||
                    !json_get_int(device, "hcaHandles", &handles, error) ||
                    !json_get_int(device, "hcaObjects", &objects, error))
                        return false;
                g_autoptr(GString) value = g_string_new(at->data);
                if (has(device, "hcaHandles"))
                        g_string_append_printf(value, " hca_handle=%" G_GINT64_FORMAT, handles);
                if (has(device, "hcaObjects"))
                        g_string_append_printf(value, " hca_object=%" G_GINT64_FORMAT, objects);
                (void) add(rows, "rdma", "rdma.max", g_strdup(value->str));
        }
        return true;
}

/* "unified": files by name; the controller is what stands before the first dot. */
static bool add_unified(JsonObject *resources, GPtrArray *rows, GError **error) {
        static const char *const controllers[] = { "cpu",     "cpuset", "io",   "memory", "pids",
                                                   "hugetlb", "rdma",   "misc", NULL };
        g_autoptr(GHashTable) unified = NULL;
        if (!json_get_string_map(resources, "unified", &unified, error))
                return false;
        if (!unified)
                return true;
        GHashTableIter iter;
        gpointer name, value;
        g_hash_table_iter_init(&iter, unified);
        while (g_hash_table_iter_next(&iter, &name, &value)) {
                if (strchr(name, '/') || !strchr(name, '.'))
                        return error_set_invalid(
                                        error, "unified: '%s' is no file of a cgroup",
                                        (char *) name);
                g_auto(GStrv) parts = g_strsplit(name, ".", 2);
                const char *controller = NULL;
                for (size_t i = 0; controllers[i]; i++)
                        if (strcmp(controllers[i], parts[0]) == 0)
                                controller = controllers[i];
                if (!controller && strcmp(parts[0], "cgroup") != 0)
                        return error_set_invalid(
                                        error, "unified: unknown controller of '%s'",
                                        (char *) name);
                (void) add(rows, controller ? controller : "", name, g_strdup(value));
        }
        return true;
}

GPtrArray *resource_rows(JsonNode *resources, GError **error) {
        g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(row_free);
        if (!resources)
                return g_steal_pointer(&rows);
        if (!JSON_NODE_HOLDS_OBJECT(resources)) {
                error_set_invalid(error, "linux.resources is not an object");
                return NULL;
        }
        JsonObject *object = json_node_get_object(resources);
        JsonObject *network;
        if (!json_get_object(object, "network", &network, error) ||
            !add_memory(object, rows, error) || !add_cpu(object, rows, error) ||
            !add_pids(object, rows, error) || !add_io(object, rows, error) ||
            !add_huge_pages(object, rows, error) || !add_rdma(object, rows, error) ||
            !add_unified(object, rows, error))
                return NULL;
        if (network && has(network, "classID")) {
                error_set_invalid(
                                error, "linux.resources.network: classID is not in cgroup version "
                                       "2");
                return NULL;
        }
        return g_steal_pointer(&rows);
}
