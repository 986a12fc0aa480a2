/* SPDX-License-Identifier: Apache-2.0 */
/* setns(2) there and back. */
#include "network/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
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
