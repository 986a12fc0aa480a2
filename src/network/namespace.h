/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Being in another network namespace for a while, and the sysctls of the one we are in:
 * /proc/sys/net shows that of whoever opens it. */

/* Enters ns_fd; *ret_back_fd is where we came from. */
bool namespace_enter(int ns_fd, int *ret_back_fd, GError **error);

/* Goes back and closes *back_fd; -1 is fine. There is no way on in a wrong namespace: aborts. */
void namespace_leave(int *back_fd);

/* A scope inside: `autonamespace int back = -1;` */
#define autonamespace __attribute__((cleanup(namespace_leave)))

/* Writes /proc/sys/net/<path>, "/" as separator; a value that is there already is not written, so
 * that a read-only /proc/sys will do then. */
bool namespace_sysctl(const char *path, const char *value, GError **error);
