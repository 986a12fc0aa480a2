/* SPDX-License-Identifier: Apache-2.0 */
/* A hook is forked, put into its namespaces, fed and waited for. */
#include "runtime/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"

bool hooks_exist(const OciSpec *spec, OciHookKind kind) {
        return spec->hooks[kind] && spec->hooks[kind]->len > 0;
}

/* Between fork(2) and execve(2): system calls only. */
_Noreturn static void become_hook(const HookRequest *request, const OciHook *hook, int state_fd) {
        static char *const no_environment[] = { NULL };
        char *const plain[] = { hook->path, NULL };
        if (dup2(state_fd, STDIN_FILENO) < 0)
                _exit(126);
        if (request->pid_fd >= 0 && syscall(SYS_setns, request->pid_fd, request->namespaces) < 0)
                _exit(126);
        (void) fd_cloexec_from(3);
        execve(hook->path, hook->args && hook->args[0] ? hook->args : plain,
               hook->env ? hook->env : no_environment);
        _exit(errno == ENOENT ? 127 : 126);
}

/* The state fits a pipe's buffer or not: written while we wait, so that neither blocks the other.
 */
static int feed(int fd, const char *state) {
        struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
        (void) sigaction(SIGPIPE, &ignore, &before);
        int r = fd_write_all(fd, state, strlen(state));
        (void) sigaction(SIGPIPE, &before, NULL);
        return r == -EPIPE ? 0 : r; /* it need not read */
}

static bool await(int pid_fd, int timeout_sec) {
        struct pollfd polled = { .fd = pid_fd, .events = POLLIN };
        int n;
        do
                n = poll(&polled, 1, timeout_sec > 0 ? timeout_sec * 1000 : -1);
        while (n < 0 && errno == EINTR);
        return n > 0;
}

static bool run_one(const HookRequest *request, const OciHook *hook, GError **error) {
        int ends[2];
        const char *kind = oci_hook_to_text(request->kind);
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot create a pipe");
        autofd int theirs = ends[0];
        autofd int ours = ends[1];
        int pid_fd = -1;
        struct clone_args args = {
                .flags = CLONE_PIDFD,
                .pidfd = (uint64_t) (uintptr_t) &pid_fd,
                .exit_signal = SIGCHLD,
        };
        pid_t pid = sys_clone3(&args);
        if (pid == 0)
                become_hook(request, hook, theirs);
        if (pid < 0)
                return error_set_errno(error, pid, "Cannot start %s hook '%s'", kind, hook->path);
        autofd int hook_fd = pid_fd;
        fd_close(&theirs);
        int r = feed(ours, request->state);
        fd_close(&ours);
        bool ended = r >= 0 && await(hook_fd, hook->timeout_sec);
        if (!ended)
                (void) sys_pidfd_send_signal(hook_fd, SIGKILL);
        int status = 0;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                continue;
        if (!ended)
                return error_set_invalid(
                                error, "%s hook '%s' did not end within %d seconds", kind,
                                hook->path, hook->timeout_sec);
        if (WIFSIGNALED(status))
                return error_set_invalid(
                                error, "%s hook '%s' was killed by signal %d", kind, hook->path,
                                WTERMSIG(status));
        return WEXITSTATUS(status) == 0 ||
               error_set_invalid(
                               error, "%s hook '%s' failed with exit status %d", kind, hook->path,
                               WEXITSTATUS(status));
}

bool hooks_run(const HookRequest *request, GError **error) {
        const GPtrArray *list = request->spec->hooks[request->kind];
        for (guint i = 0; list && i < list->len; i++)
                if (!run_one(request, list->pdata[i], error))
                        return false;
        return true;
}
