/* SPDX-License-Identifier: Apache-2.0 */
/* newuidmap(1) must map us from outside of the new namespace: a helper process is forked before
 * unshare(2), waits for it and then runs newgidmap and newuidmap on us. */
#include "runtime/rootless.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/user.h"
#include "oci/spec.h"
#include "runtime/idmap.h"
#include "runtime/subid.h"

extern char **environ;

typedef struct Account {
        uid_t uid;
        gid_t gid;
        char *name;
        GArray *uids, *gids; /* of SubidRange */
} Account;

static void account_clear(Account *account) {
        g_clear_pointer(&account->name, g_free);
        g_clear_pointer(&account->uids, g_array_unref);
        g_clear_pointer(&account->gids, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Account, account_clear)

static bool load_account(Account *account, GError **error) {
        account->uid = geteuid();
        account->gid = getegid();
        const struct passwd *entry = getpwuid(account->uid);
        account->name = entry ? g_strdup(entry->pw_name)
                              : g_strdup_printf("%u", (unsigned int) account->uid);
        if (entry && !getenv("HOME"))
                (void) setenv("HOME", entry->pw_dir, 1); /* as root we would be asked for root's */
        return subid_load("/etc/subuid", account->name, account->uid, &account->uids, error) &&
               subid_load("/etc/subgid", account->name, account->uid, &account->gids, error);
}

/* "newuidmap PID 0 1000 1 1 100000 65536" */
static char **
helper_arguments(const char *program, pid_t pid, unsigned int own, const GArray *ranges) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_autofree char *pid_text = g_strdup_printf("%d", (int) pid);
        g_autofree char *own_text = g_strdup_printf("%u", own);
        g_strv_builder_add_many(builder, program, pid_text, "0", own_text, "1", NULL);
        uint32_t at = 1;
        for (guint i = 0; i < ranges->len; i++) {
                const SubidRange *r = &g_array_index(ranges, SubidRange, i);
                g_autofree char *inside = g_strdup_printf("%u", at);
                g_autofree char *outside = g_strdup_printf("%u", r->start);
                g_autofree char *count = g_strdup_printf("%u", r->count);
                g_strv_builder_add_many(builder, inside, outside, count, NULL);
                at += r->count;
        }
        return g_strv_builder_end(builder);
}

static int run_helper(char *const *argv) {
        pid_t pid;
        int r = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
        if (r != 0)
                return r;
        int status;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return errno;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EPERM;
}

/* The helper: waits for our word, maps us, tells by its exit status. */
static pid_t start_mapper(const Account *account, int *ret_write_fd, GError **error) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0) {
                error_set_errno(error, errno, "Cannot create a pipe");
                return -1;
        }
        pid_t self = getpid();
        g_auto(GStrv) gids = helper_arguments("newgidmap", self, account->gid, account->gids);
        g_auto(GStrv) uids = helper_arguments("newuidmap", self, account->uid, account->uids);
        pid_t pid = fork();
        if (pid == 0) {
                char word;
                (void) close(ends[1]);
                if (read(ends[0], &word, 1) != 1)
                        _exit(0); /* unshare(2) failed: nothing to map */
                int r = run_helper(gids);
                if (r == 0)
                        r = run_helper(uids);
                _exit(r == ENOENT ? 127 : r == 0 ? 0 : 1);
        }
        (void) close(ends[0]);
        if (pid < 0)
                error_set_errno(error, errno, "Cannot start a process");
        *ret_write_fd = ends[1];
        return pid;
}

/* Without subordinate ids we are the only one inside; the kernel then wants setgroups(2) off. */
static bool map_self(const Account *account, GError **error) {
        autofd int fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
        if (fd < 0 || fd_write_all(fd, "deny", 4) < 0)
                return error_set_errno(error, errno, "Cannot write '/proc/self/setgroups'");
        g_autoptr(GArray) uids = oci_id_map_new();
        g_autoptr(GArray) gids = oci_id_map_new();
        oci_id_map_add(uids, 0, account->uid, 1);
        oci_id_map_add(gids, 0, account->gid, 1);
        return id_map_write(getpid(), uids, gids, error);
}

static bool wait_mapped(pid_t mapper, const Account *account, GError **error) {
        int status;
        while (waitpid(mapper, &status, 0) < 0)
                if (errno != EINTR)
                        return error_set_errno(error, errno, "Cannot wait for newuidmap");
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return true;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
                return error_set_invalid(
                                error,
                                "Cannot map the ids of user '%s': newuidmap and newgidmap "
                                "are missing, install the package uidmap",
                                account->name);
        return error_set_invalid(
                        error,
                        "Cannot map the ids of user '%s': newuidmap failed, see its message "
                        "and subuid(5)",
                        account->name);
}

static bool become_root(GError **error) {
        /* the raw calls: glibc's would ask other threads, and there are none */
        if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0)
                return error_set_errno(error, errno, "Cannot become root of the user namespace");
        /* a change of ids made us undumpable, and our /proc/self somebody else's, proc(5) */
        (void) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return error_set_errno(error, errno, "Cannot detach from the host's mounts");
        return true;
}

static bool note_user(uid_t uid, gid_t gid, GError **error) {
        char uid_text[16], gid_text[16];
        snprintf(uid_text, sizeof uid_text, "%u", (unsigned int) uid);
        snprintf(gid_text, sizeof gid_text, "%u", (unsigned int) gid);
        return (setenv(USER_ENVIRONMENT, uid_text, 1) == 0 &&
                setenv(USER_GROUP_ENVIRONMENT, gid_text, 1) == 0) ||
               error_set_errno(error, errno, "Cannot set the environment");
}

bool rootless_enter(GError **error) {
        if (geteuid() == 0)
                return true;
        g_auto(Account) account = { 0 };
        if (!load_account(&account, error))
                return false;
        bool has_subids = account.uids->len > 0 && account.gids->len > 0;
        autofd int go = -1;
        pid_t mapper = has_subids ? start_mapper(&account, &go, error) : 0;
        if (mapper < 0)
                return false;
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
                int saved = errno;
                fd_close(&go);
                if (mapper > 0)
                        (void) waitpid(mapper, NULL, 0);
                return error_set_errno(
                                error, saved,
                                "Cannot create a user namespace: is the sysctl "
                                "user.max_user_namespaces 0, or an AppArmor rule in the way?");
        }
        if (has_subids && fd_write_all(go, "g", 1) < 0)
                return error_set_errno(error, EPIPE, "Cannot map the ids of our namespace");
        if (has_subids ? !wait_mapped(mapper, &account, error) : !map_self(&account, error))
                return false;
        return note_user(account.uid, account.gid, error) && become_root(error);
}

bool rootless_join(int user_ns_fd, GError **error) {
        uid_t uid = geteuid();
        gid_t gid = getegid();
        const struct passwd *entry = getpwuid(uid);
        if (entry && !getenv("HOME"))
                (void) setenv("HOME", entry->pw_dir, 1); /* as in load_account() */
        if (setns(user_ns_fd, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNS) < 0)
                return error_set_errno(
                                error, errno, "Cannot join the user namespace of our networks");
        return note_user(uid, gid, error) && become_root(error);
}

/* domain, code and words of the error, as text with a line for each */
static void send_error(int fd, const GError *error) {
        g_autofree char *text =
                        g_strdup_printf("%s\n%d\n%s", g_quark_to_string(error->domain), error->code,
                                        error->message);
        (void) fd_write_all(fd, text, strlen(text)); /* the status tells that it failed, too */
}

static bool receive_error(int fd, GError **error) {
        char text[4096];
        ssize_t n = fd_read_full(fd, text, sizeof text - 1);
        text[MAX(n, 0)] = '\0';
        g_auto(GStrv) lines = g_strsplit(text, "\n", 3);
        if (g_strv_length(lines) < 3)
                return error_set_invalid(error, "The process in the user namespace died");
        return error_set(error, g_quark_from_string(lines[0]), atoi(lines[1]), "%s", lines[2]);
}

/* Which namespaces a call goes to: new ones of our own, or those. */
typedef struct Destination {
        int user_ns_fd, net_ns_fd; /* borrowed; -1: new */
} Destination;

static bool go(const Destination *to, GError **error) {
        if (to->user_ns_fd < 0 && !rootless_enter(error))
                return false;
        if (to->user_ns_fd >= 0 && geteuid() != 0 && !rootless_join(to->user_ns_fd, error))
                return false;
        return to->net_ns_fd < 0 || setns(to->net_ns_fd, CLONE_NEWNET) == 0 ||
               error_set_errno(error, errno, "Cannot enter the network namespace of our networks");
}

static bool
call_in_child(const Destination *to, RootlessAction action, void *data, GError **error) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot create a pipe");
        autofd int ours = ends[0];
        autofd int theirs = ends[1];
        pid_t pid = fork();
        if (pid == 0) {
                g_autoptr(GError) inner = NULL;
                bool ok = go(to, &inner) && action(data, &inner);
                if (!ok)
                        send_error(theirs, inner);
                _exit(ok ? 0 : 1);
        }
        if (pid < 0)
                return error_set_errno(error, errno, "Cannot start a process");
        fd_close(&theirs);
        int status;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return error_set_errno(error, errno, "Cannot wait for a process");
        return (WIFEXITED(status) && WEXITSTATUS(status) == 0) || receive_error(ours, error);
}

bool rootless_call(RootlessAction action, void *data, GError **error) {
        const Destination to = { -1, -1 };
        return geteuid() == 0 ? action(data, error) : call_in_child(&to, action, data, error);
}

bool rootless_call_inside(
                int user_ns_fd, int net_ns_fd, RootlessAction action, void *data, GError **error) {
        const Destination to = { user_ns_fd, net_ns_fd };
        return call_in_child(&to, action, data, error);
}
