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
        struct sock_fprog program;
        GBytes *filter;
        uint64_t clone_flags;
        int userns_fd; /* with the container's maps, for idmapped mounts; or -1, borrowed */
};

void *plan_keep(RuntimePlan *plan, void *memory);

/* "/a//b" -> "a/b": targets are relative to the root, openat2(2) does the rest. */
const char *plan_relative(RuntimePlan *plan, const char *path);

/* plan-devices.c */
bool plan_add_devices(RuntimePlan *plan, const OciSpec *spec, GError **error);

/* plan-mounts.c */
bool plan_add_mount(RuntimePlan *plan, const OciMount *m, GError **error);
