/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* A process that lives in a container's network namespace (and user namespace, where that is what
 * it takes to get there) and makes connections to the container's own ports, 127.0.0.1 and ::1. It
 * is in no other namespace of the container: nothing inside sees it. So a port is reached however
 * the container is connected, Network=none included. */
typedef struct Dialer {
        int socket_fd;
        pid_t pid;
} Dialer;

/* target_fd: a pidfd of the container. 0 or -errno. The caller has no other threads. */
int dialer_open(Dialer *dialer, int target_fd);
void dialer_close(Dialer *dialer);

/* A connected, non-blocking socket, owned by the caller; -ECONNREFUSED when nobody listens, -EPIPE
 * when the dialer is gone. Waits for the container at most DIAL_TIMEOUT_MSEC. */
int dialer_connect(Dialer *dialer, uint16_t port);

#define DIAL_TIMEOUT_MSEC 250
