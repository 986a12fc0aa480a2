/* SPDX-License-Identifier: Apache-2.0 */
/* Who the payload is: its loopback, limits, users, capabilities, seccomp. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/child-steps.h"

int loopback_in_child(void) {
        autofd int fd =
                        socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC,
                               0); /* any family serves, netdevice(7) */
        struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
        if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
                return -errno;
        return 0;
}

int rlimits_in_child(const ChildPlan *plan, size_t *index) {
        for (size_t i = 0; i < plan->n_rlimits; i++) {
                *index = i;
                if (prlimit(0, plan->rlimits[i].resource, &plan->rlimits[i].limit, NULL) < 0)
                        return -errno;
        }
        return 0;
}

static int set_capabilities(const ChildIdentity *id) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2];
        for (int i = 0; i < 2; i++) {
                data[i].effective = (uint32_t) (id->effective >> (32 * i));
                data[i].permitted = (uint32_t) (id->permitted >> (32 * i));
                data[i].inheritable = (uint32_t) (id->inheritable >> (32 * i));
        }
        if (syscall(SYS_capset, &header, data) < 0)
                return -errno;
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return -errno;
        for (int c = 0; c <= id->last_capability; c++)
                if (id->ambient & (UINT64_C(1) << c) &&
                    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0) < 0)
                        return -errno;
        return 0;
}

/* capabilities(7): the bounding set while CAP_SETPCAP is there; then groups before user; keep the
 * permitted set over setresuid; the other sets last. */
int identity_in_child(const ChildIdentity *id) {
        for (int c = 0; c <= id->last_capability; c++)
                if (!(id->bounding & (UINT64_C(1) << c)) && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0)
                        return -errno;
        if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
                return -errno;
        /* The raw calls: glibc's would signal other threads, of which there are none. */
        if (id->has_setgroups && syscall(SYS_setgroups, id->n_groups, id->groups) < 0)
                return -errno;
        if (syscall(SYS_setresgid, id->gid, id->gid, id->gid) < 0 ||
            syscall(SYS_setresuid, id->uid, id->uid, id->uid) < 0)
                return -errno;
        if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
                return -errno;
        umask(id->umask);
        return set_capabilities(id);
}

static int install_filter(const struct sock_fprog *program, unsigned int flags) {
        long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
        return r < 0 ? -errno : (int) r;
}

/* The unit's filters come last, for they may forbid what is done before. */
int hardening_in_child(const ChildIdentity *id) {
        int r = 0;
        for (size_t i = 0; i < id->n_hardening && r >= 0; i++)
                r = install_filter(&id->hardening[i], 0);
        return r;
}

int seccomp_in_child(const ChildIdentity *id, int socket_fd) {
        if (!id->seccomp)
                return 0;
        int r = install_filter(id->seccomp, id->seccomp_flags);
        if (r < 0 || !(id->seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
                return r;
        int listener = r; /* close-on-exec, seccomp(2) */
        ChildReport report = { .kind = CHILD_REPORT_LISTENER };
        return fd_send(socket_fd, &report, sizeof report, &listener, 1);
}

/* keyctl(2): what the launcher, or the user who called it, keeps there is not the container's. A
 * kernel without keyrings, or with none left, has nothing to leak, either. */
int keyring_in_child(const char *name) {
        if (!name)
                return 0;
        if (syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, name) >= 0)
                return 0;
        return errno == ENOSYS || errno == EDQUOT || errno == EPERM ? 0 : -errno;
}

int memory_policy_in_child(const ChildMemoryPolicy *policy) {
        if (!policy->present)
                return 0;
        /* the count is of bits and one more, set_mempolicy(2) */
        const unsigned long *nodes = policy->n_bits ? policy->nodes : NULL;
        return syscall(SYS_set_mempolicy, policy->mode, nodes,
                       policy->n_bits ? policy->n_bits + 1 : 0) < 0
                               ? -errno
                               : 0;
}
