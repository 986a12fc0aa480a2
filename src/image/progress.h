/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* How far a pull is: a bar on a terminal; below systemd STATUS= and, only while bytes arrive,
 * EXTEND_TIMEOUT_USEC= (sd_notify(3)). A thread of its own looks every now and then. */
typedef struct Progress Progress;

Progress *progress_new(const char *what, bool quiet);
void progress_free(Progress *progress); /* ends the thread, clears the bar */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)

void progress_expect(Progress *progress, unsigned int n_layers, int64_t bytes);

/* From any thread. */
void progress_bytes(Progress *progress, int64_t bytes);
void progress_layer(Progress *progress);
