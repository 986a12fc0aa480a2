/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel parameters a container may set. */
#include "runtime/sysctl.h"

#include <string.h>

#include "base/error.h"

/* Only what is private to the container's namespaces, each one key and one value (CVE-2022-0811).
 */
static bool is_allowed(const char *name, const OciSpec *spec) {
        static const char *const ipc_names[] = {
                "kernel.msgmax", "kernel.msgmnb",          "kernel.msgmni",
                "kernel.sem",    "kernel.shmall",          "kernel.shmmax",
                "kernel.shmmni", "kernel.shm_rmid_forced", NULL,
        };
        if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/*") !=
                            strlen(name) ||
            strstr(name, ".."))
                return false;
        if (g_str_has_prefix(name, "net."))
                return spec->namespaces[OCI_NAMESPACE_NETWORK].present;
        if (g_strv_contains(ipc_names, name) || g_str_has_prefix(name, "fs.mqueue."))
                return spec->namespaces[OCI_NAMESPACE_IPC].present;
        if (strcmp(name, "kernel.domainname") == 0)
                return spec->namespaces[OCI_NAMESPACE_UTS].present;
        return false;
}

bool sysctl_check(const char *name, const char *value, const OciSpec *spec, GError **error) {
        g_autofree char *dotted = g_strdup(name);
        if (strchr(dotted, '/') && !strchr(dotted, '.'))
                g_strdelimit(dotted, "/", '.'); /* sysctl(8): either is a separator */
        if (!is_allowed(dotted, spec))
                return error_set_invalid(
                                error,
                                "sysctl '%s' is not allowed: it is not private to the container's "
                                "namespaces",
                                name);
        return !strchr(value, '\n') ||
               error_set_invalid(error, "the value of sysctl '%s' has more than one line", name);
}
