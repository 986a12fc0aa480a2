/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "runtime/plan.h"

/* The clone and the conversation with the child. Two ways: as a child of our own (foreground), or
 * as a child of our parent, the service manager (CLONE_PARENT), which then supervises it. */

typedef struct Launch Launch;
typedef bool (*LaunchCallback)(Launch *launch, void *data, GError **error);

struct Launch {
        pid_t pid;
        int pid_fd;
        int socket_fd;
        int console_fd;  /* pty master, or -1 */
        int listener_fd; /* of a seccomp filter, or -1 */
        bool is_child;   /* of ours: to be reaped by us */
        LaunchCallback on_mounted, on_listener;
        void *on_mounted_data, *on_listener_data;
};
#define LAUNCH_EMPTY                                                                               \
        { .pid_fd = -1, .socket_fd = -1, .console_fd = -1, .listener_fd = -1 }

void launch_clear(Launch *launch);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Launch, launch_clear)

/* Clones and waits until the child is prepared, just before execve. cgroup_fd: where it is born, or
 * -1. On failure the child is gone. */
bool launch_prepare(
                RuntimePlan *plan,
                const int stdio[3],
                int cgroup_fd,
                bool as_managers_child,
                Launch *ret_launch,
                GError **error);

/* The same; on_mounted is called when all is mounted and the container's root is not entered yet.
 */
bool launch_prepare_with_hooks(
                RuntimePlan *plan,
                const int stdio[3],
                int cgroup_fd,
                bool as_managers_child,
                LaunchCallback on_mounted,
                void *data,
                Launch *ret_launch,
                GError **error);

/* launch-limits.c: limits, scheduling and so on of the prepared child; part of preparing. */
bool launch_set_limits(RuntimePlan *plan, pid_t pid, GError **error);
bool launch_set_scheduling(const RuntimePlan *plan, pid_t pid, GError **error);
bool launch_set_affinity(pid_t pid, const char *list, GError **error);

/* Leaves the prepared child to wait at its start_fd, for launch_release() of another process. */
bool launch_detach(Launch *launch, GError **error);

/* Lets the child go and waits for its execve; RUNTIME_ERROR_NOT_EXEC or _NOT_FOUND when that fails.
 */
bool launch_release(const RuntimePlan *plan, Launch *launch, GError **error);

/* Runs the plan's command in the namespaces of a running container, as our child; when this returns
 * it has been executed. */
bool launch_join(
                RuntimePlan *plan,
                const int stdio[3],
                int cgroup_fd,
                int target_pid_fd,
                int namespaces,
                Launch *ret_launch,
                GError **error);
