/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

typedef void (*ParallelFunction)(guint i, void *data);

/* Calls function for every i below n, on all processors when n is worth it; returns when all calls
 * have. Calls must not share anything that is written. */
void parallel_for(guint n, ParallelFunction function, void *data);
