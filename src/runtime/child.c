/* SPDX-License-Identifier: Apache-2.0 */
/* The container's PID 1 before it is the application.
 *
 * Order of operations (step: why before the next):
 *  0. user namespace          the launcher writes the maps, then we become its root and drop the
 * groups we were born with: all that follows is done with these ids, user_namespaces(7)
 *  1. setsid                  a session of its own; the console can become its controlling terminal
 *  2. cgroup namespace        only after birth in the final cgroup is its root the right one,
 * cgroup_namespaces(7)
 *  3. / recursively slave     no mount of ours reaches the host, mount_namespaces(7)
 *  4. host's /dev/null        opened while the host's /dev is still what we see
 *  5. root, mounts, /dev      in the order of the configuration; each target by openat2(2) in the
 * root
 *  6. console                 before masks, so that nothing stands over the pty
 *  7. sysctls                 before /proc/sys becomes read-only
 *  8. masks, read-only paths  after all mounts, they must lie on top
 *  9. pivot_root              from here the host's files are out of reach, pivot_root(2)
 * 10. hostname, lo            need privileges that step 14 drops
 * 11. command and directory   found now, so that "not found" fails the start before READY=1
 * 12. "prepared", wait        the launcher sets limits (raising them needs its privileges), sets up
 * the network, hands us to systemd, then releases
 * 13. no_new_privs, or seccomp without it needs CAP_SYS_ADMIN and must come before 14, seccomp(2)
 * 14. bounding set, groups, user, capabilities
 * 15. seccomp (with no_new_privs), execve
 */
#include "runtime/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "runtime/child-steps.h"

enum {
        EXIT_SETUP = 125,
        EXIT_NOT_EXECUTABLE = 126,
        EXIT_NOT_FOUND = 127
};

void child_send_failure(int socket_fd, ChildStage stage, int error, size_t index) {
        ChildReport report = {
                .kind = CHILD_REPORT_FAILED,
                .stage = stage,
                .error = error < 0 ? -error : error,
                .index = (uint32_t) index,
        };
        (void) fd_send(socket_fd, &report, sizeof report, NULL, 0); /* the launcher may be gone */
}

int child_wait_word(int socket_fd, char expected) {
        char word = 0;
        ssize_t n;
        do
                n = recv(socket_fd, &word, 1, 0);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        return n == 1 && word == expected ? 0 : -ECONNRESET;
}

int child_exit_status(ChildStage stage, int error) {
        if (stage != CHILD_STAGE_EXEC)
                return EXIT_SETUP;
        return error == -ENOENT || error == -ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

_Noreturn static void fail(const ChildPlan *plan, ChildStage stage, int error, size_t index) {
        child_send_failure(plan->socket_fd, stage, error, index);
        _exit(child_exit_status(stage, error));
}

/* Builds "directory/name" into path; false when it does not fit. */
static bool join_path(char *path, const char *directory, const char *name) {
        size_t a = strlen(directory), b = strlen(name);
        if (a + b + 2 > PATH_MAX)
                return false;
        memcpy(path, directory, a);
        path[a] = '/';
        memcpy(path + a + 1, name, b + 1);
        return true;
}

/* As execvp(3) searches, but by descriptor-free checks only: the first regular file with an x bit.
 */
static int find_command(const ChildPlan *plan, char *path) {
        const char *name = plan->argv[0];
        int best = -ENOENT;
        if (name[0] == '\0')
                return -ENOENT;
        if (strchr(name, '/')) {
                if (strlen(name) >= PATH_MAX)
                        return -ENAMETOOLONG;
                memcpy(path, name, strlen(name) + 1);
                struct stat st;
                if (stat(path, &st) < 0)
                        return -errno;
                if (!S_ISREG(st.st_mode))
                        return -EACCES;
                return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
        }
        for (size_t i = 0; plan->search_path[i]; i++) {
                struct stat st;
                if (!join_path(path, plan->search_path[i], name) || stat(path, &st) < 0)
                        continue;
                if (S_ISREG(st.st_mode) && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
                        return 0;
                best = -EACCES;
        }
        return best;
}

/* A working directory that leads out of the root through a leaked descriptor shows as a path that
 * getcwd(2) cannot name from "/" (CVE-2024-21626). */
static int enter_cwd(const char *cwd) {
        if (chdir(cwd) < 0)
                return -errno;
        char here[PATH_MAX];
        long n = syscall(SYS_getcwd, here, sizeof here);
        if (n < 0)
                return -errno;
        return here[0] == '/' ? 0 : -EXDEV;
}

int take_stdio_in_child(const ChildPlan *plan, int slave_fd) {
        for (int i = 0; i < 3; i++) {
                int from = slave_fd >= 0 ? slave_fd : plan->stdio[i];
                if (from == i) { /* dup2 onto itself would keep close-on-exec */
                        int r = fd_set_cloexec(i, false);
                        if (r < 0)
                                return r;
                } else if (dup2(from, i) < 0)
                        return -errno;
        }
        if (slave_fd >= 0 && ioctl(0, TIOCSCTTY, 0) < 0)
                return -errno;
        return 0;
}

/* Signals as a program expects them from its parent: all default, none blocked. */
static void reset_signals(void) {
        struct sigaction standard = { .sa_handler = SIG_DFL };
        for (int i = 1; i < NSIG; i++)
                (void) sigaction(i, &standard, NULL); /* SIGKILL and SIGSTOP say EINVAL */
        sigset_t none;
        sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

static int preserve_fds(const ChildPlan *plan) {
        for (unsigned int i = 0; i < plan->n_preserved_fds; i++) {
                int r = fd_set_cloexec((int) (3 + i), false);
                if (r < 0)
                        return r;
        }
        return fd_cloexec_from(3 + plan->n_preserved_fds);
}

/* apparmor(7), proc(5) "attr/exec": the domain of the next execve(2). It must be the procfs file of
 * this very process: a container may have put something else over /proc or below it
 * (CVE-2019-16884, CVE-2025-52881), so the root of a procfs is checked, and from there on neither
 * links nor mounts are followed. */
int open_label_in_child(const ChildPlan *plan, int *ret_fd) {
        if (!plan->label)
                return 0;
        autofd int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct statfs fs;
        struct stat st;
        if (proc < 0 || fstatfs(proc, &fs) < 0 || fstat(proc, &st) < 0)
                return -errno;
        if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != 1 /* PROC_ROOT_INO */)
                return -EXDEV;
        char self[16], path[PATH_MAX];
        ssize_t n = readlinkat(proc, "self", self, sizeof self - 1); /* in that procfs's numbers */
        if (n < 0)
                return -errno;
        self[n] = '\0';
        if (n == 0 || strspn(self, "0123456789") != (size_t) n ||
            !join_path(path, self, plan->label_path))
                return -EXDEV;
        const struct open_how how = {
                .flags = O_WRONLY | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
        };
        int fd = sys_openat2(proc, path, &how);
        if (fd < 0)
                return fd;
        *ret_fd = fd;
        return 0;
}

int child_attributes_in_child(const ChildPlan *plan, ChildStage *stage) {
        *stage = CHILD_STAGE_KEYRING;
        int r = keyring_in_child(plan->keyring);
        if (r < 0)
                return r;
        *stage = CHILD_STAGE_PERSONALITY;
        if (plan->has_personality && syscall(SYS_personality, plan->personality) < 0)
                return -errno;
        *stage = CHILD_STAGE_MEMORY_POLICY;
        return memory_policy_in_child(&plan->memory_policy);
}

int child_exec(const ChildPlan *plan, int label_fd, ChildStage *ret_stage) {
        const ChildIdentity *id = &plan->identity;
        char path[PATH_MAX];
        *ret_stage = CHILD_STAGE_SECCOMP;
        if (id->no_new_privileges) {
                if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                        return -errno;
        } else {
                int r = seccomp_in_child(id, plan->socket_fd);
                if (r < 0)
                        return r;
        }
        *ret_stage = CHILD_STAGE_IDENTITY;
        int r = identity_in_child(id);
        if (r < 0)
                return r;
        *ret_stage = CHILD_STAGE_CWD;
        r = enter_cwd(plan->cwd);
        if (r < 0)
                return r;
        *ret_stage = CHILD_STAGE_EXEC;
        r = find_command(plan, path);
        if (r < 0)
                return r;
        *ret_stage = CHILD_STAGE_START;
        r = preserve_fds(plan);
        if (r < 0)
                return r;
        reset_signals();
        *ret_stage = CHILD_STAGE_LABEL;
        if (label_fd >= 0) {
                r = fd_write_all(label_fd, plan->label, strlen(plan->label));
                if (r < 0)
                        return r;
        }
        *ret_stage = CHILD_STAGE_SECCOMP;
        if (id->no_new_privileges) {
                r = seccomp_in_child(id, plan->socket_fd);
                if (r < 0)
                        return r;
        }
        r = hardening_in_child(id);
        if (r < 0)
                return r;
        *ret_stage = CHILD_STAGE_EXEC;
        execve(path, plan->argv, plan->envp);
        return -errno;
}

/* user_namespaces(7): only with the maps written are there ids to be. All capabilities in the new
 * namespace are ours since clone3(2). */
static int enter_user_namespace(const ChildPlan *plan) {
        int r = plan->waits_for_maps ? child_wait_word(plan->socket_fd, CHILD_MAPPED) : 0;
        if (r < 0)
                return r;
        if (plan->identity.has_setgroups && syscall(SYS_setgroups, 0, NULL) < 0)
                return -errno;
        if (syscall(SYS_setresgid, plan->namespace_gid, plan->namespace_gid, plan->namespace_gid) <
                            0 ||
            syscall(SYS_setresuid, plan->namespace_uid, plan->namespace_uid, plan->namespace_uid) <
                            0)
                return -errno;
        if (plan->is_dumpable && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
                return -errno;
        return 0;
}

/* config.md, "createRuntime": after all is mounted and before pivot_root. */
static int wait_for_hooks(const ChildPlan *plan) {
        ChildReport mounted = { .kind = CHILD_REPORT_MOUNTED };
        int r = fd_send(plan->socket_fd, &mounted, sizeof mounted, NULL, 0);
        return r < 0 ? r : child_wait_word(plan->socket_fd, CHILD_CONTINUE);
}

/* Steps 3 to 9. */
static int build_root(const ChildPlan *plan, int *slave_fd, ChildStage *stage, size_t *index) {
        autofd int null_fd = -1;
        autofd int root_fd = -1;
        int r;

        *stage = CHILD_STAGE_PROPAGATION;
        if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return -errno;
        if ((r = open_null_in_child(&null_fd)) < 0)
                return r;
        *stage = CHILD_STAGE_ROOT;
        if ((r = attach_root_in_child(plan, &root_fd)) < 0)
                return r;
        *stage = CHILD_STAGE_MOUNT;
        if ((r = mount_all_in_child(plan, root_fd, index)) < 0)
                return r;
        *stage = CHILD_STAGE_DEVICE;
        if ((r = devices_in_child(plan, root_fd, index)) < 0)
                return r;
        *stage = CHILD_STAGE_LINK;
        if ((r = links_in_child(plan, root_fd, index)) < 0)
                return r;
        *stage = CHILD_STAGE_CONSOLE;
        if (plan->console && (r = console_in_child(plan, root_fd, slave_fd)) < 0)
                return r;
        *stage = CHILD_STAGE_SYSCTL;
        if ((r = sysctls_in_child(plan, root_fd, index)) < 0)
                return r;
        *stage = CHILD_STAGE_READONLY;
        if ((r = readonly_all_in_child(plan, root_fd, index)) < 0)
                return r;
        *stage = CHILD_STAGE_MASK;
        if ((r = mask_all_in_child(plan, root_fd, null_fd, index)) < 0)
                return r;
        *stage = CHILD_STAGE_START;
        if (plan->has_create_hooks && (r = wait_for_hooks(plan)) < 0)
                return r;
        *stage = CHILD_STAGE_PIVOT;
        return pivot_in_child(plan, root_fd);
}

/* Steps 1 to 11. */
static int prepare(const ChildPlan *plan, int *label_fd, ChildStage *stage, size_t *index) {
        autofd int slave_fd = -1;
        char path[PATH_MAX];
        int r;

        *stage = CHILD_STAGE_USER_NAMESPACE;
        if (plan->own_user_namespace && (r = enter_user_namespace(plan)) < 0)
                return r;
        *stage = CHILD_STAGE_START;
        if (setsid() < 0 && errno != EPERM)
                return -errno;
        if (plan->own_cgroup_namespace &&
            syscall(SYS_unshare, 0x02000000 /* CLONE_NEWCGROUP */) < 0)
                return -errno;
        *stage = CHILD_STAGE_LABEL;
        if ((r = open_label_in_child(plan, label_fd)) < 0)
                return r;
        if ((r = child_attributes_in_child(plan, stage)) < 0)
                return r;
        if (plan->own_mount_namespace && (r = build_root(plan, &slave_fd, stage, index)) < 0)
                return r;
        *stage = CHILD_STAGE_HOSTNAME;
        if (plan->hostname && sethostname(plan->hostname, strlen(plan->hostname)) < 0)
                return -errno;
        if (plan->domainname && setdomainname(plan->domainname, strlen(plan->domainname)) < 0)
                return -errno;
        *stage = CHILD_STAGE_NETWORK;
        if (plan->loopback_up && (r = loopback_in_child()) < 0)
                return r;
        *stage = CHILD_STAGE_START;
        if ((r = take_stdio_in_child(plan, slave_fd)) < 0)
                return r;
        *stage = CHILD_STAGE_CWD;
        if ((r = enter_cwd(plan->cwd)) < 0)
                return r;
        *stage = CHILD_STAGE_EXEC;
        return find_command(plan, path);
}

/* The launcher releases us, or ends and leaves it to who connects to start_fd. */
static int await_release(ChildPlan *plan) {
        char word = 0;
        ssize_t n;
        do
                n = recv(plan->socket_fd, &word, 1, 0);
        while (n < 0 && errno == EINTR);
        if (n == 1 && word == CHILD_RELEASE)
                return 0;
        if (n != 1 || word != CHILD_DETACH || plan->start_fd < 0)
                return n < 0 ? -errno : -ECONNRESET;
        (void) close(plan->socket_fd);
        for (;;) { /* who connects and leaves has not started us */
                plan->socket_fd = accept4(plan->start_fd, NULL, NULL, SOCK_CLOEXEC);
                if (plan->socket_fd < 0 && errno != EINTR && errno != ECONNABORTED)
                        return -errno;
                if (plan->socket_fd >= 0 && child_wait_word(plan->socket_fd, CHILD_RELEASE) == 0)
                        return 0;
                if (plan->socket_fd >= 0)
                        (void) close(plan->socket_fd);
        }
}

_Noreturn void first_process_in_child(ChildPlan *plan) {
        ChildStage stage = CHILD_STAGE_START;
        size_t index = 0;
        int label_fd = -1;
        int r = prepare(plan, &label_fd, &stage, &index);
        if (r < 0)
                fail(plan, stage, r, index);
        ChildReport prepared = { .kind = CHILD_REPORT_PREPARED };
        if (fd_send(plan->socket_fd, &prepared, sizeof prepared, NULL, 0) < 0)
                _exit(EXIT_SETUP);
        if (await_release(plan) < 0)
                _exit(EXIT_SETUP); /* the launcher died: nothing may run unsupervised */
        r = child_exec(plan, label_fd, &stage);
        fail(plan, stage, r, 0);
}

_Noreturn void child_run(ChildPlan *plan) {
        (void) close(plan->peer_fd);
        first_process_in_child(plan);
}
