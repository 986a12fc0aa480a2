/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/pod.h"

/* What `pod create` was asked for, still as text; lists and texts are NULL when not given. */
typedef struct PodFlags {
        const char *name;
        const char *hostname;
        const char *share; /* "ipc,net,uts", "none", "+pid" */
        const char *exit_policy;
        const char *infra_name;
        const char *unit;
        const char *ip, *ip6, *mac;
        const GPtrArray *labels; /* "KEY=VALUE" */
        const GPtrArray *network, *aliases, *publish;
        const GPtrArray *add_hosts, *dns, *dns_search, *dns_options;
        const GPtrArray *volumes;
        const char *shm_size;
        const char *hosts_file;
        bool no_hosts;
        bool no_infra; /* nothing is shared */
        char *const *create_command;
} PodFlags;

/* Makes the record. A pod without a name gets one. */
Pod *pod_new_from_flags(Runtime *runtime, const PodFlags *flags, GError **error);
