/* SPDX-License-Identifier: Apache-2.0 */
/* `inspect` of a container: HostConfig, what is around it. */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/container-mounts.h"
#include "cli/inspect-container.h"
#include "cli/network-json.h"
#include "runtime/log-file.h"
#include "runtime/pod.h"
#include "runtime/spec-build.h"

static void set_text(JsonObject *object, const char *name, const char *value) {
        json_object_set_string_member(object, name, value ? value : "");
}

static void set_list(JsonObject *object, const char *name, GPtrArray *list) {
        JsonArray *array = json_array_new();
        for (guint i = 0; list && i < list->len; i++)
                json_array_add_string_element(array, list->pdata[i]);
        json_object_set_array_member(object, name, array);
}

/* "net_admin" -> "CAP_NET_ADMIN" */
static void set_capabilities(JsonObject *object, const char *name, GPtrArray *list) {
        JsonArray *array = json_array_new();
        for (guint i = 0; list && i < list->len; i++) {
                g_auto(GStrv) words = g_strsplit(list->pdata[i], ",", -1);
                for (char **word = words; *word; word++) {
                        int c = oci_capability_from_text(*word);
                        g_autofree char *upper = g_ascii_strup(*word, -1);
                        json_array_add_string_element(
                                        array, c >= 0 ? oci_capability_to_text(c) : upper);
                }
        }
        json_object_set_array_member(object, name, array);
}

static JsonObject *part(const OciSpec *spec, const char *name) {
        JsonObject *all = spec->resources ? json_node_get_object(spec->resources) : NULL;
        return all && json_object_has_member(all, name) ? json_object_get_object_member(all, name)
                                                        : NULL;
}

static void set_number(JsonObject *object, const char *name, JsonObject *from, const char *member) {
        json_object_set_int_member(
                        object, name,
                        from ? json_object_get_int_member_with_default(from, member, 0) : 0);
}

static void set_resources(const Inspected *in, JsonObject *host) {
        JsonObject *memory = part(in->spec, "memory"), *cpu = part(in->spec, "cpu");
        JsonObject *pids = part(in->spec, "pids"), *io = part(in->spec, "blockIO");
        set_number(host, "CpuShares", cpu, "shares");
        set_number(host, "Memory", memory, "limit");
        int64_t quota = cpu ? json_object_get_int_member_with_default(cpu, "quota", 0) : 0;
        int64_t period = cpu ? json_object_get_int_member_with_default(cpu, "period", 0) : 0;
        json_object_set_int_member(
                        host, "NanoCpus",
                        quota > 0 && period > 0 ? quota * 1000000000 / period : 0);
        set_text(host, "CgroupParent", in->options->cgroup_parent);
        set_number(host, "BlkioWeight", io, "weight");
        set_number(host, "CpuPeriod", cpu, "period");
        set_number(host, "CpuQuota", cpu, "quota");
        set_number(host, "CpuRealtimePeriod", cpu, "realtimePeriod");
        set_number(host, "CpuRealtimeRuntime", cpu, "realtimeRuntime");
        set_number(host, "MemorySwappiness", memory, "swappiness");
        set_text(host, "HostsFile", in->options->hosts_file);
        set_text(host, "CpusetCpus", in->options->cpuset_cpus);
        set_text(host, "CpusetMems", in->options->cpuset_mems);
        set_number(host, "MemoryReservation", memory, "reservation");
        set_number(host, "MemorySwap", memory, "swap");
        set_number(host, "PidsLimit", pids, "limit");
}

static JsonArray *ulimits(const OciSpec *spec) {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < spec->rlimits->len; i++) {
                const OciRlimit *limit = spec->rlimits->pdata[i];
                JsonObject *object = json_object_new();
                set_text(object, "Name", limit->type);
                json_object_set_int_member(object, "Soft", (int64_t) limit->soft);
                json_object_set_int_member(object, "Hard", (int64_t) limit->hard);
                json_array_add_object_element(array, object);
        }
        return array;
}

static JsonArray *devices(const ContainerOptions *o) {
        JsonArray *array = json_array_new();
        for (guint i = 0; o->device && i < o->device->len; i++) {
                g_auto(GStrv) parts = g_strsplit(o->device->pdata[i], ":", 3);
                bool has_target = parts[1] && parts[1][0] == '/';
                JsonObject *object = json_object_new();
                set_text(object, "PathOnHost", parts[0]);
                set_text(object, "PathInContainer", has_target ? parts[1] : parts[0]);
                set_text(object, "CgroupPermissions", has_target ? parts[2] : parts[1]);
                json_array_add_object_element(array, object);
        }
        return array;
}

static JsonObject *restart_policy(const char *policy) {
        JsonObject *object = json_object_new();
        g_auto(GStrv) parts = g_strsplit(policy ? policy : "", ":", 2);
        uint64_t count = 0;
        if (parts[0] && parts[1])
                (void) text_parse_uint64(parts[1], INT32_MAX, &count); /* 0: without a limit */
        set_text(object, "Name", parts[0] && *parts[0] ? parts[0] : "no");
        json_object_set_int_member(object, "MaximumRetryCount", (int64_t) count);
        return object;
}

static JsonObject *tmpfs(const ContainerOptions *o) {
        JsonObject *object = json_object_new();
        for (guint i = 0; o->tmpfs && i < o->tmpfs->len; i++) {
                g_auto(GStrv) parts = g_strsplit(o->tmpfs->pdata[i], ":", 2);
                g_autofree char *options =
                                g_strconcat(parts[1] ? parts[1] : "rw",
                                            ",rprivate,nosuid,nodev,tmpcopyup", NULL);
                set_text(object, parts[0], options);
        }
        return object;
}

static const char *mode(const char *given, const OciSpec *spec, OciNamespaceType type) {
        if (given && *given)
                return given;
        return spec->namespaces[type].present ? "private" : "host";
}

static void set_log(const Inspected *in, JsonObject *host) {
        JsonObject *log = json_object_new();
        set_text(log, "Type", in->record->log_driver);
        json_object_set_null_member(log, "Config");
        g_autofree char *path = log_file_path(in->runtime, in->record);
        set_text(log, "Path", log_file_is_used(in->record) ? path : "");
        set_text(log, "Tag", in->record->log_tag);
        g_autofree char *size = text_format_size((uint64_t) in->record->log_size_max);
        g_auto(GStrv) words = g_strsplit(size, " ", 2);
        g_autofree char *joined = g_strjoinv("", words);
        set_text(log, "Size", joined);
        json_object_set_object_member(host, "LogConfig", log);
}

static int64_t shm_size(const OciSpec *spec) {
        for (guint i = 0; i < spec->mounts->len; i++) {
                const OciMount *m = spec->mounts->pdata[i];
                for (char **word = m->options; strcmp(m->destination, "/dev/shm") == 0 && *word;
                     word++)
                        if (g_str_has_prefix(*word, "size="))
                                return g_ascii_strtoll(*word + 5, NULL, 10);
        }
        return 0;
}

JsonObject *inspect_host_config_json(const Inspected *in) {
        const ContainerOptions *o = in->options;
        JsonObject *host = json_object_new();
        json_object_set_array_member(host, "Binds", container_binds_json(in->mounts));
        set_text(host, "CgroupManager", "systemd");
        set_text(host, "CgroupMode", mode(o->cgroupns, in->spec, OCI_NAMESPACE_CGROUP));
        set_text(host, "ContainerIDFile", o->cidfile);
        set_log(in, host);
        /* Podman names the infra container, which our pods do without */
        g_autoptr(Pod) pod = network_pod(in->runtime, in->record);
        g_autofree char *network = pod ? g_strconcat("container:", pod->id, NULL)
                                       : g_strdup(in->record->network);
        set_text(host, "NetworkMode", network);
        json_object_set_object_member(host, "PortBindings", network_bindings_json(in->record));
        json_object_set_object_member(host, "RestartPolicy", restart_policy(in->record->restart));
        json_object_set_boolean_member(host, "AutoRemove", in->record->remove);
        json_object_set_boolean_member(host, "AutoRemoveImage", in->record->remove_image);
        json_set_string_map(host, "Annotations", in->spec->annotations);
        set_text(host, "VolumeDriver", "");
        set_list(host, "VolumesFrom", o->volumes_from);
        set_capabilities(host, "CapAdd", o->cap_add);
        set_capabilities(host, "CapDrop", o->cap_drop);
        set_list(host, "Dns", o->dns);
        set_list(host, "DnsOptions", o->dns_option);
        set_list(host, "DnsSearch", o->dns_search);
        set_list(host, "ExtraHosts", o->add_host);
        set_list(host, "GroupAdd", o->group_add);
        set_text(host, "IpcMode", o->ipc && *o->ipc ? o->ipc : "shareable");
        set_text(host, "Cgroup", "");
        set_text(host, "Cgroups", o->cgroups ? o->cgroups : "default");
        json_object_set_int_member(host, "OomScoreAdj", in->spec->oom_score_adj);
        set_text(host, "PidMode", mode(o->pid, in->spec, OCI_NAMESPACE_PID));
        json_object_set_boolean_member(host, "Privileged", o->privileged);
        json_object_set_boolean_member(host, "ReadonlyRootfs", in->spec->root_readonly);
        set_list(host, "SecurityOpt", o->security_opt);
        json_object_set_object_member(host, "Tmpfs", tmpfs(o));
        set_text(host, "UTSMode", mode(o->uts, in->spec, OCI_NAMESPACE_UTS));
        set_text(host, "UsernsMode",
                 in->spec->namespaces[OCI_NAMESPACE_USER].present ? "private" : "");
        json_object_set_int_member(host, "ShmSize", shm_size(in->spec));
        set_text(host, "Runtime", "oci");
        set_resources(in, host);
        json_object_set_array_member(host, "Devices", devices(o));
        json_object_set_array_member(host, "Ulimits", ulimits(in->spec));
        return host;
}
