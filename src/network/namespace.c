/* SPDX-License-Identifier: Apache-2.0 */
/* setns(2) there and back. */
#include "network/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

bool namespace_enter(int ns_fd, int *ret_back_fd, GError **error) {
        autofd int back = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (back < 0)
                return error_set_errno(error, errno, "Cannot open our own network namespace");
        if (setns(ns_fd, CLONE_NEWNET) < 0)
                return error_set_errno(
                                error, errno, "Cannot enter the container's network namespace");
        *ret_back_fd = fd_steal(&back);
        return true;
}

/* An unprivileged user could leave the host's namespace and never come back (setns(2) wants
 * privilege where it was made), so that a child goes, and ends when the mount holds what it made.
 */
bool namespace_make(const char *path, GError **error) {
        autofd int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot create '%s'", path);
        pid_t pid = fork();
        if (pid == 0) {
                if (unshare(CLONE_NEWNET) < 0 ||
                    mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL) < 0)
                        _exit(MIN(errno, 255));
                _exit(0);
        }
        int status = 0;
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
                continue;
        if (pid < 0)
                return error_set_errno(error, errno, "Cannot start a process");
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return true;
        return error_set_errno(
                        error, WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD,
                        "Cannot make a network namespace at '%s'", path);
}

void namespace_forget(const char *path) {
        (void) umount2(path, MNT_DETACH); /* in another mount namespace unlink(2) does it */
        (void) unlink(path);
}

void namespace_leave(int *back_fd) {
        if (*back_fd < 0)
                return;
        g_assert(setns(*back_fd, CLONE_NEWNET) == 0);
        fd_close(back_fd);
}

bool namespace_sysctl(const char *path, const char *value, GError **error) {
        g_autofree char *file = g_strconcat("/proc/sys/net/", path, NULL);
        char now[64];
        size_t size = strlen(value);
        autofd int read_fd = open(file, O_RDONLY | O_CLOEXEC);
        ssize_t n = read_fd < 0 ? -1 : read(read_fd, now, sizeof now);
        if (n >= (ssize_t) size && memcmp(now, value, size) == 0 &&
            (n == (ssize_t) size || now[size] == '\n'))
                return true;
        autofd int fd = open(file, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, value, size) != (ssize_t) size)
                return error_set_errno(error, errno, "Cannot write '%s' to '%s'", value, file);
        return true;
}
