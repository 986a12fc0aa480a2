/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* What kernels before 6.15 refuse to do with detached mounts, done where they are attached: in a
 * process with a mount namespace of its own, whose working directory is an empty tmpfs. Slower than
 * doing without, so it is tried second. */

/* Runs in that process. Appends the descriptors that are to come back to fds (of int). */
typedef bool (*ApartFunction)(void *data, GArray *fds, GError **error);

/* place: an empty directory. fds gets what the function made, owned by the caller, close-on-exec.
 * The error is the function's, with its words. The process has no other threads. */
bool apart_run(const char *place, ApartFunction function, void *data, GArray *fds, GError **error);
