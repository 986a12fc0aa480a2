/* SPDX-License-Identifier: Apache-2.0 */
/* Running systemctl. */
#include "cli/systemctl.h"

#include <sys/wait.h>

#include "base/error.h"

static bool
spawn(bool user,
      const char *const *args,
      char **ret_out,
      char **ret_err,
      int *ret_status,
      GError **error) {
        g_autoptr(GPtrArray) argv = g_ptr_array_new();
        g_ptr_array_add(argv, (char *) "systemctl");
        g_ptr_array_add(argv, (char *) (user ? "--user" : "--system"));
        for (const char *const *arg = args; *arg; arg++)
                g_ptr_array_add(argv, (char *) *arg);
        g_ptr_array_add(argv, NULL);
        int wait_status = 0;
        if (!g_spawn_sync(NULL, (char **) argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                          ret_out, ret_err, &wait_status, error)) {
                g_prefix_error(error, "Cannot run systemctl: ");
                return false;
        }
        *ret_status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
        return true;
}

bool systemctl_run(bool user, const char *const *args, GError **error) {
        g_autofree char *out = NULL, *err = NULL;
        int status;
        if (!spawn(user, args, &out, &err, &status, error))
                return false;
        if (status == 0)
                return true;
        g_strstrip(err);
        return error_set_invalid(error, "systemctl %s: %s", args[0], *err ? err : "failed");
}

char *systemctl_read(bool user, const char *const *args, int *ret_status, GError **error) {
        char *out = NULL;
        g_autofree char *err = NULL;
        return spawn(user, args, &out, &err, ret_status, error) ? out : NULL;
}
