/* SPDX-License-Identifier: Apache-2.0 */
/* systemd as the payload: https://systemd.io/CONTAINER_INTERFACE, and podman-run(1) --systemd. */
#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "runtime/spec-build.h"

static bool runs_systemd(const OciSpec *spec) {
        static const char *const inits[] = { "/init", "/sbin/init", "/usr/sbin/init",
                                             "/usr/local/sbin/init", NULL };
        const char *program = spec->args ? spec->args[0] : NULL;
        if (!program)
                return false;
        g_autofree char *base = g_path_get_basename(program);
        return strcmp(base, "systemd") == 0 || g_strv_contains(inits, program);
}

/* Its cgroup is its own to divide: the namespace's root, writable. */
static void open_cgroup(OciSpec *spec) {
        for (guint i = 0; i < spec->mounts->len; i++) {
                OciMount *m = spec->mounts->pdata[i];
                if (strcmp(m->destination, "/sys/fs/cgroup") != 0)
                        continue;
                for (char **word = m->options; *word; word++)
                        if (strcmp(*word, "ro") == 0) {
                                g_free(*word);
                                *word = g_strdup("rw");
                        }
        }
}

bool spec_build_systemd(const SpecRequest *request, OciSpec *spec, GError **error) {
        static const struct {
                const char *path, *options;
        } mounts[] = {
                { "/run", "rw,nosuid,nodev,mode=755,tmpcopyup" },
                { "/run/lock", "rw,nosuid,nodev,mode=1777,tmpcopyup" },
                { "/tmp", "rw,nosuid,nodev,mode=1777,tmpcopyup" },
                { "/var/log/journal", "rw,nosuid,nodev,mode=755,tmpcopyup" },
        };
        const ContainerOptions *o = request->options;
        const char *mode = o->systemd && *o->systemd ? o->systemd : "true";
        bool always = strcmp(mode, "always") == 0;
        if (!always && strcmp(mode, "true") != 0 && strcmp(mode, "false") != 0)
                return error_set_invalid(
                                error, "invalid --systemd value \"%s\", use true, false or always",
                                mode);
        if (strcmp(mode, "false") == 0 || (!always && !runs_systemd(spec)))
                return true;
        for (size_t i = 0; i < G_N_ELEMENTS(mounts); i++)
                if (!oci_spec_has_mount(spec, mounts[i].path))
                        oci_spec_add_mount(
                                        spec, mounts[i].path, "tmpfs", "tmpfs", mounts[i].options);
        open_cgroup(spec);
        g_autofree char *uuid = g_strndup(request->record->id, 32);
        spec->env = g_environ_setenv(spec->env, "container_uuid", uuid, FALSE);
        if (!o->stop_signal && (!request->image || !request->image->stop_signal))
                request->record->stop_signal = SIGRTMIN + 3; /* systemd(1), "SIGNALS" */
        return true;
}
