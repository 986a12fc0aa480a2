/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "runtime/plan.h"

/* The clone and the conversation with the child. Two ways: as a child of our own (foreground), or
 * as a child of our parent, the service manager (CLONE_PARENT), which then supervises it. */

typedef struct Launch {
        pid_t pid;
        int pid_fd;
        int socket_fd;
        int console_fd; /* pty master, or -1 */
        bool is_child;  /* of ours: to be reaped by us */
} Launch;

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
