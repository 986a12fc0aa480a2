/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Moves bytes from one stream socket to another through a pipe, splice(2): they are never copied to
 * us. Both sockets are non-blocking. */
typedef struct Pump {
        int pipe[2];
        size_t n;   /* bytes in the pipe */
        bool ended; /* the source will send no more */
        bool shut;  /* and the destination was told */
} Pump;

/* 0 or -errno. */
int pump_open(Pump *pump);
void pump_close(Pump *pump);

/* Moves what can be moved now. 0, or -errno: one of the two is broken. */
int pump_run(Pump *pump, int from, int to);
