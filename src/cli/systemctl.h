/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* systemctl(1) as a child process, for what needs its rules about unit files: enable, disable,
 * preset. args is NULL-terminated. The error carries what systemctl said. */
bool systemctl_run(bool user, const char *const *args, GError **error);

/* The same, for its output; the exit status is *ret_status. Caller frees. */
char *systemctl_read(bool user, const char *const *args, int *ret_status, GError **error);
