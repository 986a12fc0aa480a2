/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor helpers that both the launcher and the container's child use. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FD_SEND_MAX 16

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

void fd_close(int *fd) {
        if (*fd < 0)
                return;
        int saved = errno;
        (void) close(*fd); /* nothing a caller could do about a failure here */
        *fd = -1;
        errno = saved;
}

int fd_steal(int *fd) {
        int taken = *fd;
        *fd = -1;
        return taken;
}

int fd_set_cloexec(int fd, bool on) {
        int flags = fcntl(fd, F_GETFD);
        if (flags < 0)
                return -errno;
        flags = on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
        return fcntl(fd, F_SETFD, flags) < 0 ? -errno : 0;
}

/* Without close_range(2) (a seccomp filter may refuse it) walk up to the descriptor limit. */
static int close_range_fallback(unsigned int first, bool only_cloexec) {
        long limit = sysconf(_SC_OPEN_MAX);
        if (limit < 0 || limit > 65536)
                limit = 65536;
        for (long fd = first; fd < limit; fd++) {
                if (only_cloexec)
                        (void) fd_set_cloexec((int) fd, true); /* EBADF for the unused ones */
                else
                        (void) close((int) fd);
        }
        return 0;
}

int fd_cloexec_from(unsigned int first) {
        if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
                return 0;
        return close_range_fallback(first, true);
}

int fd_close_from(unsigned int first) {
        if (syscall(SYS_close_range, first, ~0U, 0) == 0)
                return 0;
        return close_range_fallback(first, false);
}

int fd_write_all(int fd, const void *bytes, size_t size) {
        const uint8_t *at = bytes;
        while (size > 0) {
                ssize_t n = write(fd, at, size);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                at += n;
                size -= (size_t) n;
        }
        return 0;
}

ssize_t fd_read_full(int fd, void *bytes, size_t size) {
        size_t got = 0;
        while (got < size) {
                ssize_t n = read(fd, (uint8_t *) bytes + got, size - got);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (n == 0)
                        break;
                got += (size_t) n;
        }
        return (ssize_t) got;
}

int fd_send(int socket_fd, const void *bytes, size_t size, const int *fds, size_t n_fds) {
        if (n_fds > FD_SEND_MAX)
                return -E2BIG;
        struct iovec iov = { .iov_base = (void *) bytes, .iov_len = size };
        struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int) * FD_SEND_MAX)];
        } control;
        if (n_fds > 0) {
                memset(&control, 0, sizeof control);
                msg.msg_control = &control;
                msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
        }
        for (;;) {
                ssize_t n = sendmsg(socket_fd, &msg, MSG_NOSIGNAL);
                if (n >= 0)
                        return (size_t) n == size ? 0 : -EMSGSIZE;
                if (errno != EINTR)
                        return -errno;
        }
}

ssize_t
fd_receive(int socket_fd, void *bytes, size_t size, int *fds, size_t max_fds, size_t *ret_n_fds) {
        struct iovec iov = { .iov_base = bytes, .iov_len = size };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int) * FD_SEND_MAX)];
        } control;
        struct msghdr msg = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof control,
        };
        ssize_t n;
        do
                n = recvmsg(socket_fd, &msg, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;

        size_t count = 0;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                size_t here = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                for (size_t i = 0; i < here; i++) {
                        int fd;
                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
                        if (count < max_fds)
                                fds[count++] = fd;
                        else
                                fd_close(&fd);
                }
        }
        *ret_n_fds = count;
        return n;
}

char *fd_path(int fd, char *path) {
        static const char prefix[] = "/proc/self/fd/";
        memcpy(path, prefix, sizeof prefix - 1);
        char *at = path + sizeof prefix - 1;
        char digits[12];
        int n = 0;
        unsigned int rest = (unsigned int) fd;
        do {
                digits[n++] = (char) ('0' + rest % 10);
                rest /= 10;
        } while (rest > 0);
        while (n > 0)
                *at++ = digits[--n];
        *at = '\0';
        return path;
}
