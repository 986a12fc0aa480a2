/* SPDX-License-Identifier: Apache-2.0 */
/* Podman's default mounts, --tmpfs, and the words of --volume and --mount. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "runtime/spec-build.h"
#include "runtime/spec-volume.h"

#define SHM_SIZE_DEFAULT 65536000

static bool add_shm(const SpecRequest *request, OciSpec *spec, GError **error) {
        uint64_t size = SHM_SIZE_DEFAULT;
        const char *text = request->options->shm_size;
        if (text && !text_parse_size(text, &size))
                return error_set_invalid(
                                error, "unable to translate --shm-size: invalid size: '%s'", text);
        g_autofree char *options = g_strdup_printf(
                        "nosuid,noexec,nodev,mode=1777,size=%" G_GUINT64_FORMAT, (guint64) size);
        if (spec->namespaces[OCI_NAMESPACE_IPC].present)
                oci_spec_add_mount(spec, "/dev/shm", "tmpfs", "shm", options);
        else
                oci_spec_add_mount(
                                spec, "/dev/shm", "bind", "/dev/shm",
                                "rbind,rprivate,nosuid,noexec,nodev");
        return true;
}

static void add_defaults(const SpecRequest *request, OciSpec *spec) {
        bool privileged = request->options->privileged;
        oci_spec_add_mount(spec, "/proc", "proc", "proc", "nosuid,noexec,nodev");
        oci_spec_add_mount(
                        spec, "/dev", "tmpfs", "tmpfs",
                        "nosuid,noexec,strictatime,mode=755,size=65536k");
        oci_spec_add_mount(
                        spec, "/sys", "sysfs", "sysfs",
                        privileged ? "nosuid,noexec,nodev,rw" : "nosuid,noexec,nodev,ro");
        oci_spec_add_mount(
                        spec, "/dev/pts", "devpts", "devpts",
                        "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
        oci_spec_add_mount(spec, "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev");
        oci_spec_add_mount(
                        spec, "/sys/fs/cgroup", "cgroup2", "cgroup",
                        privileged ? "nosuid,noexec,nodev,rw" : "nosuid,noexec,nodev,ro");
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
        add_defaults(request, spec);
        if (!add_shm(request, spec, error))
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
