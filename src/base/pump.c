/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

#define PIPE_SIZE 65536 /* pipe(7): the default */

int pump_open(Pump *pump) {
        *pump = (Pump){ .pipe = { -1, -1 } };
        return pipe2(pump->pipe, O_CLOEXEC | O_NONBLOCK) < 0 ? -errno : 0;
}

void pump_close(Pump *pump) {
        fd_close(&pump->pipe[0]);
        fd_close(&pump->pipe[1]);
}

/* Bytes moved; 0 at the end of the stream; -EAGAIN when nothing can be moved now. */
static ssize_t move(int from, int to, size_t size) {
        ssize_t n;
        do
                n = splice(from, NULL, to, NULL, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

/* True when bytes came or the end did. */
static bool fill(Pump *pump, int from, int *ret) {
        if (pump->ended || pump->n >= PIPE_SIZE)
                return false;
        ssize_t n = move(from, pump->pipe[1], PIPE_SIZE - pump->n);
        if (n < 0) {
                *ret = n == -EAGAIN ? 0 : (int) n;
                return false;
        }
        pump->ended = n == 0;
        pump->n += (size_t) n;
        return true;
}

static bool drain(Pump *pump, int to, int *ret) {
        if (pump->n == 0)
                return false;
        ssize_t n = move(pump->pipe[0], to, pump->n);
        if (n < 0) {
                *ret = n == -EAGAIN ? 0 : (int) n;
                return false;
        }
        pump->n -= (size_t) n;
        return true;
}

int pump_run(Pump *pump, int from, int to) {
        int r = 0;
        for (bool more = true; more && r >= 0;) {
                more = fill(pump, from, &r);
                if (r >= 0)
                        more = drain(pump, to, &r) || more;
        }
        if (r >= 0 && pump->ended && pump->n == 0 && !pump->shut) {
                pump->shut = true;
                if (shutdown(to, SHUT_WR) < 0 && errno != ENOTCONN)
                        r = -errno;
        }
        return r;
}
