/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "systemd/bus.h"

/* What a service's unit and its drop-ins say together about the process that it runs, read back
 * from the manager: systemd.exec(5). A command with "+" does not get these, our payload does. */

typedef struct UnitLimit {
        uint64_t hard, soft; /* RLIM_INFINITY as UINT64_MAX */
        bool is_set;         /* not merely the manager's default */
} UnitLimit;

typedef struct UnitSettings {
        bool no_new_privileges, lock_personality, memory_deny_write_execute, restrict_suid_sgid,
                        restrict_realtime;
        uint64_t bounding; /* CapabilityBoundingSet= */
        uint64_t ambient;
        uint64_t namespaces; /* RestrictNamespaces=: the CLONE_NEW* that are allowed */
        bool call_allow;     /* SystemCallFilter= without "~" */
        char **calls;        /* names, with ":errno" perhaps; NULL or empty: no filter */
        int call_errno;      /* SystemCallErrorNumber=; 0: kill */
        char **architectures;
        bool family_allow; /* RestrictAddressFamilies= */
        char **families;   /* "AF_INET"; empty and allow: none at all */
        bool has_families;
        unsigned int umask;
        UnitLimit limits[RLIM_NLIMITS];
        char *fragment_path;
        char **drop_in_paths;
        char *control_group;
        uint64_t memory_max, memory_high, memory_low, memory_swap_max, tasks_max, cpu_weight,
                        io_weight, cpu_quota_usec;
        uint64_t main_pid;
} UnitSettings;

UnitSettings *unit_settings_load(Bus *bus, const char *unit, GError **error);
void unit_settings_free(UnitSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UnitSettings, unit_settings_free)

/* "NOFILE" of a resource number, or NULL. */
const char *unit_limit_name(int resource);
