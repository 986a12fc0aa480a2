/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The listening sockets of a socket unit in front of a container that knows nothing of them.
 *
 * A connection is accepted only when the container has taken one of ours for it: until then it
 * waits in the socket's queue, through restarts and new images, and nobody is refused. A payload
 * that takes the sockets itself (LISTEN_FDS) accepts from the same queue, and does so first. */

#define FORWARD_CONNECTIONS_MAX 4096

typedef struct ForwardListener {
        int fd;        /* TCP, listening; borrowed */
        uint16_t port; /* of the container */
} ForwardListener;

/* What the loop asks of its surroundings. */
typedef struct ForwardTarget {
        int (*open)(void *data);     /* a pidfd of the container; -1: it does not run. Owned. */
        bool (*is_down)(void *data); /* its service is stopped, and nothing starts it */
        void (*start)(void *data);   /* somebody waits; does not wait for the service */
        bool (*stop)(void *data);    /* nobody has been there for a while; false: it stays */
        void *data;
} ForwardTarget;

/* Serves until the service is down and nobody waits (true), the service was stopped for being idle
 * (true), or something fails. idle_usec 0: never idle. The process has no other threads. */
bool forward_run(
                const ForwardListener *listeners,
                size_t n,
                const ForwardTarget *target,
                uint64_t idle_usec,
                GError **error);
