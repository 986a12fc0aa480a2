/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* The container's first process between clone3() and execve(). It is built without GLib (libchild)
 * and uses system calls and this plan only: the launcher resolved every name, opened every path and
 * laid out every vector before the clone. Nothing here allocates. */

typedef struct ChildFsOption {
        const char *key;   /* NULL ends the list */
        const char *value; /* NULL: a flag */
} ChildFsOption;

typedef struct ChildMount {
        int fd;                       /* a detached mount to attach, or -1: make one of fs_type */
        const char *fs_type;          /* "proc", "tmpfs", …; with fd >= 0 only for messages */
        const ChildFsOption *options; /* of the new file system; may be NULL */
        unsigned int attributes;      /* MOUNT_ATTR_* of the new mount, mount_setattr(2) */
        const char *target;           /* relative to the root */
        bool target_is_file;          /* what to create when the target is not there */
        bool copy_up;                 /* tmpfs: starts with what the target had ("tmpcopyup") */
} ChildMount;

typedef struct ChildDevice {
        const char *path; /* relative to the root, below dev/ */
        mode_t mode;      /* with S_IFCHR or S_IFBLK */
        dev_t number;
        uid_t uid;
        gid_t gid;
        int fd; /* a detached mount of the device, where mknod(2) is not permitted; or -1 */
} ChildDevice;

typedef struct ChildLink {
        const char *path;
        const char *target;
} ChildLink;

typedef struct ChildSysctl {
        const char *path; /* relative to /proc/sys: "net/ipv4/ip_forward" */
        const char *value;
} ChildSysctl;

typedef struct ChildRlimit {
        int resource;
        struct rlimit limit;
} ChildRlimit;

typedef struct ChildIdentity {
        uid_t uid;
        gid_t gid;
        const gid_t *groups;
        size_t n_groups;
        mode_t umask;
        uint64_t bounding, effective, inheritable, permitted, ambient; /* bit = CAP_ number */
        int last_capability;
        bool has_setgroups; /* false: the namespace forbids it, user_namespaces(7) */
        bool no_new_privileges;
        const struct sock_fprog *hardening; /* filters below the other one */
        size_t n_hardening;
        const struct sock_fprog *seccomp; /* NULL: none */
        unsigned int seccomp_flags;       /* with NEW_LISTENER its descriptor is reported */
} ChildIdentity;

/* set_mempolicy(2) */
typedef struct ChildMemoryPolicy {
        bool present;
        int mode; /* with flags */
        unsigned long nodes[16];
        unsigned long n_bits;
} ChildMemoryPolicy;

typedef struct ChildNamespace {
        int fd;
        int flag; /* CLONE_NEW* */
} ChildNamespace;

typedef struct ChildPlan {
        int socket_fd; /* to the launcher, SOCK_SEQPACKET */
        int peer_fd;   /* the launcher's end: closed first, or its death would not be seen */

        /* what child_enter_run() does before it clones */
        const ChildNamespace *joins;
        size_t n_joins;
        const char *time_offsets; /* a new time namespace, text for /proc/PID/timens_offsets */
        uint64_t clone_flags;     /* of the container's first process */

        int root_fd;           /* the detached root mount */
        const char *root_path; /* an existing directory to attach it to; private to our mount
                                  namespace */
        bool root_readonly;
        uint64_t root_propagation; /* MS_PRIVATE, MS_SLAVE, … */

        const ChildMount *mounts;
        size_t n_mounts;
        const ChildDevice *devices;
        size_t n_devices;
        const ChildLink *links;
        size_t n_links;
        const ChildSysctl *sysctls;
        size_t n_sysctls;
        const char *const *masked;   /* relative, NULL-terminated */
        const char *const *readonly; /* relative, NULL-terminated */

        bool own_user_namespace; /* new or joined: become its root before anything else */
        bool waits_for_maps;     /* new: when CHILD_MAPPED says so */
        uid_t namespace_uid;     /* then becomes this: its 0, or the first id there is */
        gid_t namespace_gid;
        bool is_dumpable; /* an unprivileged launcher must reach our /proc/PID */
        bool own_mount_namespace;
        bool own_cgroup_namespace; /* unshared after birth in the final cgroup, cgroup_namespaces(7)
                                    */
        const char *hostname;      /* NULL: leave */
        const char *domainname;
        bool has_create_hooks; /* stop before pivot_root, until CHILD_CONTINUE */
        int start_fd;     /* a listening socket: "start" connects there; -1: the launcher says so */
        bool loopback_up; /* a new network namespace: bring up lo, netdevice(7) */
        bool console;     /* open a pty, send the master, make the slave stdio */

        int stdio[3];
        unsigned int n_preserved_fds; /* 3 .. 3+n-1 stay open over exec */
        const ChildRlimit *rlimits;
        size_t n_rlimits;
        const char *oom_score_adj; /* NULL: inherited */
        ChildIdentity identity;
        const char *keyring;    /* name of a session keyring of its own; NULL: keep */
        const char *label_path; /* "attr/exec" below /proc/PID, and what to write there */
        const char *label;      /* NULL: none */
        bool has_personality;
        unsigned long personality;
        ChildMemoryPolicy memory_policy;

        const char *cwd;
        const char *const *search_path; /* directories of $PATH, NULL-terminated */
        char *const *argv;
        char *const *envp;
} ChildPlan;

/* What the child was doing when it failed: index says which row of the plan. */
typedef enum ChildStage {
        CHILD_STAGE_START,
        CHILD_STAGE_USER_NAMESPACE,
        CHILD_STAGE_PROPAGATION,
        CHILD_STAGE_ROOT,
        CHILD_STAGE_MOUNT,
        CHILD_STAGE_DEVICE,
        CHILD_STAGE_LINK,
        CHILD_STAGE_CONSOLE,
        CHILD_STAGE_SYSCTL,
        CHILD_STAGE_MASK,
        CHILD_STAGE_READONLY,
        CHILD_STAGE_PIVOT,
        CHILD_STAGE_HOSTNAME,
        CHILD_STAGE_NETWORK,
        CHILD_STAGE_RLIMIT,
        CHILD_STAGE_OOM_SCORE,
        CHILD_STAGE_CWD,
        CHILD_STAGE_SECCOMP,
        CHILD_STAGE_IDENTITY,
        CHILD_STAGE_EXEC,
        CHILD_STAGE_PERSONALITY,
        CHILD_STAGE_MEMORY_POLICY,
        CHILD_STAGE_LABEL,
        CHILD_STAGE_KEYRING,
        CHILD_STAGE_JOIN,
        CHILD_STAGE_NAMESPACE, /* index: of joins */
        CHILD_STAGE_TIME,
        CHILD_STAGE_MAX,
} ChildStage;

typedef enum ChildReportKind {
        CHILD_REPORT_PREPARED = 1,
        CHILD_REPORT_CONSOLE, /* comes with the pty master */
        CHILD_REPORT_FAILED,
        CHILD_REPORT_MOUNTED,  /* all is mounted, pivot_root is next */
        CHILD_REPORT_LISTENER, /* comes with the seccomp notification descriptor */
        CHILD_REPORT_JOINED,   /* exec: index is the pid, a pidfd comes along */
} ChildReportKind;

typedef struct ChildReport {
        ChildReportKind kind;
        ChildStage stage;
        int error; /* errno */
        uint32_t index;
} ChildReport;

/* The launcher's words: the user namespace has its maps; hooks have run; execute now; we end, wait
 * for another one at start_fd. */
#define CHILD_MAPPED   'm'
#define CHILD_CONTINUE 'c'
#define CHILD_RELEASE  'g'
#define CHILD_DETACH   'd'

/* Runs the whole child; never returns. Exit statuses: 125 set-up, 126 cannot execute, 127 not
 * found. */
_Noreturn void child_run(ChildPlan *plan);

/* For namespaces that exist already, and for a time namespace: both are entered by a process before
 * its child is in them. Enters them, clones child_run() beside itself (CLONE_PARENT), reports
 * JOINED and ends. */
_Noreturn void child_enter_run(ChildPlan *plan);

/* The last part alone, for a process that joined a container (exec): stdio, limits, identity,
 * seccomp, execve. Returns only on failure: -errno with *ret_stage. */
int child_exec(const ChildPlan *plan, int label_fd, ChildStage *ret_stage);

/* Joins the namespaces (CLONE_NEW* bits) of the process behind target_pid_fd, starts plan's command
 * there as a child of the caller's parent, reports JOINED and ends. */
_Noreturn void child_join_run(const ChildPlan *plan, int target_pid_fd, int namespaces);

/* Waits for a word; the launcher's death (end of file) is -ECONNRESET. */
int child_wait_word(int socket_fd, char expected);
void child_send_failure(int socket_fd, ChildStage stage, int error, size_t index);
