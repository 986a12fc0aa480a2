/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "oci/spec.h"
#include "runtime/child.h"

/* From the runtime configuration to the child's plan: every source is opened, every name resolved,
 * every vector laid out. The plan owns what it points to. */

typedef struct RuntimePlan RuntimePlan;

typedef struct PlanRequest {
        const OciSpec *spec; /* borrowed, outlives the plan */
        int root_fd;         /* the detached root mount; stays the caller's */
        const char *attach_path;
        GBytes *filter;            /* compiled system call filter, or NULL */
        unsigned int filter_flags; /* SECCOMP_FILTER_FLAG_* */
        GPtrArray *hardening;      /* further ones, of GBytes, or NULL */
        unsigned int n_listen_fds;
        bool console;
        bool is_join; /* one more process of a running container: nothing to set up */
        int start_fd; /* see ChildPlan; 0: none */
        bool has_create_hooks;
        const char *keyring; /* of the session, or NULL; outlives the plan */
        int userns_fd; /* a user namespace with the container's maps; -1: opened when needed */
} PlanRequest;

RuntimePlan *runtime_plan_new(const PlanRequest *request, GError **error);
void runtime_plan_free(RuntimePlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RuntimePlan, runtime_plan_free)

const OciSpec *runtime_plan_spec(const RuntimePlan *plan); /* borrowed */

/* The child's view; the launcher sets socket_fd and stdio in it. */
ChildPlan *runtime_plan_child(RuntimePlan *plan);

/* In words what the child reported, with the name of the row: RUNTIME_ERROR_NOT_FOUND and _NOT_EXEC
 * for the command itself. Always false. */
bool runtime_plan_set_error(const RuntimePlan *plan, const ChildReport *report, GError **error);
