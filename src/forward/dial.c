/* SPDX-License-Identifier: Apache-2.0 */
#include "forward/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

/* Where the user namespace has to be entered, that is done first: it is what gives the right to the
 * other. */
static int enter(int target_fd) {
        if (setns(target_fd, CLONE_NEWNET) == 0)
                return 0;
        return setns(target_fd, CLONE_NEWUSER) < 0 || setns(target_fd, CLONE_NEWNET) < 0 ? -errno
                                                                                         : 0;
}

static int finish(int fd) {
        struct pollfd p = { .fd = fd, .events = POLLOUT };
        int error = 0;
        socklen_t size = sizeof error;
        if (poll(&p, 1, DIAL_TIMEOUT_MSEC) == 0)
                return -ETIMEDOUT;
        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? -errno : -error;
}

static int connect_to(const struct sockaddr *address, socklen_t size) {
        autofd int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        int r = connect(fd, address, size) == 0 ? 0 : errno == EINPROGRESS ? finish(fd) : -errno;
        return r < 0 ? r : fd_steal(&fd);
}

static int connect_own(uint16_t port) {
        struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int fd = connect_to((const struct sockaddr *) &in, sizeof in);
        if (fd >= 0)
                return fd;
        struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
        in6.sin6_addr = in6addr_loopback;
        int r = connect_to((const struct sockaddr *) &in6, sizeof in6);
        return r >= 0 ? r : fd; /* what the first said is the one to tell */
}

/* Never returns. Reports whether it got where it should, then answers ports with sockets. */
static void dial(int socket_fd, int target_fd) {
        int r = prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ? -errno : 0;
        if (r == 0)
                r = enter(target_fd);
        /* the held port must not stay open by us */
        if (r == 0 && (dup2(socket_fd, 3) < 0 || fd_close_from(4) < 0))
                r = -errno;
        socket_fd = 3;
        if (fd_send(socket_fd, &r, sizeof r, NULL, 0) < 0 || r < 0)
                _exit(1);
        uint16_t port;
        while (recv(socket_fd, &port, sizeof port, 0) == sizeof port) {
                autofd int fd = connect_own(port);
                r = fd < 0 ? fd : 0;
                if (fd_send(socket_fd, &r, sizeof r, &fd, fd < 0 ? 0 : 1) < 0)
                        break;
        }
        _exit(0);
}

static int receive(Dialer *dialer, int *ret_fd) {
        int r;
        size_t n_fds = 0;
        *ret_fd = -1;
        ssize_t n = fd_receive(dialer->socket_fd, &r, sizeof r, ret_fd, 1, &n_fds);
        return n == (ssize_t) sizeof r ? r : -EPIPE;
}

int dialer_open(Dialer *dialer, int target_fd) {
        int pair[2];
        *dialer = (Dialer){ .socket_fd = -1, .pid = -1 };
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        dialer->pid = fork();
        if (dialer->pid == 0)
                dial(pair[1], target_fd);
        int r = dialer->pid < 0 ? -errno : 0;
        fd_close(&pair[1]);
        dialer->socket_fd = pair[0];
        int none;
        if (r == 0)
                r = receive(dialer, &none);
        if (r < 0)
                dialer_close(dialer);
        return r;
}

void dialer_close(Dialer *dialer) {
        fd_close(&dialer->socket_fd);
        if (dialer->pid > 0 && kill(dialer->pid, SIGKILL) == 0)
                (void) waitpid(dialer->pid, NULL, 0); /* ours, and dead: nothing to learn */
        dialer->pid = -1;
}

int dialer_connect(Dialer *dialer, uint16_t port) {
        int fd;
        if (send(dialer->socket_fd, &port, sizeof port, MSG_NOSIGNAL) < 0)
                return -EPIPE;
        int r = receive(dialer, &fd);
        return r < 0 ? r : fd;
}
