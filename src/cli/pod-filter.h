/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "runtime/pod.h"

/* Takes out of the list of Pod what does not pass all filters (of char *, "KEY=VALUE"; or NULL). */
bool pod_filter(Runtime *runtime, GPtrArray *pods, GPtrArray *filters, GError **error);
