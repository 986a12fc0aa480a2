/* SPDX-License-Identifier: Apache-2.0 */
/* clone3() and what is said over the socket until the payload runs. */
#include "runtime/launch.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "runtime/idmap.h"

/* Through a process in between, child_enter_run(). */
static bool launch_enters(const ChildPlan *child) {
        return child->n_joins > 0 || child->time_offsets;
}

void launch_clear(Launch *launch) {
        fd_close(&launch->pid_fd);
        fd_close(&launch->socket_fd);
        fd_close(&launch->console_fd);
        fd_close(&launch->listener_fd);
}

/* clone3(2): with CLONE_PARENT the exit signal must be 0, the child inherits ours. The init of a
 * PID namespace may not use CLONE_PARENT (EINVAL); then the child is ours and moves to the manager
 * when we exit. */
static pid_t
clone_child(const ChildPlan *child,
            int cgroup_fd,
            bool as_managers_child,
            int *pid_fd,
            bool *is_child) {
        bool enters = launch_enters(child);
        struct clone_args args = {
                .flags = (enters ? 0 : child->clone_flags | CLONE_PIDFD) |
                         (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
                .pidfd = enters ? 0 : (uint64_t) (uintptr_t) pid_fd,
                .cgroup = cgroup_fd >= 0 ? (uint64_t) cgroup_fd : 0,
        };
        *is_child = !as_managers_child;
        args.exit_signal = as_managers_child ? 0 : SIGCHLD;
        args.flags |= as_managers_child ? CLONE_PARENT : 0;
        pid_t pid = sys_clone3(&args);
        if (pid != -EINVAL || !as_managers_child)
                return pid;
        args.flags &= ~(uint64_t) CLONE_PARENT;
        args.exit_signal = SIGCHLD;
        *is_child = true;
        return sys_clone3(&args);
}

/* The next report; end of file is a kind of its own (0). */
static bool read_report(Launch *launch, ChildReport *report, GError **error) {
        int fd = -1;
        size_t n_fds = 0;
        *report = (ChildReport){ 0 };
        ssize_t n;
        do
                n = fd_receive(launch->socket_fd, report, sizeof *report, &fd, 1, &n_fds);
        while (n == -EINTR);
        if (n_fds > 0 && report->kind == CHILD_REPORT_CONSOLE)
                launch->console_fd = fd;
        else if (n_fds > 0 && report->kind == CHILD_REPORT_LISTENER)
                launch->listener_fd = fd;
        else if (n_fds > 0 && report->kind == CHILD_REPORT_JOINED && launch->pid_fd < 0)
                launch->pid_fd = fd;
        else if (n_fds > 0)
                fd_close(&fd);
        if (n == -ECONNRESET)
                n = 0;
        if (n < 0)
                return error_set_errno(
                                error, (int) n, "Cannot read from the container's first process");
        if (n != 0 && n != sizeof *report)
                return error_set_invalid(error, "The container's first process sent nonsense");
        return true;
}

static void reap(Launch *launch) {
        if (launch->is_child && launch->pid > 0)
                while (waitpid(launch->pid, NULL, 0) < 0 && errno == EINTR)
                        continue;
}

static void reap_joiner(pid_t joiner) {
        while (waitpid(joiner, NULL, 0) < 0 && errno == EINTR)
                continue;
}

/* The process in between ends; the container's first process, born beside it, is the one. */
static bool wait_entered(const RuntimePlan *plan, Launch *launch, GError **error) {
        ChildReport report;
        pid_t joiner = launch->pid;
        launch->pid = 0;
        bool ok = read_report(launch, &report, error);
        if (launch->is_child)
                reap_joiner(joiner);
        if (!ok)
                return false;
        if (report.kind == CHILD_REPORT_FAILED)
                return runtime_plan_set_error(plan, &report, error);
        if (report.kind != CHILD_REPORT_JOINED || launch->pid_fd < 0)
                return error_set_invalid(error, "The process that enters the namespaces died");
        launch->pid = (pid_t) report.index;
        return true;
}

/* The hooks of the one who asked for the stop, then on. */
static bool run_create_hooks(const RuntimePlan *plan, Launch *launch, GError **error) {
        const char word = CHILD_CONTINUE;
        if (launch->on_mounted && !launch->on_mounted(launch, launch->on_mounted_data, error))
                return false;
        int r = fd_send(launch->socket_fd, &word, 1, NULL, 0);
        return r >= 0 || error_set_errno(error, r, "The container's first process died");
}

static bool wait_prepared(const RuntimePlan *plan, Launch *launch, GError **error) {
        for (;;) {
                ChildReport report;
                if (!read_report(launch, &report, error))
                        return false;
                switch (report.kind) {
                case CHILD_REPORT_PREPARED:
                        return true;
                case CHILD_REPORT_CONSOLE:
                        continue;
                case CHILD_REPORT_MOUNTED:
                        if (!run_create_hooks(plan, launch, error))
                                return false;
                        continue;
                case CHILD_REPORT_FAILED:
                        return runtime_plan_set_error(plan, &report, error);
                default:
                        return error_set_invalid(
                                        error,
                                        "The container's first process died while it was set up");
                }
        }
}

/* Gives the child's namespace its maps and tells it. */
static bool map_ids(const RuntimePlan *plan, const Launch *launch, GError **error) {
        const OciSpec *spec = runtime_plan_spec(plan);
        const char word = CHILD_MAPPED;
        if (!id_map_write(launch->pid, spec->uid_mappings, spec->gid_mappings, error))
                return false;
        int r = fd_send(launch->socket_fd, &word, 1, NULL, 0);
        return r >= 0 || error_set_errno(error, r, "The container's first process died");
}

bool launch_prepare_with_hooks(
                RuntimePlan *plan,
                const int stdio[3],
                int cgroup_fd,
                bool as_managers_child,
                LaunchCallback on_mounted,
                void *data,
                Launch *ret_launch,
                GError **error) {
        int sockets[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
                return error_set_errno(error, errno, "Cannot create a socket pair");
        g_auto(Launch) launch = LAUNCH_EMPTY;
        launch.socket_fd = sockets[0];
        launch.on_mounted = on_mounted;
        launch.on_mounted_data = data;
        autofd int child_socket = sockets[1];
        ChildPlan *child = runtime_plan_child(plan);
        child->socket_fd = child_socket;
        child->peer_fd = launch.socket_fd;
        memcpy(child->stdio, stdio, sizeof child->stdio);

        /* No handler of ours may run in the child before it has reset them. */
        sigset_t all, before;
        sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &before);
        launch.pid = clone_child(
                        child, cgroup_fd, as_managers_child, &launch.pid_fd, &launch.is_child);
        if (launch.pid == 0 && launch_enters(child))
                child_enter_run(child);
        if (launch.pid == 0)
                child_run(child);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        if (launch.pid < 0)
                return error_set_errno(
                                error, launch.pid, "Cannot create the container's namespaces");
        fd_close(&child_socket); /* its end must be the only one, or we never see it close */
        if ((launch_enters(child) && !wait_entered(plan, &launch, error)) ||
            (child->waits_for_maps && !map_ids(plan, &launch, error)) ||
            !wait_prepared(plan, &launch, error) || !launch_set_limits(plan, launch.pid, error)) {
                if (launch.pid_fd >= 0)
                        (void) sys_pidfd_send_signal(launch.pid_fd, SIGKILL); /* mostly gone */
                reap(&launch);
                return false;
        }
        *ret_launch = launch;
        launch = (Launch) LAUNCH_EMPTY;
        return true;
}

bool launch_prepare(
                RuntimePlan *plan,
                const int stdio[3],
                int cgroup_fd,
                bool as_managers_child,
                Launch *ret_launch,
                GError **error) {
        return launch_prepare_with_hooks(
                        plan, stdio, cgroup_fd, as_managers_child, NULL, NULL, ret_launch, error);
}

bool launch_release(const RuntimePlan *plan, Launch *launch, GError **error) {
        const char word = CHILD_RELEASE;
        int r = fd_send(launch->socket_fd, &word, 1, NULL, 0);
        if (r < 0)
                return error_set_errno(
                                error, r,
                                "The container's first process died before it was released");
        ChildReport report = { .kind = CHILD_REPORT_LISTENER };
        while (report.kind == CHILD_REPORT_LISTENER) {
                if (!read_report(launch, &report, error) ||
                    (launch->listener_fd >= 0 && launch->on_listener &&
                     !launch->on_listener(launch, launch->on_listener_data, error)))
                        return false;
                fd_close(&launch->listener_fd);
        }
        fd_close(&launch->socket_fd);
        if (report.kind == CHILD_REPORT_FAILED)
                return runtime_plan_set_error(plan, &report, error);
        return true;
}

bool launch_detach(Launch *launch, GError **error) {
        const char word = CHILD_DETACH;
        int r = fd_send(launch->socket_fd, &word, 1, NULL, 0);
        fd_close(&launch->socket_fd);
        return r >= 0 || error_set_errno(error, r, "The container's first process died");
}

/* The joining process ends at once; the command, born beside it, is ours. */
static bool wait_joined(const RuntimePlan *plan, Launch *launch, pid_t joiner, GError **error) {
        bool joined = false;
        for (;;) {
                ChildReport report;
                if (!read_report(launch, &report, error))
                        return false;
                if (report.kind == CHILD_REPORT_FAILED)
                        return runtime_plan_set_error(plan, &report, error);
                if (report.kind == CHILD_REPORT_JOINED) {
                        launch->pid = (pid_t) report.index;
                        joined = true;
                        reap_joiner(joiner);
                        if (!launch_set_scheduling(plan, launch->pid, error))
                                return false;
                }
                if (report.kind == 0)
                        return joined ||
                               error_set_invalid(
                                               error, "The process that enters the container died");
        }
}

bool launch_join(
                RuntimePlan *plan,
                const int stdio[3],
                int cgroup_fd,
                int target_pid_fd,
                int namespaces,
                Launch *ret_launch,
                GError **error) {
        int sockets[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
                return error_set_errno(error, errno, "Cannot create a socket pair");
        g_auto(Launch) launch = LAUNCH_EMPTY;
        launch.socket_fd = sockets[0];
        launch.is_child = true;
        autofd int child_socket = sockets[1];
        ChildPlan *child = runtime_plan_child(plan);
        child->socket_fd = child_socket;
        child->peer_fd = launch.socket_fd;
        memcpy(child->stdio, stdio, sizeof child->stdio);
        struct clone_args args = {
                .flags = cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0,
                .cgroup = cgroup_fd >= 0 ? (uint64_t) cgroup_fd : 0,
                .exit_signal = SIGCHLD,
        };
        pid_t joiner = sys_clone3(&args);
        if (joiner == 0)
                child_join_run(child, target_pid_fd, namespaces);
        if (joiner < 0)
                return error_set_errno(error, joiner, "Cannot start a process");
        fd_close(&child_socket);
        if (!wait_joined(plan, &launch, joiner, error)) {
                if (launch.pid_fd >= 0)
                        reap(&launch);
                return false;
        }
        *ret_launch = launch;
        launch = (Launch) LAUNCH_EMPTY;
        return true;
}
