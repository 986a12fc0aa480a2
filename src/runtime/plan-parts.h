/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/plan.h"

/* What the files that lay out a plan share. */

struct RuntimePlan {
        ChildPlan child;
        const OciSpec *spec; /* borrowed */
        GPtrArray *memory;   /* everything that child points to and nobody else owns */
        GArray *mounts;      /* of ChildMount; their fds are ours */
        GArray *devices;     /* of ChildDevice; theirs, too */
        GArray *links;
        GArray *sysctls;
        GArray *rlimits;
        GArray *joins; /* of ChildNamespace; their fds are ours */
        struct sock_fprog program;
        GBytes *filter;
        GPtrArray *hardening; /* of GBytes, or NULL */
        int userns_fd;        /* with the container's maps, for idmapped mounts; or -1, borrowed */
};

void *plan_keep(RuntimePlan *plan, void *memory);

/* "/a//b" -> "a/b": targets are relative to the root, openat2(2) does the rest. */
const char *plan_relative(RuntimePlan *plan, const char *path);

/* plan-devices.c */
/* place: an empty directory, for kernels before 6.15. */
bool plan_add_devices(RuntimePlan *plan, const OciSpec *spec, const char *place, GError **error);

/* plan-namespaces.c */
bool plan_add_namespaces(RuntimePlan *plan, const OciSpec *spec, GError **error);
const char *plan_join_name(const RuntimePlan *plan, size_t i); /* the path of a joined namespace */

/* plan-process.c */
bool plan_add_personality(RuntimePlan *plan, const OciSpec *spec, GError **error);
bool plan_add_memory_policy(RuntimePlan *plan, const OciSpec *spec, GError **error);
bool plan_add_label(RuntimePlan *plan, const OciSpec *spec, GError **error);

/* plan-mounts.c */
/* place: as for plan_add_devices(). */
bool plan_add_mount(RuntimePlan *plan, const OciMount *m, const char *place, GError **error);
