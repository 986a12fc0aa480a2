/* SPDX-License-Identifier: Apache-2.0 */
/* Entering a running container (exec).
 *
 * A first process joins the namespaces, a second one, its child, is a member of the PID namespace
 * and becomes the command; it is born as the launcher's child (CLONE_PARENT). Neither is dumpable
 * from before the join until execve(2): the container sees the second one in its /proc and could
 * otherwise reach our binary and descriptors through it (CVE-2016-9962, CVE-2019-5736). */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "runtime/child-steps.h"

/* The container's own devpts; what is found there must be a pty multiplexer, whoever put it there.
 */
static int open_console_in_child(const ChildPlan *plan, int *ret_slave_fd) {
        autofd int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
        struct stat st;
        if (master < 0 || fstat(master, &st) < 0)
                return -errno;
        if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
                return -ENODEV;
        int unlock = 0;
        if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
                return -errno;
        autofd int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (slave < 0 || fchown(slave, plan->identity.uid, (gid_t) -1) < 0)
                return -errno;
        int r = send_console_in_child(plan->socket_fd, master);
        if (r < 0)
                return r;
        *ret_slave_fd = fd_steal(&slave);
        return 0;
}

_Noreturn static void run_command(const ChildPlan *plan) {
        int label_fd = -1;
        autofd int slave_fd = -1;
        ChildStage stage = CHILD_STAGE_CONSOLE;
        int r = plan->console ? open_console_in_child(plan, &slave_fd) : 0;
        if (r >= 0) {
                stage = CHILD_STAGE_START;
                if (setsid() < 0)
                        r = -errno;
        }
        if (r >= 0)
                r = take_stdio_in_child(plan, slave_fd);
        if (r >= 0) {
                stage = CHILD_STAGE_LABEL;
                r = open_label_in_child(plan, &label_fd);
        }
        if (r >= 0)
                r = child_attributes_in_child(plan, &stage);
        if (r >= 0)
                r = child_exec(plan, label_fd, &stage);
        child_send_failure(plan->socket_fd, stage, r, 0);
        _exit(child_exit_status(stage, r));
}

static int send_joined(int socket_fd, pid_t pid, int pid_fd) {
        ChildReport report = { .kind = CHILD_REPORT_JOINED, .index = (uint32_t) pid };
        return fd_send(socket_fd, &report, sizeof report, &pid_fd, 1);
}

/* While /proc is the host's; inherited by the command. */
static int set_oom_score(const char *score) {
        autofd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        return fd < 0 ? -errno : fd_write_all(fd, score, strlen(score));
}

_Noreturn void child_join_run(const ChildPlan *plan, int target_pid_fd, int namespaces) {
        (void) close(plan->peer_fd);
        int r = plan->oom_score_adj ? set_oom_score(plan->oom_score_adj) : 0;
        if (r < 0) { /* first: an undumpable process's /proc files are root's */
                child_send_failure(plan->socket_fd, CHILD_STAGE_OOM_SCORE, r, 0);
                _exit(child_exit_status(CHILD_STAGE_OOM_SCORE, r));
        }
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                r = -errno;
        size_t index = 0;
        if (r >= 0)
                r = rlimits_in_child(plan, &index); /* raising needs what we lose by setns(2) */
        if (r < 0) {
                child_send_failure(plan->socket_fd, CHILD_STAGE_RLIMIT, r, index);
                _exit(child_exit_status(CHILD_STAGE_RLIMIT, r));
        }
        if (r >= 0 && syscall(SYS_setns, target_pid_fd, namespaces) < 0)
                r = -errno;
        if (r < 0) {
                child_send_failure(plan->socket_fd, CHILD_STAGE_JOIN, r, 0);
                _exit(child_exit_status(CHILD_STAGE_JOIN, r));
        }
        int pid_fd = -1;
        struct clone_args args = {
                .flags = CLONE_PARENT | CLONE_PIDFD,
                .pidfd = (uint64_t) (uintptr_t) &pid_fd,
        };
        pid_t pid = sys_clone3(&args);
        if (pid == 0)
                run_command(plan);
        if (pid < 0)
                child_send_failure(plan->socket_fd, CHILD_STAGE_JOIN, pid, 0);
        else
                (void) send_joined(
                                plan->socket_fd, pid,
                                pid_fd); /* a launcher that died needs no news */
        _exit(0);
}

/* The namespaces that the host's privileges open, then the user namespace, then those that belong
 * to it, where only its root may go, setns(2). */
static int enter_namespaces(const ChildPlan *plan, size_t *index) {
        uint64_t entered = 0; /* bit = row */
        for (int pass = 0; pass < 3; pass++)
                for (size_t i = 0; i < plan->n_joins && i < 64; i++) {
                        const ChildNamespace *ns = &plan->joins[i];
                        if ((entered & (UINT64_C(1) << i)) ||
                            (ns->flag == CLONE_NEWUSER) != (pass == 1))
                                continue;
                        *index = i;
                        if (syscall(SYS_setns, ns->fd, ns->flag) == 0)
                                entered |= UINT64_C(1) << i;
                        else if (pass > 0 || errno != EPERM)
                                return -errno;
                }
        return 0;
}

/* time_namespaces(7): offsets can be written until the first process is born inside. */
static int make_time_namespace(const char *offsets) {
        if (syscall(SYS_unshare, CLONE_NEWTIME) < 0)
                return -errno;
        autofd int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        return offsets[0] ? fd_write_all(fd, offsets, strlen(offsets)) : 0;
}

_Noreturn void child_enter_run(ChildPlan *plan) {
        (void) close(plan->peer_fd);
        size_t index = 0;
        ChildStage stage = CHILD_STAGE_TIME;
        /* first, as /proc is the host's still */
        int r = plan->time_offsets ? make_time_namespace(plan->time_offsets) : 0;
        if (r >= 0 && !(plan->clone_flags & CLONE_NEWPID) &&
            prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) /* others may see the child: as above */
                r = -errno;
        if (r >= 0) {
                stage = CHILD_STAGE_NAMESPACE;
                r = enter_namespaces(plan, &index);
        }
        int pid_fd = -1;
        struct clone_args args = {
                .flags = CLONE_PARENT | CLONE_PIDFD | plan->clone_flags,
                .pidfd = (uint64_t) (uintptr_t) &pid_fd,
        };
        pid_t pid = -1;
        if (r >= 0) {
                stage = CHILD_STAGE_JOIN;
                pid = sys_clone3(&args);
                r = pid < 0 ? pid : 0;
        }
        if (pid == 0)
                first_process_in_child(plan);
        if (r < 0)
                child_send_failure(plan->socket_fd, stage, r, index);
        else
                (void) send_joined(plan->socket_fd, pid, pid_fd);
        _exit(r < 0 ? child_exit_status(stage, r) : 0);
}
