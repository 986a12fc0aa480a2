/* SPDX-License-Identifier: Apache-2.0 */
/* exec: one more process, described by JSON or by flags. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/cgroup-manager.h"
#include "runtime/oci-container.h"
#include "runtime/syscall-filter.h"
#include "runtime/user.h"
#include "systemd/cgroup.h"

#define PROCESS_SIZE_MAX (4u << 20)

/* The document is the "process" of a configuration. */
static OciSpec *parse_process(const char *path, GError **error) {
        g_autofree char *text = NULL;
        if (!file_read_text(AT_FDCWD, path, PROCESS_SIZE_MAX, &text, error))
                return NULL;
        g_autofree char *whole = g_strdup_printf("{\"process\":%s}", text);
        OciSpec *spec = oci_spec_parse(whole, strlen(whole), error);
        if (spec && (!spec->args || !spec->args[0])) {
                oci_spec_free(spec);
                error_set_invalid(error, "'%s': args is missing", path);
                return NULL;
        }
        return spec;
}

/* The container's "linux" is the process's, too. */
static void take_linux(OciSpec *process, OciSpec *container) {
        for (int i = 0; i < OCI_NAMESPACE_MAX; i++) {
                process->namespaces[i].present = container->namespaces[i].present;
                process->namespaces[i].path = g_strdup(container->namespaces[i].path);
        }
        g_array_append_vals(
                        process->uid_mappings, container->uid_mappings->data,
                        container->uid_mappings->len);
        g_array_append_vals(
                        process->gid_mappings, container->gid_mappings->data,
                        container->gid_mappings->len);
        process->seccomp = container->seccomp ? json_node_copy(container->seccomp) : NULL;
        process->personality_domain = g_strdup(container->personality_domain);
        if (!process->apparmor_profile)
                process->apparmor_profile = g_strdup(container->apparmor_profile);
        if (!process->selinux_label)
                process->selinux_label = g_strdup(container->selinux_label);
        if (!process->cwd)
                process->cwd = g_strdup("/");
}

static bool add_capabilities(char **names, OciSpec *spec, GError **error) {
        for (; names && *names; names++) {
                int c = oci_capability_from_text(*names);
                if (c < 0)
                        return error_set_invalid(error, "unknown capability \"%s\"", *names);
                for (int set = 0; set < OCI_CAPABILITY_SET_MAX; set++)
                        if (set != OCI_CAPABILITY_INHERITABLE && set != OCI_CAPABILITY_AMBIENT)
                                spec->capabilities[set] |= UINT64_C(1) << c;
        }
        return true;
}

/* The container's own process with what the flags change. */
static bool adapt(const OciExecRequest *request, int root_fd, OciSpec *spec, GError **error) {
        g_strfreev(spec->args);
        spec->args = g_strdupv(request->args);
        spec->terminal = request->terminal;
        spec->no_new_privileges = spec->no_new_privileges || request->no_new_privileges;
        for (char **row = request->env; row && *row; row++) {
                g_auto(GStrv) pair = g_strsplit(*row, "=", 2);
                spec->env = g_environ_setenv(spec->env, pair[0], pair[1] ? pair[1] : "", TRUE);
        }
        const struct {
                const char *from;
                char **to;
        } texts[] = {
                { request->cwd, &spec->cwd },
                { request->apparmor, &spec->apparmor_profile },
                { request->label, &spec->selinux_label },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                if (texts[i].from) {
                        g_free(*texts[i].to);
                        *texts[i].to = g_strdup(texts[i].from);
                }
        if (request->user) {
                g_auto(ContainerUser) user = { 0 };
                if (!user_resolve(root_fd, request->user, &user, error))
                        return false;
                spec->uid = user.uid;
                spec->gid = user.gid;
        }
        return add_capabilities(request->caps, spec, error);
}

static OciSpec *
process_of(const OciExecRequest *request, int root_fd, OciSpec *container, GError **error) {
        g_autoptr(OciSpec) spec = NULL;
        if (request->process) {
                spec = parse_process(request->process, error);
                if (!spec)
                        return NULL;
                take_linux(spec, container);
        } else {
                g_autofree char *text = oci_spec_format(container);
                spec = oci_spec_parse(text, strlen(text), error);
                if (!spec || !adapt(request, root_fd, spec, error))
                        return NULL;
        }
        return oci_add_home(spec, root_fd, error) ? g_steal_pointer(&spec) : NULL;
}

static RuntimePlan *make_plan(const OciExecRequest *request, const OciSpec *spec, GError **error) {
        g_autoptr(GBytes) filter = NULL;
        unsigned int flags = 0;
        bool notifies = false;
        if (spec->seccomp &&
            !syscall_filter_compile_spec(spec->seccomp, &filter, &flags, &notifies, error))
                return NULL;
        if (notifies) {
                error_set_invalid(
                                error, "exec into a container with a seccomp listener is not "
                                       "supported");
                return NULL;
        }
        const PlanRequest plan = {
                .spec = spec,
                .attach_path = "/",
                .root_fd = -1,
                .filter = filter,
                .filter_flags = flags,
                .n_listen_fds = request->n_preserved_fds,
                .console = spec->terminal,
                .userns_fd = -1,
                .is_join = true,
        };
        return runtime_plan_new(&plan, error);
}

/* Where the container's first process is: it may have made cgroups below the one it was given. */
static int open_cgroup(const OciExecRequest *request, const OciState *state, GError **error) {
        g_autofree char *path = state->cgroup ? cgroup_of(state->pid, error) : NULL;
        const char *mount = cgroup_mount_path();
        if (!path || !mount)
                return -1;
        g_autofree char *sub = g_canonicalize_filename(request->cgroup ? request->cgroup : "", "/");
        g_autofree char *full =
                        g_strconcat(mount, request->cgroup ? state->cgroup : path,
                                    request->cgroup ? sub : "", NULL);
        int fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                error_set_errno(error, errno, "Cannot open the cgroup '%s'", full);
        return fd;
}

bool oci_exec(const OciExecRequest *request,
              const int stdio[3],
              Launch *ret_launch,
              GError **error) {
        static const int own[3] = { 0, 1, 2 };
        g_autoptr(OciState) state = oci_state_load(request->root, request->id, error);
        g_autoptr(OciSpec) container =
                        state ? oci_state_load_spec(request->root, request->id, error) : NULL;
        if (!container)
                return false;
        OciStatus status = oci_state_status(state);
        if (status == OCI_STATUS_PAUSED && !request->ignore_paused)
                return error_set_invalid(error, "cannot exec in a paused container");
        autofd int pid_fd = oci_state_open_pidfd(state);
        if (pid_fd < 0 || status == OCI_STATUS_CREATING)
                return error_set_invalid(
                                error, "cannot exec in a %s container", oci_status_to_text(status));
        char path[48];
        snprintf(path, sizeof path, "/proc/%d/root", (int) state->pid);
        autofd int root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root_fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", path);
        g_autoptr(OciSpec) spec = process_of(request, root_fd, container, error);
        g_autoptr(RuntimePlan) plan = spec ? make_plan(request, spec, error) : NULL;
        if (!plan)
                return false;
        GError *inner = NULL;
        autofd int cgroup_fd = open_cgroup(request, state, &inner);
        if (inner) {
                g_propagate_error(error, inner);
                return false;
        }
        g_auto(Launch) launch = LAUNCH_EMPTY;
        if (!launch_set_affinity(0, spec->cpu_affinity_initial, error) ||
            !launch_join(plan, stdio ? stdio : own, cgroup_fd, pid_fd,
                         oci_namespaces(spec, state->pid), &launch, error))
                return false;
        char text[16];
        snprintf(text, sizeof text, "%d", (int) launch.pid);
        if (request->pid_file && !file_replace(AT_FDCWD, request->pid_file, text, strlen(text),
                                               0644, FILE_VOLATILE, error))
                return false;
        if (spec->terminal && request->console_socket &&
            !oci_send_console(request->console_socket, &launch, spec, error))
                return false;
        *ret_launch = launch;
        launch = (Launch) LAUNCH_EMPTY;
        return true;
}
