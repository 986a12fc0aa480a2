/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/record.h"

/* The processes of a running container as proc(5) tells them. */

typedef struct ProcessEntry {
        pid_t host_pid, host_parent;
        pid_t pid, parent; /* inside; a parent that is outside is 0 */
        pid_t group;       /* process group, inside */
        uid_t host_uid, host_gid, host_real_uid, host_real_gid;
        uint32_t uid, gid, real_uid, real_gid; /* inside */
        char state;
        unsigned int terminal; /* device number, 0: none */
        int64_t nice;
        uint64_t cpu_usec;
        uint64_t start_usec; /* since boot */
        uint64_t size_bytes, resident_bytes;
        char *name;      /* comm */
        char *arguments; /* joined by blanks; "[comm]" when there are none */
} ProcessEntry;

/* Those that share the container's pid namespace or are in its cgroup, by pid. Element type
 * ProcessEntry, owned. */
GPtrArray *process_list(const ContainerRecord *record, GError **error);
