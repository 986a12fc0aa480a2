/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The OCI runtime configuration (runtime-spec config.md, config-linux.md): the one description of a
 * container. The command line builds it, the runtime executes it, inspect and exec read it back. */

#define OCI_SPEC_VERSION     "1.0.2"
#define OCI_SPEC_VERSION_MAX "1.3.0"
#define OCI_SPEC_SIZE_MAX    (16u << 20)

typedef struct OciIdMapping {
        uint32_t container; /* first id inside */
        uint32_t host;      /* first id outside */
        uint32_t size;
} OciIdMapping;

#define OCI_ID_MAPPINGS_MAX 340 /* the kernel's limit, user_namespaces(7) */

typedef struct OciMount {
        char *destination; /* absolute, inside the container */
        char *type;        /* "bind", "tmpfs", "proc", … */
        char *source;
        char **options;       /* as fstab(5) words; never NULL */
        GArray *uid_mappings; /* of OciIdMapping, for "idmap"; NULL: the container's own */
        GArray *gid_mappings;
} OciMount;

typedef struct OciRlimit {
        char *type; /* "RLIMIT_NOFILE" */
        uint64_t soft, hard;
} OciRlimit;

typedef enum OciNamespaceType {
        OCI_NAMESPACE_PID,
        OCI_NAMESPACE_NETWORK,
        OCI_NAMESPACE_MOUNT,
        OCI_NAMESPACE_IPC,
        OCI_NAMESPACE_UTS,
        OCI_NAMESPACE_USER,
        OCI_NAMESPACE_CGROUP,
        OCI_NAMESPACE_TIME,
        OCI_NAMESPACE_MAX,
} OciNamespaceType;

typedef struct OciNamespace {
        bool present; /* listed: a new one, or the one at path */
        char *path;   /* NULL: new */
} OciNamespace;

typedef enum OciCapabilitySet {
        OCI_CAPABILITY_BOUNDING,
        OCI_CAPABILITY_EFFECTIVE,
        OCI_CAPABILITY_INHERITABLE,
        OCI_CAPABILITY_PERMITTED,
        OCI_CAPABILITY_AMBIENT,
        OCI_CAPABILITY_SET_MAX,
} OciCapabilitySet;

typedef struct OciDevice {
        char *path;
        char type; /* 'c', 'b', 'p' */
        unsigned int major, minor;
        mode_t mode;
        uid_t uid;
        gid_t gid;
} OciDevice;

typedef enum OciHookKind {
        OCI_HOOK_PRESTART,
        OCI_HOOK_CREATE_RUNTIME,
        OCI_HOOK_CREATE_CONTAINER,
        OCI_HOOK_START_CONTAINER,
        OCI_HOOK_POSTSTART,
        OCI_HOOK_POSTSTOP,
        OCI_HOOK_MAX,
} OciHookKind;

typedef struct OciHook {
        char *path;      /* absolute */
        char **args;     /* argv, args[0] too; NULL: path alone */
        char **env;      /* NULL: empty */
        int timeout_sec; /* 0: none */
} OciHook;

/* process.scheduler, sched_setattr(2) */
typedef struct OciScheduler {
        bool present;
        char *policy; /* "SCHED_BATCH" */
        int nice, priority;
        uint64_t flags; /* SCHED_FLAG_* */
        uint64_t runtime, deadline, period;
} OciScheduler;

typedef struct OciTimeOffset {
        bool present;
        int64_t seconds;
        uint32_t nanoseconds;
} OciTimeOffset;

typedef struct OciSpec {
        /* process */
        bool terminal;
        unsigned int console_height, console_width; /* 0: leave */
        uid_t uid;
        gid_t gid;
        mode_t umask;
        GArray *additional_gids; /* of gid_t */
        char *user_name;         /* as asked for, informative */
        char **args;
        char **env;
        char *cwd;
        uint64_t capabilities[OCI_CAPABILITY_SET_MAX]; /* bit = CAP_ number */
        GPtrArray *rlimits;                            /* of OciRlimit */
        bool no_new_privileges;
        bool has_oom_score_adj;
        int oom_score_adj;
        char *apparmor_profile;
        char *selinux_label;
        OciScheduler scheduler;
        char *io_class; /* "IOPRIO_CLASS_BE", or NULL */
        int io_priority;
        char *cpu_affinity_initial, *cpu_affinity_final; /* lists as in cpuset(7), or NULL */

        /* root and the rest of the top level */
        char *root_path; /* informative: where the content is; the runtime is given a mount */
        bool root_readonly;
        char *hostname;
        char *domainname;
        GPtrArray *hooks[OCI_HOOK_MAX]; /* of OciHook, in order; NULL: none */
        GPtrArray *mounts;              /* of OciMount, in order */
        GHashTable *annotations;        /* name -> value */

        /* linux */
        OciNamespace namespaces[OCI_NAMESPACE_MAX];
        GArray *uid_mappings; /* of OciIdMapping; empty: none */
        GArray *gid_mappings;
        OciTimeOffset time_monotonic, time_boottime;
        GHashTable *sysctl;  /* name -> value */
        GPtrArray *devices;  /* of OciDevice */
        char **masked_paths; /* never NULL */
        char **readonly_paths;
        char *rootfs_propagation; /* NULL: private */
        char *cgroups_path;
        char *mount_label;
        char *personality_domain; /* "LINUX32", or NULL */
        char **personality_flags;
        char *memory_policy_mode; /* "MPOL_BIND", or NULL */
        char *memory_policy_nodes;
        char **memory_policy_flags;
        JsonNode *resources; /* as given, or NULL */
        JsonNode *seccomp;   /* as given, or NULL */
} OciSpec;

OciSpec *oci_spec_new(void);
void oci_spec_free(OciSpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OciSpec, oci_spec_free)

OciSpec *oci_spec_parse(const char *bytes, size_t size, GError **error);
char *oci_spec_format(const OciSpec *spec);

/* Appends; options is a comma list ("nosuid,noexec"). */
OciMount *oci_spec_add_mount(
                OciSpec *spec,
                const char *destination,
                const char *type,
                const char *source,
                const char *options);
bool oci_spec_has_mount(const OciSpec *spec, const char *destination);
void oci_spec_add_rlimit(OciSpec *spec, const char *type, uint64_t soft, uint64_t hard);
void oci_id_map_add(GArray *map, uint32_t container, uint32_t host, uint32_t size);
GArray *oci_id_map_new(void); /* of OciIdMapping */

/* "CAP_CHOWN" <-> 0. Names with or without CAP_, any case; -1 if unknown. */
int oci_capability_from_text(const char *text);
const char *oci_capability_to_text(int capability); /* NULL past the last known one */
int oci_capability_count(void);

const char *oci_hook_to_text(OciHookKind kind); /* "createRuntime" */

const char *oci_namespace_to_text(OciNamespaceType type);   /* "network" */
const char *oci_namespace_proc_name(OciNamespaceType type); /* "net", as in /proc/PID/ns */
int oci_namespace_clone_flag(OciNamespaceType type);        /* CLONE_NEWNET */
