/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Being in another network namespace for a while, and the sysctls of the one we are in:
 * /proc/sys/net shows that of whoever opens it. */

/* Enters ns_fd; *ret_back_fd is where we came from. */
bool namespace_enter(int ns_fd, int *ret_back_fd, GError **error);

/* Makes a new network namespace, owned by our user namespace, and pins it at path in our mount
 * namespace. */
bool namespace_make(const char *path, GError **error);

/* The same for several namespaces at once, with loopback up and that host name (or NULL). */
typedef struct NamespacePin {
        int flag;           /* CLONE_NEWNET, … */
        const char *source; /* "/proc/self/ns/net" */
        const char *path;
} NamespacePin;
bool namespace_make_several(
                const NamespacePin *pins, size_t n_pins, const char *hostname, GError **error);

/* Takes the pin away, in whatever mount namespace it is; one that is not there is fine. */
void namespace_forget(const char *path);

/* Goes back and closes *back_fd; -1 is fine. There is no way on in a wrong namespace: aborts. */
void namespace_leave(int *back_fd);

/* A scope inside: `autonamespace int back = -1;` */
#define autonamespace __attribute__((cleanup(namespace_leave)))

/* Writes /proc/sys/net/<path>, "/" as separator; a value that is there already is not written, so
 * that a read-only /proc/sys will do then. */
bool namespace_sysctl(const char *path, const char *value, GError **error);
