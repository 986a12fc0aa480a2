/* SPDX-License-Identifier: Apache-2.0 */
/* One more process in a running container. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/user.h"
#include "runtime/cgroup-manager.h"
#include "runtime/event.h"
#include "runtime/hardening.h"
#include "runtime/run.h"
#include "runtime/session.h"
#include "runtime/user.h"
#include "systemd/bus.h"
#include "systemd/cgroup.h"

#define KILLED_PAUSE_USEC 10000 /* a killed process leaves its cgroup a moment later */

/* The container's root as its first process sees it. */
static int open_root(const ContainerRecord *record, GError **error) {
        char path[48];
        snprintf(path, sizeof path, "/proc/%d/root", (int) record->pid);
        int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                error_set_errno(error, errno, "Cannot open the root of container '%s'",
                                record->name);
        return fd;
}

static bool change_user(const char *text, int root_fd, OciSpec *spec, GError **error) {
        g_auto(ContainerUser) user = { 0 };
        if (!user_resolve(root_fd, text, &user, error))
                return false;
        spec->uid = user.uid;
        spec->gid = user.gid;
        g_array_set_size(spec->additional_gids, 0);
        g_array_append_vals(spec->additional_gids, user.groups->data, user.groups->len);
        spec->env = g_environ_setenv(spec->env, "HOME", user.home, TRUE);
        uint64_t *sets = spec->capabilities;
        uint64_t effective = spec->uid == 0 ? sets[OCI_CAPABILITY_BOUNDING] : 0;
        sets[OCI_CAPABILITY_EFFECTIVE] = sets[OCI_CAPABILITY_PERMITTED] = effective;
        sets[OCI_CAPABILITY_INHERITABLE] = sets[OCI_CAPABILITY_AMBIENT] = 0;
        return true;
}

static void set_environment(OciSpec *spec, const char *const *rows) {
        for (; rows && *rows; rows++) {
                g_auto(GStrv) pair = g_strsplit(*rows, "=", 2);
                const char *value = pair[1] ? pair[1] : getenv(pair[0]);
                if (value)
                        spec->env = g_environ_setenv(spec->env, pair[0], value, TRUE);
        }
}

static void empty_vector(char **list) {
        for (; *list; list++)
                g_clear_pointer(list, g_free);
}

/* The container's own configuration with what this command changes: no mounts, nothing to set up.
 */
static bool adapt_spec(OciSpec *spec, const ExecOptions *options, int root_fd, GError **error) {
        g_ptr_array_set_size(spec->mounts, 0);
        g_hash_table_remove_all(spec->sysctl);
        empty_vector(spec->masked_paths);
        empty_vector(spec->readonly_paths);
        spec->terminal = options->terminal;
        g_strfreev(spec->args);
        spec->args = g_strdupv((char **) options->command);
        if (options->workdir) {
                g_free(spec->cwd);
                spec->cwd = g_strdup(options->workdir);
        }
        if (options->terminal && !g_environ_getenv(spec->env, "TERM"))
                spec->env = g_environ_setenv(spec->env, "TERM", "xterm", TRUE);
        if (options->privileged)
                spec->capabilities[OCI_CAPABILITY_BOUNDING] = UINT64_MAX;
        if (options->user && !change_user(options->user, root_fd, spec, error))
                return false;
        if (options->privileged && spec->uid == 0)
                spec->capabilities[OCI_CAPABILITY_EFFECTIVE] =
                                spec->capabilities[OCI_CAPABILITY_PERMITTED] = UINT64_MAX;
        set_environment(spec, options->env);
        return true;
}

/* A rootless container is in the namespace that its launcher made, whatever its configuration says.
 */
static bool is_in_other_userns(pid_t pid) {
        char path[48];
        struct stat theirs, ours;
        snprintf(path, sizeof path, "/proc/%d/ns/user", (int) pid);
        return stat(path, &theirs) == 0 && stat("/proc/self/ns/user", &ours) == 0 &&
               theirs.st_ino != ours.st_ino;
}

static int namespaces_of(const OciSpec *spec, pid_t pid) {
        int flags = is_in_other_userns(pid) ? CLONE_NEWUSER : 0;
        for (int i = 0; i < OCI_NAMESPACE_MAX; i++)
                if (spec->namespaces[i].present && i != OCI_NAMESPACE_USER)
                        flags |= oci_namespace_clone_flag(i);
        return flags;
}

/* Beside the payload's cgroup, so that limits of the unit count and ending the unit ends this too.
 */
static bool open_exec_cgroup(
                const ContainerRecord *record,
                const OciSpec *spec,
                const ExecOptions *options,
                char **ret_path,
                int *ret_fd,
                GError **error) {
        if (!record->cgroup)
                return true;
        g_autofree char *parent = g_path_get_dirname(record->cgroup);
        g_autofree char *id = options->session ? g_strdup(options->session) : hex_id_new();
        g_autofree char *name = g_strdup_printf("exec-%.12s", id);
        return cgroup_make(parent, name, ret_path, ret_fd, error) &&
               (options->privileged || run_may_use_all_devices(spec) ||
                cgroup_limit_devices(*ret_fd, spec, error));
}

typedef struct ExecTarget {
        int pid_fd;
        int cgroup_fd;
        int namespaces;
} ExecTarget;

/* From outside of the user manager's tree the kernel lets an unprivileged process into no cgroup of
 * it (cgroups(7), "Delegation": the common ancestor's cgroup.procs): the managers move us. */
static bool
reach_cgroup(const ContainerRecord *record,
             const char *cgroup,
             ExecTarget *target,
             GError **error) {
        if (user_is_root() || target->cgroup_fd < 0 || !record->unit)
                return true;
        g_autoptr(Bus) bus = bus_open(error);
        g_autofree char *name = g_path_get_basename(cgroup);
        g_autofree char *sub = g_strconcat("/", name, NULL);
        if (!bus || !bus_attach_self(bus, record->unit, sub, error))
                return false;
        target->cgroup_fd = -1; /* born where we are */
        return true;
}

static void remove_cgroup(const char *path, bool kill_rest) {
        const char *mount = cgroup_mount_path();
        if (!path || !mount)
                return;
        if (kill_rest) {
                (void) cgroup_kill(path, NULL); /* it may be empty */
                g_usleep(KILLED_PAUSE_USEC);
        }
        g_autofree char *full = g_strconcat(mount, path, NULL);
        (void) rmdir(full); /* what the command left running keeps it; the unit's end removes it */
}

static bool
run_session(Session *session,
            RuntimePlan *plan,
            const ExecTarget *target,
            bool detach,
            int *ret_status,
            GError **error) {
        g_auto(Launch) launch = LAUNCH_EMPTY;
        int stdio[3];
        session_stdio(session, stdio);
        if (!launch_join(plan, stdio, target->cgroup_fd, target->pid_fd, target->namespaces,
                         &launch, error))
                return false;
        session_started(session, &launch);
        *ret_status = 0;
        return detach || session_run(session, ret_status, error);
}

bool container_exec(
                Runtime *runtime,
                const ContainerRecord *record,
                const ExecOptions *options,
                int *ret_status,
                GError **error) {
        autofd int pid_fd = record_open_pidfd(record);
        if (pid_fd < 0)
                return error_set(
                                error, RUNTIME_ERROR, RUNTIME_ERROR_STATE,
                                "can only create exec sessions on running containers: container "
                                "state improper");
        g_auto(Container) c = { .spec = record_load_spec(runtime->records, record, error),
                                .root_fd = -1,
                                .userns_fd = -1 };
        autofd int root_fd = c.spec ? open_root(record, error) : -1;
        if (root_fd < 0 || !adapt_spec(c.spec, options, root_fd, error) ||
            !run_add_secrets(runtime, record, c.spec, error) ||
            (record->unit && !options->privileged &&
             !hardening_apply(record->unit, c.spec, &c.unit_filters, error)))
                return false;
        autofd int cgroup_fd = -1;
        g_autofree char *cgroup = NULL;
        uid_t uid;
        gid_t gid;
        run_host_ids(c.spec, &uid, &gid);
        const SessionRequest request = {
                .uid = uid,
                .gid = gid,
                .terminal = options->terminal,
                .interactive = options->interactive,
                .output_fd = options->output_fd,
                .timeout_usec = options->timeout_usec,
        };
        g_autoptr(RuntimePlan) plan = run_plan(runtime, &c, options->n_preserved_fds, error);
        g_autoptr(Session) session = plan ? session_new(&request, error) : NULL;
        if (!session || !open_exec_cgroup(record, c.spec, options, &cgroup, &cgroup_fd, error))
                return false;
        ExecTarget target = { pid_fd, cgroup_fd, namespaces_of(c.spec, record->pid) };
        if (!reach_cgroup(record, cgroup, &target, error))
                return false;
        if (options->output_fd == 0) { /* one of a person, not a health check */
                container_event(runtime, record, "exec");
                runtime_event_flush(runtime);
        }
        bool ok = run_session(session, plan, &target, options->detach, ret_status, error);
        if (ok && !options->detach && options->output_fd == 0)
                container_event_ended(runtime, record, "exec_died", *ret_status);
        if (!options->detach || !ok)
                remove_cgroup(cgroup, options->timeout_usec > 0 && ok && *ret_status != 0);
        return ok;
}
