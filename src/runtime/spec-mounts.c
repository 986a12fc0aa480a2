/* SPDX-License-Identifier: Apache-2.0 */
/* Podman's default mounts, --tmpfs, and the words of --volume and --mount. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/user.h"
#include "runtime/idmap.h"
#include "runtime/spec-build.h"
#include "runtime/spec-volume.h"

static bool add_shm(const SpecRequest *request, OciSpec *spec, GError **error) {
        uint64_t size = SHM_SIZE_DEFAULT;
        const char *text = request->options->shm_size;
        if (text && !text_parse_size(text, &size))
                return error_set_invalid(
                                error, "unable to translate --shm-size: invalid size: '%s'", text);
        g_autofree char *options = g_strdup_printf(
                        "nosuid,noexec,nodev,mode=1777,size=%" G_GUINT64_FORMAT, (guint64) size);
        g_autofree char *shared = request->pod && spec->namespaces[OCI_NAMESPACE_IPC].path
                                                  ? g_build_filename(request->pod_path, "shm", NULL)
                                                  : NULL;
        if (shared)
                oci_spec_add_mount(
                                spec, "/dev/shm", "bind", shared,
                                "bind,rprivate,nosuid,noexec,nodev");
        else if (spec->namespaces[OCI_NAMESPACE_IPC].present)
                oci_spec_add_mount(spec, "/dev/shm", "tmpfs", "shm", options);
        else
                oci_spec_add_mount(
                                spec, "/dev/shm", "bind", "/dev/shm",
                                "rbind,rprivate,nosuid,noexec,nodev");
        return true;
}

/* The kernel lets root of a user namespace mount these only for namespaces that it owns; where one
 * is the host's, its mount is shown instead. */
static void
add_namespaced(OciSpec *spec,
               OciNamespaceType type,
               const char *path,
               const char *fs_type,
               const char *source,
               const char *options) {
        bool in_userns = spec->namespaces[OCI_NAMESPACE_USER].present ||
                         !user_in_initial_namespace();
        if (in_userns && !spec->namespaces[type].present) {
                g_autofree char *bind = g_strconcat("rbind,rprivate,", options, NULL);
                oci_spec_add_mount(spec, path, "bind", path, bind);
        } else {
                oci_spec_add_mount(spec, path, fs_type, source, options);
        }
}

/* Group 5 is tty; a namespace that does not have it gets a devpts without. */
static bool add_devpts(OciSpec *spec, GError **error) {
        uint32_t tty;
        g_autoptr(GArray) own = NULL;
        const GArray *map = spec->gid_mappings;
        if (map->len == 0 && !user_in_initial_namespace()) {
                if (!id_map_read("/proc/self/gid_map", &own, error))
                        return false;
                map = own;
        }
        bool has_tty = map->len == 0 || id_map_to_host(map, 5, &tty);
        oci_spec_add_mount(
                        spec, "/dev/pts", "devpts", "devpts",
                        has_tty ? "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"
                                : "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620");
        return true;
}

static bool add_defaults(const SpecRequest *request, OciSpec *spec, GError **error) {
        const char *access = request->options->privileged ? "nosuid,noexec,nodev,rw"
                                                          : "nosuid,noexec,nodev,ro";
        oci_spec_add_mount(spec, "/proc", "proc", "proc", "nosuid,noexec,nodev");
        oci_spec_add_mount(
                        spec, "/dev", "tmpfs", "tmpfs",
                        "nosuid,noexec,strictatime,mode=755,size=65536k");
        add_namespaced(spec, OCI_NAMESPACE_NETWORK, "/sys", "sysfs", "sysfs", access);
        if (!add_devpts(spec, error))
                return false;
        add_namespaced(spec, OCI_NAMESPACE_IPC, "/dev/mqueue", "mqueue", "mqueue",
                       "nosuid,noexec,nodev");
        add_namespaced(spec, OCI_NAMESPACE_CGROUP, "/sys/fs/cgroup", "cgroup2", "cgroup", access);
        return true;
}

/* --read-only leaves the usual places writable, on tmpfs, unless --read-only-tmpfs=false. */
static void add_readonly_tmpfs(const SpecRequest *request, OciSpec *spec) {
        static const char *const paths[] = { "/run", "/tmp", "/var/tmp" };
        if (!request->options->read_only || !request->options->read_only_tmpfs)
                return;
        for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
                oci_spec_add_mount(
                                spec, paths[i], "tmpfs", "tmpfs",
                                i == 0 ? "rw,nosuid,nodev,tmpcopyup"
                                       : "rw,nosuid,nodev,tmpcopyup,mode=1777");
}

static bool add_tmpfs(const char *text, OciSpec *spec, GError **error) {
        g_auto(GStrv) parts = g_strsplit(text, ":", 2);
        if (!parts[0] || parts[0][0] != '/')
                return error_set_invalid(
                                error,
                                "invalid --tmpfs '%s': the destination must be an absolute path",
                                text);
        g_autofree char *options =
                        g_strconcat("rw,nosuid,nodev,tmpcopyup", parts[1] && *parts[1] ? "," : "",
                                    parts[1] ? parts[1] : "", NULL);
        oci_spec_add_mount(spec, parts[0], "tmpfs", "tmpfs", options);
        return true;
}

bool spec_build_mounts(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        if (!add_defaults(request, spec, error) || !add_shm(request, spec, error))
                return false;
        add_readonly_tmpfs(request, spec);
        for (guint i = 0; o->tmpfs && i < o->tmpfs->len; i++)
                if (!add_tmpfs(o->tmpfs->pdata[i], spec, error))
                        return false;
        return true;
}

bool spec_build_volumes(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        for (guint i = 0; o->volume && i < o->volume->len; i++)
                if (!spec_volume_add(request, o->volume->pdata[i], spec, error))
                        return false;
        for (guint i = 0; o->mount && i < o->mount->len; i++)
                if (!spec_mount_add(request, o->mount->pdata[i], spec, error))
                        return false;
        return spec_volume_add_image_volumes(request, spec, error);
}
