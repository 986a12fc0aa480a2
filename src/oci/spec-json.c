/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of the runtime specification, read and written. */
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/json.h"
#include "oci/spec.h"

static const char *const set_names[] = {
        [OCI_CAPABILITY_BOUNDING] = "bounding",       [OCI_CAPABILITY_EFFECTIVE] = "effective",
        [OCI_CAPABILITY_INHERITABLE] = "inheritable", [OCI_CAPABILITY_PERMITTED] = "permitted",
        [OCI_CAPABILITY_AMBIENT] = "ambient",
};

static JsonObject *format_capabilities(const OciSpec *spec) {
        JsonObject *object = json_object_new();
        for (int s = 0; s < OCI_CAPABILITY_SET_MAX; s++) {
                JsonArray *names = json_array_new();
                for (int i = 0; i < oci_capability_count(); i++)
                        if (spec->capabilities[s] & (UINT64_C(1) << i))
                                json_array_add_string_element(names, oci_capability_to_text(i));
                json_object_set_array_member(object, set_names[s], names);
        }
        return object;
}

static JsonObject *format_process(const OciSpec *spec) {
        JsonObject *user = json_object_new();
        json_object_set_int_member(user, "uid", spec->uid);
        json_object_set_int_member(user, "gid", spec->gid);
        json_object_set_int_member(user, "umask", spec->umask);
        if (spec->additional_gids->len > 0) {
                JsonArray *gids = json_array_new();
                for (guint i = 0; i < spec->additional_gids->len; i++)
                        json_array_add_int_element(
                                        gids, g_array_index(spec->additional_gids, gid_t, i));
                json_object_set_array_member(user, "additionalGids", gids);
        }
        if (spec->user_name)
                json_object_set_string_member(user, "username", spec->user_name);

        JsonObject *process = json_object_new();
        json_object_set_boolean_member(process, "terminal", spec->terminal);
        json_object_set_object_member(process, "user", user);
        json_set_strings(process, "args", (const char *const *) spec->args);
        json_set_strings(process, "env", (const char *const *) spec->env);
        json_object_set_string_member(process, "cwd", spec->cwd ? spec->cwd : "/");
        json_object_set_object_member(process, "capabilities", format_capabilities(spec));
        JsonArray *rlimits = json_array_new();
        for (guint i = 0; i < spec->rlimits->len; i++) {
                const OciRlimit *r = spec->rlimits->pdata[i];
                JsonObject *object = json_object_new();
                json_object_set_string_member(object, "type", r->type);
                json_object_set_int_member(object, "hard", (int64_t) r->hard);
                json_object_set_int_member(object, "soft", (int64_t) r->soft);
                json_array_add_object_element(rlimits, object);
        }
        json_object_set_array_member(process, "rlimits", rlimits);
        json_object_set_boolean_member(process, "noNewPrivileges", spec->no_new_privileges);
        if (spec->has_oom_score_adj)
                json_object_set_int_member(process, "oomScoreAdj", spec->oom_score_adj);
        if (spec->apparmor_profile)
                json_object_set_string_member(process, "apparmorProfile", spec->apparmor_profile);
        if (spec->selinux_label)
                json_object_set_string_member(process, "selinuxLabel", spec->selinux_label);
        return process;
}

static JsonArray *format_mounts(const OciSpec *spec) {
        JsonArray *mounts = json_array_new();
        for (guint i = 0; i < spec->mounts->len; i++) {
                const OciMount *m = spec->mounts->pdata[i];
                JsonObject *object = json_object_new();
                json_object_set_string_member(object, "destination", m->destination);
                json_object_set_string_member(object, "type", m->type);
                json_object_set_string_member(object, "source", m->source);
                json_set_strings(object, "options", (const char *const *) m->options);
                json_array_add_object_element(mounts, object);
        }
        return mounts;
}

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

static JsonObject *format_linux(const OciSpec *spec) {
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

char *oci_spec_format(const OciSpec *spec) {
        g_autoptr(JsonObject) object = json_object_new();
        json_object_set_string_member(object, "ociVersion", OCI_SPEC_VERSION);
        json_object_set_object_member(object, "process", format_process(spec));
        JsonObject *root = json_object_new();
        json_object_set_string_member(root, "path", spec->root_path ? spec->root_path : "rootfs");
        json_object_set_boolean_member(root, "readonly", spec->root_readonly);
        json_object_set_object_member(object, "root", root);
        if (spec->hostname)
                json_object_set_string_member(object, "hostname", spec->hostname);
        json_object_set_array_member(object, "mounts", format_mounts(spec));
        json_set_string_map(object, "annotations", spec->annotations);
        json_object_set_object_member(object, "linux", format_linux(spec));
        return json_format_object(object, false);
}

/* The value of an integer member that must fit [min, max]. */
static bool
get_ranged(JsonObject *object,
           const char *name,
           int64_t min,
           int64_t max,
           int64_t *ret,
           GError **error) {
        int64_t value;
        if (!json_get_int(object, name, &value, error))
                return false;
        if (value < min || value > max)
                return error_set_invalid(error, "member \"%s\" is out of range", name);
        *ret = value;
        return true;
}

static bool parse_capabilities(JsonObject *process, OciSpec *spec, GError **error) {
        JsonObject *capabilities;
        if (!json_get_object(process, "capabilities", &capabilities, error))
                return false;
        for (int s = 0; capabilities && s < OCI_CAPABILITY_SET_MAX; s++) {
                g_auto(GStrv) names = NULL;
                if (!json_get_strings(capabilities, set_names[s], &names, error))
                        return false;
                for (char **name = names; name && *name; name++) {
                        int c = oci_capability_from_text(*name);
                        if (c <
                            0) /* config.md: unknown capabilities are to be refused or warned of */
                                return error_set_invalid(error, "unknown capability \"%s\"", *name);
                        spec->capabilities[s] |= UINT64_C(1) << c;
                }
        }
        return true;
}

static bool parse_user(JsonObject *process, OciSpec *spec, GError **error) {
        JsonObject *user;
        if (!json_get_object(process, "user", &user, error))
                return false;
        if (!user)
                return true;
        int64_t uid, gid, mask = 0022;
        if (!get_ranged(user, "uid", 0, UINT32_MAX - 1, &uid, error) ||
            !get_ranged(user, "gid", 0, UINT32_MAX - 1, &gid, error))
                return false;
        if (json_object_has_member(user, "umask") &&
            !get_ranged(user, "umask", 0, 0777, &mask, error))
                return false;
        spec->uid = (uid_t) uid;
        spec->gid = (gid_t) gid;
        spec->umask = (mode_t) mask;
        JsonArray *gids;
        if (!json_get_array(user, "additionalGids", &gids, error))
                return false;
        for (guint i = 0; gids && i < json_array_get_length(gids); i++) {
                gid_t id = (gid_t) json_array_get_int_element(gids, i);
                g_array_append_val(spec->additional_gids, id);
        }
        const char *name;
        if (!json_get_string(user, "username", &name, error))
                return false;
        spec->user_name = g_strdup(name);
        return true;
}

static bool parse_rlimits(JsonObject *process, OciSpec *spec, GError **error) {
        JsonArray *rlimits;
        if (!json_get_array(process, "rlimits", &rlimits, error))
                return false;
        for (guint i = 0; rlimits && i < json_array_get_length(rlimits); i++) {
                JsonObject *object;
                const char *type;
                int64_t soft, hard;
                if (!json_element_object(rlimits, i, &object, error) ||
                    !json_need_string(object, "type", &type, error) ||
                    !json_need_int(object, "soft", &soft, error) ||
                    !json_need_int(object, "hard", &hard, error))
                        return false;
                oci_spec_add_rlimit(spec, type, (uint64_t) soft, (uint64_t) hard);
        }
        return true;
}

static bool parse_process(JsonObject *top, OciSpec *spec, GError **error) {
        JsonObject *process;
        const char *cwd, *apparmor, *selinux;
        int64_t score;
        if (!json_get_object(top, "process", &process, error))
                return false;
        if (!process)
                return true;
        if (!json_get_bool(process, "terminal", &spec->terminal, error) ||
            !parse_user(process, spec, error) ||
            !json_get_strings(process, "args", &spec->args, error) ||
            !json_get_strings(process, "env", &spec->env, error) ||
            !json_get_string(process, "cwd", &cwd, error) ||
            !parse_capabilities(process, spec, error) || !parse_rlimits(process, spec, error) ||
            !json_get_bool(process, "noNewPrivileges", &spec->no_new_privileges, error) ||
            !get_ranged(process, "oomScoreAdj", -1000, 1000, &score, error) ||
            !json_get_string(process, "apparmorProfile", &apparmor, error) ||
            !json_get_string(process, "selinuxLabel", &selinux, error))
                return false;
        spec->cwd = g_strdup(cwd);
        spec->has_oom_score_adj = json_object_has_member(process, "oomScoreAdj");
        spec->oom_score_adj = (int) score;
        spec->apparmor_profile = g_strdup(apparmor);
        spec->selinux_label = g_strdup(selinux);
        return true;
}

static bool parse_mounts(JsonObject *top, OciSpec *spec, GError **error) {
        JsonArray *mounts;
        if (!json_get_array(top, "mounts", &mounts, error))
                return false;
        for (guint i = 0; mounts && i < json_array_get_length(mounts); i++) {
                JsonObject *object;
                const char *destination, *type, *source;
                g_auto(GStrv) options = NULL;
                if (!json_element_object(mounts, i, &object, error) ||
                    !json_need_string(object, "destination", &destination, error) ||
                    !json_get_string(object, "type", &type, error) ||
                    !json_get_string(object, "source", &source, error) ||
                    !json_get_strings(object, "options", &options, error))
                        return false;
                OciMount *m = oci_spec_add_mount(
                                spec, destination, type ? type : "bind", source ? source : "",
                                NULL);
                if (options) {
                        g_strfreev(m->options);
                        m->options = g_steal_pointer(&options);
                }
        }
        return true;
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
                int64_t major_number, minor_number, mode, uid, gid;
                if (!json_element_object(devices, i, &row, error) ||
                    !json_need_string(row, "path", &path, error) ||
                    !json_need_string(row, "type", &type, error) ||
                    !get_ranged(row, "major", 0, UINT32_MAX, &major_number, error) ||
                    !get_ranged(row, "minor", 0, UINT32_MAX, &minor_number, error) ||
                    !get_ranged(row, "fileMode", 0, UINT32_MAX, &mode, error) ||
                    !get_ranged(row, "uid", 0, UINT32_MAX - 1, &uid, error) ||
                    !get_ranged(row, "gid", 0, UINT32_MAX - 1, &gid, error))
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

static bool parse_linux(JsonObject *top, OciSpec *spec, GError **error) {
        JsonObject *object;
        if (!json_get_object(top, "linux", &object, error))
                return false;
        if (!object)
                return true;
        g_autoptr(GHashTable) sysctl = NULL;
        g_auto(GStrv) masked = NULL;
        g_auto(GStrv) readonly = NULL;
        const char *propagation, *cgroups_path;
        if (!parse_namespaces(object, spec, error) || !parse_devices(object, spec, error) ||
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

OciSpec *oci_spec_parse(const char *bytes, size_t size, GError **error) {
        g_autoptr(JsonNode) root = NULL;
        JsonObject *top, *fs;
        if (!json_parse_object(bytes, size, OCI_SPEC_SIZE_MAX, "config.json", &root, &top, error))
                return NULL;
        g_autoptr(OciSpec) spec = oci_spec_new();
        g_autoptr(GHashTable) annotations = NULL;
        const char *hostname, *path = NULL;
        bool ok = parse_process(top, spec, error) && parse_mounts(top, spec, error) &&
                  parse_linux(top, spec, error) && json_get_object(top, "root", &fs, error) &&
                  json_get_string(top, "hostname", &hostname, error) &&
                  json_get_string_map(top, "annotations", &annotations, error);
        if (ok && fs)
                ok = json_get_string(fs, "path", &path, error) &&
                     json_get_bool(fs, "readonly", &spec->root_readonly, error);
        if (!ok) {
                g_prefix_error(error, "config.json: ");
                return NULL;
        }
        spec->root_path = g_strdup(path);
        spec->hostname = g_strdup(hostname);
        if (annotations) {
                g_hash_table_unref(spec->annotations);
                spec->annotations = g_steal_pointer(&annotations);
        }
        return g_steal_pointer(&spec);
}
