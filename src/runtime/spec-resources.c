/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, from flags to the runtime configuration (config-linux.md, "Control groups"). What they
 * become in systemd is said in unit-limits.c. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/error.h"
#include "base/text.h"
#include "runtime/spec-build.h"

#define CPU_PERIOD_DEFAULT_USEC 100000
#define CPUS_MAX                8192.0

static JsonObject *group(JsonObject *resources, const char *name) {
        if (!json_object_has_member(resources, name))
                json_object_set_object_member(resources, name, json_object_new());
        return json_object_get_object_member(resources, name);
}

static bool
add_size(JsonObject *resources,
         const char *member,
         const char *text,
         const char *flag,
         GError **error) {
        uint64_t bytes;
        if (!text || !*text)
                return true;
        if (strcmp(text, "-1") == 0) {
                json_object_set_int_member(group(resources, "memory"), member, -1);
                return true;
        }
        if (!text_parse_size(text, &bytes) || bytes > INT64_MAX)
                return error_set_invalid(
                                error, "invalid value for --%s: invalid size: '%s'", flag, text);
        json_object_set_int_member(group(resources, "memory"), member, (int64_t) bytes);
        return true;
}

static bool
add_number(JsonObject *object,
           const char *member,
           const char *text,
           const char *flag,
           GError **error) {
        char *end = NULL;
        if (!text || !*text)
                return true;
        errno = 0;
        gint64 value = g_ascii_strtoll(text, &end, 10);
        if (end == text || *end || errno != 0)
                return error_set_invalid(
                                error, "invalid argument \"%s\" for \"--%s\" flag: not a number",
                                text, flag);
        json_object_set_int_member(object, member, value);
        return true;
}

static bool add_memory(const ContainerOptions *o, JsonObject *resources, GError **error) {
        if (!add_size(resources, "limit", o->memory, "memory", error) ||
            !add_size(resources, "swap", o->memory_swap, "memory-swap", error) ||
            !add_size(resources, "reservation", o->memory_reservation, "memory-reservation", error))
                return false;
        if (o->memory_swap && *o->memory_swap && (!o->memory || !*o->memory))
                return error_set_invalid(
                                error, "you should always set the memory limit when using "
                                       "memory-swap limit");
        if (!json_object_has_member(resources, "memory"))
                return true;
        JsonObject *memory = group(resources, "memory");
        int64_t limit = json_object_get_int_member_with_default(memory, "limit", 0);
        int64_t swap = json_object_get_int_member_with_default(memory, "swap", 0);
        if (swap > 0 && swap < limit)
                return error_set_invalid(
                                error, "minimum memory-swap limit should be larger than memory "
                                       "limit, see usage");
        return true;
}

static bool add_cpu(const ContainerOptions *o, JsonObject *resources, GError **error) {
        bool quota = (o->cpu_quota && *o->cpu_quota) || (o->cpu_period && *o->cpu_period);
        if (o->cpus && *o->cpus && quota)
                return error_set_invalid(
                                error, "--cpus and --cpu-quota or --cpu-period cannot be set "
                                       "together");
        if (quota &&
            (!add_number(group(resources, "cpu"), "quota", o->cpu_quota, "cpu-quota", error) ||
             !add_number(group(resources, "cpu"), "period", o->cpu_period, "cpu-period", error)))
                return false;
        if (o->cpus && *o->cpus) {
                char *end;
                double cpus = g_ascii_strtod(o->cpus, &end);
                if (*end || !isfinite(cpus) || cpus < 0 || cpus > CPUS_MAX)
                        return error_set_invalid(error, "invalid --cpus '%s'", o->cpus);
                if (cpus > 0) {
                        json_object_set_int_member(
                                        group(resources, "cpu"), "quota",
                                        (int64_t) (cpus * CPU_PERIOD_DEFAULT_USEC));
                        json_object_set_int_member(
                                        group(resources, "cpu"), "period", CPU_PERIOD_DEFAULT_USEC);
                }
        }
        if (o->cpu_shares != 0)
                json_object_set_int_member(group(resources, "cpu"), "shares", o->cpu_shares);
        if (o->cpuset_cpus && *o->cpuset_cpus)
                json_object_set_string_member(group(resources, "cpu"), "cpus", o->cpuset_cpus);
        if (o->cpuset_mems && *o->cpuset_mems)
                json_object_set_string_member(group(resources, "cpu"), "mems", o->cpuset_mems);
        return true;
}

/* "PATH:VALUE" -> {major, minor, member: VALUE} in the array `list` of blockIO. */
static bool
add_devices(GPtrArray *values,
            JsonObject *resources,
            const char *list,
            const char *member,
            bool is_size,
            const char *flag,
            GError **error) {
        JsonArray *array = values ? json_array_new() : NULL;
        if (!array)
                return true;
        json_object_set_array_member(group(resources, "blockIO"), list, array);
        for (guint i = 0; i < values->len; i++) {
                const char *text = values->pdata[i];
                const char *colon = strrchr(text, ':');
                g_autofree char *path =
                                colon ? g_strndup(text, (gsize) (colon - text)) : g_strdup(text);
                uint64_t value = 0;
                struct stat st;
                bool good = colon && (is_size ? text_parse_size(colon + 1, &value)
                                              : text_parse_uint64(colon + 1, INT64_MAX, &value));
                if (!good)
                        return error_set_invalid(
                                        error, "invalid value for --%s: '%s', expected PATH:VALUE",
                                        flag, text);
                if (stat(path, &st) < 0)
                        return error_set_errno(error, errno, "--%s: Cannot use '%s'", flag, path);
                JsonObject *device = json_object_new();
                json_object_set_int_member(device, "major", major(st.st_rdev));
                json_object_set_int_member(device, "minor", minor(st.st_rdev));
                json_object_set_int_member(device, member, (int64_t) value);
                json_array_add_object_element(array, device);
        }
        return true;
}

static bool add_block_io(const ContainerOptions *o, JsonObject *resources, GError **error) {
        if (o->blkio_weight && *o->blkio_weight) {
                uint64_t weight;
                if (!text_parse_uint64(o->blkio_weight, 1000, &weight) || weight < 10)
                        return error_set_invalid(
                                        error,
                                        "invalid value for --blkio-weight: '%s', range of blkio "
                                        "weight is from 10 to 1000",
                                        o->blkio_weight);
                json_object_set_int_member(group(resources, "blockIO"), "weight", (int64_t) weight);
        }
        return add_devices(o->blkio_weight_device, resources, "weightDevice", "weight", false,
                           "blkio-weight-device", error) &&
               add_devices(o->device_read_bps, resources, "throttleReadBpsDevice", "rate", true,
                           "device-read-bps", error) &&
               add_devices(o->device_write_bps, resources, "throttleWriteBpsDevice", "rate", true,
                           "device-write-bps", error) &&
               add_devices(o->device_read_iops, resources, "throttleReadIOPSDevice", "rate", false,
                           "device-read-iops", error) &&
               add_devices(o->device_write_iops, resources, "throttleWriteIOPSDevice", "rate",
                           false, "device-write-iops", error);
}

/* --cgroup-conf: files of the payload's cgroup, runtime-spec's "unified". */
static bool add_unified(const ContainerOptions *o, JsonObject *resources, GError **error) {
        for (guint i = 0; o->cgroup_conf && i < o->cgroup_conf->len; i++) {
                g_auto(GStrv) pair = g_strsplit(o->cgroup_conf->pdata[i], "=", 2);
                if (!pair[0] || !*pair[0] || !pair[1] || strchr(pair[0], '/'))
                        return error_set_invalid(
                                        error, "invalid --cgroup-conf '%s', expected KEY=VALUE",
                                        (char *) o->cgroup_conf->pdata[i]);
                json_object_set_string_member(group(resources, "unified"), pair[0], pair[1]);
        }
        return true;
}

/* "c 189:* rwm": an entry of the device list, with "a" for all and * for any number. */
static bool add_device_rules(const ContainerOptions *o, JsonObject *resources, GError **error) {
        JsonArray *array = o->device_cgroup_rule ? json_array_new() : NULL;
        if (!array)
                return true;
        json_object_set_array_member(resources, "devices", array);
        for (guint i = 0; i < o->device_cgroup_rule->len; i++) {
                const char *text = o->device_cgroup_rule->pdata[i];
                g_auto(GStrv) words = g_strsplit(text, " ", 3);
                g_auto(GStrv) numbers = g_strsplit(words[0] && words[1] ? words[1] : "", ":", 2);
                bool good = g_strv_length(words) == 3 && strlen(words[0]) == 1 &&
                            strchr("abc", words[0][0]) && g_strv_length(numbers) == 2 &&
                            strspn(words[2], "rwm") == strlen(words[2]) && *words[2];
                JsonObject *rule = json_object_new();
                static const char *const members[] = { "major", "minor" };
                json_array_add_object_element(array, rule);
                for (size_t k = 0; good && k < 2; k++) {
                        uint64_t number = 0;
                        bool any = strcmp(numbers[k], "*") == 0;
                        good = any || text_parse_uint64(numbers[k], INT32_MAX, &number);
                        if (!any)
                                json_object_set_int_member(rule, members[k], (int64_t) number);
                }
                if (!good)
                        return error_set_invalid(
                                        error,
                                        "invalid device cgroup rule format: '%s', expected 'c "
                                        "MAJOR:MINOR rwm'",
                                        text);
                json_object_set_boolean_member(rule, "allow", TRUE);
                json_object_set_string_member(rule, "type", words[0]);
                json_object_set_string_member(rule, "access", words[2]);
        }
        return true;
}

/* Limits of cgroup version 1 that version 2 does not have: to pass over them would be to promise
 * what is not kept. */
static bool refuse_version_1(const ContainerOptions *o, GError **error) {
        const struct {
                const char *flag;
                bool given;
        } rows[] = {
                { "memory-swappiness", o->memory_swappiness && *o->memory_swappiness &&
                                                       strcmp(o->memory_swappiness, "-1") != 0 },
                { "oom-kill-disable", o->oom_kill_disable },
                { "cpu-rt-period", o->cpu_rt_period && *o->cpu_rt_period },
                { "cpu-rt-runtime", o->cpu_rt_runtime && *o->cpu_rt_runtime },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                if (rows[i].given)
                        return error_set_invalid(
                                        error, "--%s is not supported: cgroup v2 has no such limit",
                                        rows[i].flag);
        return true;
}

bool spec_build_resources(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        g_autoptr(JsonObject) resources = json_object_new();
        if (!refuse_version_1(o, error) || !add_memory(o, resources, error) ||
            !add_cpu(o, resources, error) || !add_block_io(o, resources, error) ||
            !add_unified(o, resources, error) || !add_device_rules(o, resources, error))
                return false;
        if (o->pids_limit && *o->pids_limit &&
            !add_number(group(resources, "pids"), "limit", o->pids_limit, "pids-limit", error))
                return false;
        if (json_object_get_size(resources) == 0)
                return true;
        spec->resources = json_node_new(JSON_NODE_OBJECT);
        json_node_set_object(spec->resources, resources);
        return true;
}
