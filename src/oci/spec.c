/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime configuration as a struct; spec-json.c reads and writes its document. */
#include "oci/spec.h"

static void mount_free(gpointer data) {
        OciMount *m = data;
        g_free(m->destination);
        g_free(m->type);
        g_free(m->source);
        g_strfreev(m->options);
        g_clear_pointer(&m->uid_mappings, g_array_unref);
        g_clear_pointer(&m->gid_mappings, g_array_unref);
        g_free(m);
}

static void rlimit_free(gpointer data) {
        OciRlimit *r = data;
        g_free(r->type);
        g_free(r);
}

static void device_free(gpointer data) {
        OciDevice *d = data;
        g_free(d->path);
        g_free(d);
}

OciSpec *oci_spec_new(void) {
        OciSpec *spec = g_new0(OciSpec, 1);
        spec->umask = 0022;
        spec->additional_gids = g_array_new(FALSE, FALSE, sizeof(gid_t));
        spec->rlimits = g_ptr_array_new_with_free_func(rlimit_free);
        spec->mounts = g_ptr_array_new_with_free_func(mount_free);
        spec->devices = g_ptr_array_new_with_free_func(device_free);
        spec->annotations = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        spec->sysctl = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        spec->uid_mappings = oci_id_map_new();
        spec->gid_mappings = oci_id_map_new();
        spec->masked_paths = g_new0(char *, 1);
        spec->readonly_paths = g_new0(char *, 1);
        return spec;
}

void oci_spec_free(OciSpec *spec) {
        if (!spec)
                return;
        g_array_unref(spec->additional_gids);
        g_free(spec->user_name);
        g_strfreev(spec->args);
        g_strfreev(spec->env);
        g_free(spec->cwd);
        g_ptr_array_unref(spec->rlimits);
        g_free(spec->apparmor_profile);
        g_free(spec->selinux_label);
        g_free(spec->scheduler.policy);
        g_free(spec->io_class);
        g_free(spec->cpu_affinity_initial);
        g_free(spec->cpu_affinity_final);
        g_free(spec->root_path);
        g_free(spec->hostname);
        g_free(spec->domainname);
        for (int i = 0; i < OCI_HOOK_MAX; i++)
                g_clear_pointer(&spec->hooks[i], g_ptr_array_unref);
        g_ptr_array_unref(spec->mounts);
        g_hash_table_unref(spec->annotations);
        for (int i = 0; i < OCI_NAMESPACE_MAX; i++)
                g_free(spec->namespaces[i].path);
        g_array_unref(spec->uid_mappings);
        g_array_unref(spec->gid_mappings);
        g_hash_table_unref(spec->sysctl);
        g_ptr_array_unref(spec->devices);
        g_strfreev(spec->masked_paths);
        g_strfreev(spec->readonly_paths);
        g_free(spec->rootfs_propagation);
        g_free(spec->cgroups_path);
        g_free(spec->mount_label);
        g_free(spec->personality_domain);
        g_strfreev(spec->personality_flags);
        g_free(spec->memory_policy_mode);
        g_free(spec->memory_policy_nodes);
        g_strfreev(spec->memory_policy_flags);
        g_clear_pointer(&spec->resources, json_node_unref);
        g_clear_pointer(&spec->seccomp, json_node_unref);
        g_free(spec);
}

bool oci_spec_has_mount(const OciSpec *spec, const char *destination) {
        for (guint i = 0; i < spec->mounts->len; i++)
                if (strcmp(((OciMount *) spec->mounts->pdata[i])->destination, destination) == 0)
                        return true;
        return false;
}

OciMount *oci_spec_add_mount(
                OciSpec *spec,
                const char *destination,
                const char *type,
                const char *source,
                const char *options) {
        OciMount *m = g_new0(OciMount, 1);
        m->destination = g_strdup(destination);
        m->type = g_strdup(type);
        m->source = g_strdup(source);
        m->options = options && *options ? g_strsplit(options, ",", -1) : g_new0(char *, 1);
        g_ptr_array_add(spec->mounts, m);
        return m;
}

void oci_spec_add_rlimit(OciSpec *spec, const char *type, uint64_t soft, uint64_t hard) {
        OciRlimit *r = g_new0(OciRlimit, 1);
        r->type = g_strdup(type);
        r->soft = soft;
        r->hard = hard;
        g_ptr_array_add(spec->rlimits, r);
}

GArray *oci_id_map_new(void) {
        return g_array_new(FALSE, FALSE, sizeof(OciIdMapping));
}

void oci_id_map_add(GArray *map, uint32_t container, uint32_t host, uint32_t size) {
        const OciIdMapping row = { container, host, size };
        g_array_append_val(map, row);
}
