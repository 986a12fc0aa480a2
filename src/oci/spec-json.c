/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of the runtime specification, read and written. */
#include "base/error.h"
#include "base/json.h"
#include "oci/spec-parts.h"

static JsonArray *format_mounts(const OciSpec *spec) {
        JsonArray *mounts = json_array_new();
        for (guint i = 0; i < spec->mounts->len; i++) {
                const OciMount *m = spec->mounts->pdata[i];
                JsonObject *object = json_object_new();
                json_object_set_string_member(object, "destination", m->destination);
                json_object_set_string_member(object, "type", m->type);
                json_object_set_string_member(object, "source", m->source);
                json_set_strings(object, "options", (const char *const *) m->options);
                spec_format_id_map(object, "uidMappings", m->uid_mappings);
                spec_format_id_map(object, "gidMappings", m->gid_mappings);
                json_array_add_object_element(mounts, object);
        }
        return mounts;
}

char *oci_spec_format(const OciSpec *spec) {
        g_autoptr(JsonObject) object = json_object_new();
        json_object_set_string_member(object, "ociVersion", OCI_SPEC_VERSION);
        json_object_set_object_member(object, "process", spec_format_process(spec));
        JsonObject *root = json_object_new();
        json_object_set_string_member(root, "path", spec->root_path ? spec->root_path : "rootfs");
        json_object_set_boolean_member(root, "readonly", spec->root_readonly);
        json_object_set_object_member(object, "root", root);
        if (spec->hostname)
                json_object_set_string_member(object, "hostname", spec->hostname);
        if (spec->domainname)
                json_object_set_string_member(object, "domainname", spec->domainname);
        JsonObject *hooks = spec_format_hooks(spec);
        if (hooks)
                json_object_set_object_member(object, "hooks", hooks);
        json_object_set_array_member(object, "mounts", format_mounts(spec));
        json_set_string_map(object, "annotations", spec->annotations);
        json_object_set_object_member(object, "linux", spec_format_linux(spec));
        return json_format_object(object, false);
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
                m->uid_mappings = oci_id_map_new();
                m->gid_mappings = oci_id_map_new();
                if (!spec_parse_id_map(object, "uidMappings", m->uid_mappings, error) ||
                    !spec_parse_id_map(object, "gidMappings", m->gid_mappings, error))
                        return false;
        }
        return true;
}

/* config.md, "Specification version": 1.x, and nothing that a later major version may mean. */
static bool parse_version(JsonObject *top, GError **error) {
        const char *version;
        if (!json_get_string(top, "ociVersion", &version, error))
                return false;
        if (version && !g_str_has_prefix(version, "1."))
                return error_set_invalid(
                                error, "ociVersion \"%s\" is not supported, only 1.x", version);
        return true;
}

static bool parse_top(JsonObject *top, OciSpec *spec, GError **error) {
        JsonObject *process, *linux_object, *hooks, *fs;
        g_autoptr(GHashTable) annotations = NULL;
        if (!parse_version(top, error) || !json_get_object(top, "process", &process, error) ||
            !json_get_object(top, "linux", &linux_object, error) ||
            !json_get_object(top, "hooks", &hooks, error) ||
            !json_get_object(top, "root", &fs, error) ||
            !spec_get_copy(top, "hostname", &spec->hostname, error) ||
            !spec_get_copy(top, "domainname", &spec->domainname, error) ||
            !json_get_string_map(top, "annotations", &annotations, error))
                return false;
        if (annotations) {
                g_hash_table_unref(spec->annotations);
                spec->annotations = g_steal_pointer(&annotations);
        }
        if (fs && (!spec_get_copy(fs, "path", &spec->root_path, error) ||
                   !json_get_bool(fs, "readonly", &spec->root_readonly, error)))
                return false;
        return (!process || spec_parse_process(process, spec, error)) &&
               parse_mounts(top, spec, error) &&
               (!linux_object || spec_parse_linux(linux_object, spec, error)) &&
               (!hooks || spec_parse_hooks(hooks, spec, error));
}

OciSpec *oci_spec_parse(const char *bytes, size_t size, GError **error) {
        g_autoptr(JsonNode) root = NULL;
        JsonObject *top;
        if (!json_parse_object(bytes, size, OCI_SPEC_SIZE_MAX, "config.json", &root, &top, error))
                return NULL;
        g_autoptr(OciSpec) spec = oci_spec_new();
        if (!parse_top(top, spec, error)) {
                g_prefix_error(error, "config.json: ");
                return NULL;
        }
        return g_steal_pointer(&spec);
}
