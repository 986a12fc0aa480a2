/* SPDX-License-Identifier: Apache-2.0 */
/* "linux" of config.json: namespaces, id maps, devices, masks and the rest of config-linux.md. */
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/json.h"
#include "oci/spec-parts.h"

static JsonArray *format_devices(const OciSpec *spec) {
        JsonArray *devices = json_array_new();
        for (guint i = 0; i < spec->devices->len; i++) {
                const OciDevice *d = spec->devices->pdata[i];
                const char type[2] = { d->type, '\0' };
                JsonObject *object = json_object_new();
                json_object_set_string_member(object, "path", d->path);
                json_object_set_string_member(object, "type", type);
                json_object_set_int_member(object, "major", d->major);
                json_object_set_int_member(object, "minor", d->minor);
                json_object_set_int_member(object, "fileMode", d->mode);
                json_object_set_int_member(object, "uid", d->uid);
                json_object_set_int_member(object, "gid", d->gid);
                json_array_add_object_element(devices, object);
        }
        return devices;
}

/* {"secs": 1, "nanosecs": 2} */
static void format_offset(JsonObject *offsets, const char *name, const OciTimeOffset *t) {
        if (!t->present)
                return;
        JsonObject *object = json_object_new();
        json_object_set_int_member(object, "secs", t->seconds);
        json_object_set_int_member(object, "nanosecs", t->nanoseconds);
        json_object_set_object_member(offsets, name, object);
}

void spec_format_id_map(JsonObject *object, const char *name, const GArray *map) {
        if (!map || map->len == 0)
                return;
        JsonArray *rows = json_array_new();
        for (guint i = 0; i < map->len; i++) {
                const OciIdMapping *m = &g_array_index(map, OciIdMapping, i);
                JsonObject *row = json_object_new();
                json_object_set_int_member(row, "containerID", m->container);
                json_object_set_int_member(row, "hostID", m->host);
                json_object_set_int_member(row, "size", m->size);
                json_array_add_object_element(rows, row);
        }
        json_object_set_array_member(object, name, rows);
}

/* What is rarely there. */
static void format_rest(const OciSpec *spec, JsonObject *object) {
        if (spec->time_monotonic.present || spec->time_boottime.present) {
                JsonObject *offsets = json_object_new();
                format_offset(offsets, "monotonic", &spec->time_monotonic);
                format_offset(offsets, "boottime", &spec->time_boottime);
                json_object_set_object_member(object, "timeOffsets", offsets);
        }
        if (spec->mount_label)
                json_object_set_string_member(object, "mountLabel", spec->mount_label);
        if (spec->personality_domain) {
                JsonObject *personality = json_object_new();
                json_object_set_string_member(personality, "domain", spec->personality_domain);
                if (spec->personality_flags)
                        json_set_strings(
                                        personality, "flags",
                                        (const char *const *) spec->personality_flags);
                json_object_set_object_member(object, "personality", personality);
        }
        if (spec->memory_policy_mode) {
                JsonObject *policy = json_object_new();
                json_object_set_string_member(policy, "mode", spec->memory_policy_mode);
                if (spec->memory_policy_nodes)
                        json_object_set_string_member(policy, "nodes", spec->memory_policy_nodes);
                if (spec->memory_policy_flags)
                        json_set_strings(
                                        policy, "flags",
                                        (const char *const *) spec->memory_policy_flags);
                json_object_set_object_member(object, "memoryPolicy", policy);
        }
}

JsonObject *spec_format_linux(const OciSpec *spec) {
        JsonObject *object = json_object_new();
        JsonArray *namespaces = json_array_new();
        for (int i = 0; i < OCI_NAMESPACE_MAX; i++) {
                if (!spec->namespaces[i].present)
                        continue;
                JsonObject *ns = json_object_new();
                json_object_set_string_member(ns, "type", oci_namespace_to_text(i));
                if (spec->namespaces[i].path)
                        json_object_set_string_member(ns, "path", spec->namespaces[i].path);
                json_array_add_object_element(namespaces, ns);
        }
        json_object_set_array_member(object, "namespaces", namespaces);
        spec_format_id_map(object, "uidMappings", spec->uid_mappings);
        spec_format_id_map(object, "gidMappings", spec->gid_mappings);
        format_rest(spec, object);
        if (g_hash_table_size(spec->sysctl) > 0)
                json_set_string_map(object, "sysctl", spec->sysctl);
        if (spec->devices->len > 0)
                json_object_set_array_member(object, "devices", format_devices(spec));
        if (spec->cgroups_path)
                json_object_set_string_member(object, "cgroupsPath", spec->cgroups_path);
        if (spec->resources)
                json_object_set_member(object, "resources", json_node_copy(spec->resources));
        if (spec->seccomp)
                json_object_set_member(object, "seccomp", json_node_copy(spec->seccomp));
        if (spec->rootfs_propagation)
                json_object_set_string_member(
                                object, "rootfsPropagation", spec->rootfs_propagation);
        json_set_strings(object, "maskedPaths", (const char *const *) spec->masked_paths);
        json_set_strings(object, "readonlyPaths", (const char *const *) spec->readonly_paths);
        return object;
}

static bool parse_namespaces(JsonObject *object, OciSpec *spec, GError **error) {
        JsonArray *namespaces;
        if (!json_get_array(object, "namespaces", &namespaces, error))
                return false;
        for (guint i = 0; namespaces && i < json_array_get_length(namespaces); i++) {
                JsonObject *ns;
                const char *type, *path;
                if (!json_element_object(namespaces, i, &ns, error) ||
                    !json_need_string(ns, "type", &type, error) ||
                    !json_get_string(ns, "path", &path, error))
                        return false;
                int t = 0;
                while (t < OCI_NAMESPACE_MAX && strcmp(oci_namespace_to_text(t), type) != 0)
                        t++;
                if (t == OCI_NAMESPACE_MAX)
                        return error_set_invalid(error, "unknown namespace \"%s\"", type);
                if (spec->namespaces[t].present)
                        return error_set_invalid(error, "namespace \"%s\" is given twice", type);
                spec->namespaces[t].present = true;
                spec->namespaces[t].path = path && *path ? g_strdup(path) : NULL;
        }
        return true;
}

static bool parse_devices(JsonObject *object, OciSpec *spec, GError **error) {
        JsonArray *devices;
        if (!json_get_array(object, "devices", &devices, error))
                return false;
        for (guint i = 0; devices && i < json_array_get_length(devices); i++) {
                JsonObject *row;
                const char *path, *type;
                int64_t major_number = 0, minor_number = 0, mode = 0, uid = 0, gid = 0;
                if (!json_element_object(devices, i, &row, error) ||
                    !json_need_string(row, "path", &path, error) ||
                    !json_need_string(row, "type", &type, error) ||
                    !spec_get_ranged(row, "major", 0, UINT32_MAX, &major_number, error) ||
                    !spec_get_ranged(row, "minor", 0, UINT32_MAX, &minor_number, error) ||
                    !spec_get_ranged(row, "fileMode", 0, UINT32_MAX, &mode, error) ||
                    !spec_get_ranged(row, "uid", 0, UINT32_MAX - 1, &uid, error) ||
                    !spec_get_ranged(row, "gid", 0, UINT32_MAX - 1, &gid, error))
                        return false;
                if (!strchr("cubp", type[0]) || type[0] == '\0' || type[1] != '\0')
                        return error_set_invalid(
                                        error, "device '%s' has unknown type \"%s\"", path, type);
                OciDevice *d = g_new0(OciDevice, 1);
                d->path = g_strdup(path);
                d->type = type[0] == 'u' ? 'c' : type[0];
                d->major = (unsigned int) major_number;
                d->minor = (unsigned int) minor_number;
                d->mode = json_object_has_member(row, "fileMode") ? (mode_t) mode & 07777 : 0666;
                d->uid = (uid_t) uid;
                d->gid = (gid_t) gid;
                g_ptr_array_add(spec->devices, d);
        }
        return true;
}

bool spec_parse_id_map(JsonObject *object, const char *name, GArray *map, GError **error) {
        JsonArray *rows;
        if (!json_get_array(object, name, &rows, error))
                return false;
        if (rows && json_array_get_length(rows) > OCI_ID_MAPPINGS_MAX)
                return error_set_invalid(
                                error, "%s has more than %d rows", name, OCI_ID_MAPPINGS_MAX);
        for (guint i = 0; rows && i < json_array_get_length(rows); i++) {
                JsonObject *row;
                int64_t container = 0, host = 0, size = 0;
                if (!json_element_object(rows, i, &row, error) ||
                    !spec_get_ranged(row, "containerID", 0, UINT32_MAX - 1, &container, error) ||
                    !spec_get_ranged(row, "hostID", 0, UINT32_MAX - 1, &host, error) ||
                    !spec_get_ranged(row, "size", 1, UINT32_MAX, &size, error))
                        return false;
                oci_id_map_add(map, (uint32_t) container, (uint32_t) host, (uint32_t) size);
        }
        return true;
}

static bool
parse_offset(JsonObject *offsets, const char *name, OciTimeOffset *offset, GError **error) {
        JsonObject *object;
        if (!json_get_object(offsets, name, &object, error))
                return false;
        if (!object)
                return true;
        int64_t nanoseconds = 0;
        if (!spec_get_ranged(object, "secs", INT64_MIN, INT64_MAX, &offset->seconds, error) ||
            !spec_get_ranged(object, "nanosecs", 0, 999999999, &nanoseconds, error))
                return false;
        offset->nanoseconds = (uint32_t) nanoseconds;
        offset->present = true;
        return true;
}

static bool parse_rest(JsonObject *object, OciSpec *spec, GError **error) {
        JsonObject *offsets, *personality, *policy, *rdt, *devices;
        if (!json_get_object(object, "timeOffsets", &offsets, error) ||
            !json_get_object(object, "personality", &personality, error) ||
            !json_get_object(object, "memoryPolicy", &policy, error) ||
            !json_get_object(object, "intelRdt", &rdt, error) ||
            !json_get_object(object, "netDevices", &devices, error) ||
            !spec_get_copy(object, "mountLabel", &spec->mount_label, error))
                return false;
        if (rdt)
                return error_set_invalid(
                                error, "linux.intelRdt is not supported: resctrl groups are not "
                                       "managed here, leave the member out");
        if (devices && json_object_get_size(devices) > 0)
                return error_set_invalid(
                                error, "linux.netDevices is not supported: no network device is "
                                       "moved here");
        if (offsets && (!parse_offset(offsets, "monotonic", &spec->time_monotonic, error) ||
                        !parse_offset(offsets, "boottime", &spec->time_boottime, error)))
                return false;
        if (personality &&
            (!spec_get_copy(personality, "domain", &spec->personality_domain, error) ||
             !json_get_strings(personality, "flags", &spec->personality_flags, error)))
                return false;
        return !policy || (spec_get_copy(policy, "mode", &spec->memory_policy_mode, error) &&
                           spec_get_copy(policy, "nodes", &spec->memory_policy_nodes, error) &&
                           json_get_strings(policy, "flags", &spec->memory_policy_flags, error));
}

bool spec_parse_linux(JsonObject *object, OciSpec *spec, GError **error) {
        g_autoptr(GHashTable) sysctl = NULL;
        g_auto(GStrv) masked = NULL;
        g_auto(GStrv) readonly = NULL;
        const char *propagation, *cgroups_path;
        if (!parse_namespaces(object, spec, error) ||
            !spec_parse_id_map(object, "uidMappings", spec->uid_mappings, error) ||
            !spec_parse_id_map(object, "gidMappings", spec->gid_mappings, error) ||
            !parse_rest(object, spec, error) || !parse_devices(object, spec, error) ||
            !json_get_string_map(object, "sysctl", &sysctl, error) ||
            !json_get_strings(object, "maskedPaths", &masked, error) ||
            !json_get_strings(object, "readonlyPaths", &readonly, error) ||
            !json_get_string(object, "rootfsPropagation", &propagation, error) ||
            !json_get_string(object, "cgroupsPath", &cgroups_path, error))
                return false;
        if (sysctl) {
                g_hash_table_unref(spec->sysctl);
                spec->sysctl = g_steal_pointer(&sysctl);
        }
        if (masked) {
                g_strfreev(spec->masked_paths);
                spec->masked_paths = g_steal_pointer(&masked);
        }
        if (readonly) {
                g_strfreev(spec->readonly_paths);
                spec->readonly_paths = g_steal_pointer(&readonly);
        }
        spec->rootfs_propagation = g_strdup(propagation);
        spec->cgroups_path = g_strdup(cgroups_path);
        JsonNode *resources = json_object_get_member(object, "resources");
        JsonNode *seccomp = json_object_get_member(object, "seccomp");
        spec->resources = resources ? json_node_copy(resources) : NULL;
        spec->seccomp = seccomp ? json_node_copy(seccomp) : NULL;
        return true;
}
