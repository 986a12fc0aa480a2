/* SPDX-License-Identifier: Apache-2.0 */
/* setns(2) there and back. */
#include "network/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
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

/* ip-link(8) "set lo up" */
static int raise_loopback(void) {
        struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
        autofd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        return fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

/* In a child: an errno. */
static int make_and_mount(const NamespacePin *pins, size_t n_pins, const char *hostname) {
        int flags = 0;
        for (size_t i = 0; i < n_pins; i++)
                flags |= pins[i].flag;
        if (unshare(flags) < 0)
                return errno;
        if ((flags & CLONE_NEWUTS) && hostname && sethostname(hostname, strlen(hostname)) < 0)
                return errno;
        int r = flags & CLONE_NEWNET ? raise_loopback() : 0;
        if (r < 0)
                return -r;
        for (size_t i = 0; i < n_pins; i++)
                if (mount(pins[i].source, pins[i].path, NULL, MS_BIND, NULL) < 0)
                        return errno;
        return 0;
}

/* An unprivileged user could leave the host's namespace and never come back (setns(2) wants
 * privilege where it was made), so that a child goes, and ends when the mounts hold what it made.
 */
bool namespace_make_several(
                const NamespacePin *pins, size_t n_pins, const char *hostname, GError **error) {
        for (size_t i = 0; i < n_pins; i++) {
                autofd int fd = open(pins[i].path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
                if (fd < 0)
                        return error_set_errno(error, errno, "Cannot create '%s'", pins[i].path);
        }
        pid_t pid = fork();
        if (pid == 0) {
                int r = make_and_mount(pins, n_pins, hostname);
                _exit(MIN(r, 255));
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
                        "Cannot make a namespace at '%s'", n_pins > 0 ? pins[0].path : "");
}

bool namespace_make(const char *path, GError **error) {
        const NamespacePin pin = { CLONE_NEWNET, "/proc/self/ns/net", path };
        return namespace_make_several(&pin, 1, NULL, error);
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
