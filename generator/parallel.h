/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

typedef void (*ParallelFunction)(guint i, void *data);

/* Calls function for every i below n, on all processors when n is worth it; returns when all calls
 * have. Calls must not share anything that is written, and must not begin a loop; loops are begun
 * by one thread of the process only. */
void parallel_for(guint n, ParallelFunction function, void *data);

/* Calls produce for every i below n, on all processors when n is worth it, and consume for every i
 * in order, on the calling thread, once produce has returned for it. While the next one is not
 * there the calling thread produces, too. */
void parallel_pipe(guint n, ParallelFunction produce, ParallelFunction consume, void *data);
