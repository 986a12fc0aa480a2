/* SPDX-License-Identifier: Apache-2.0 */
/* kill and delete. */
#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "runtime/cgroup-manager.h"
#include "runtime/hooks.h"
#include "runtime/oci-container.h"

#define KILL_TIMEOUT_MSEC 10000

bool oci_kill(const char *root, const char *id, int signal_number, bool all, GError **error) {
        g_autoptr(OciState) state = oci_state_load(root, id, error);
        if (!state)
                return false;
        if (all && state->cgroup)
                return cgroup_signal(state->cgroup, signal_number, error);
        autofd int pid_fd = oci_state_open_pidfd(state);
        int r = pid_fd < 0 ? -ESRCH : sys_pidfd_send_signal(pid_fd, signal_number);
        if (r == -ESRCH) /* callers look for these words */
                return all || error_set(error, ERROR_ERRNO, ESRCH, "container not running");
        return r >= 0 || error_set_errno(error, r, "Cannot signal container \"%s\"", id);
}

static bool end_process(const OciState *state, GError **error) {
        autofd int pid_fd = oci_state_open_pidfd(state);
        if (pid_fd < 0)
                return true;
        int r = sys_pidfd_send_signal(pid_fd, SIGKILL);
        if (r < 0 && r != -ESRCH)
                return error_set_errno(error, r, "Cannot end container \"%s\"", state->id);
        struct pollfd polled = { .fd = pid_fd, .events = POLLIN };
        int n;
        do
                n = poll(&polled, 1, KILL_TIMEOUT_MSEC);
        while (n < 0 && errno == EINTR);
        return n > 0 || error_set_errno(error, ETIMEDOUT, "Cannot end container \"%s\"", state->id);
}

/* config.md: what poststop hooks do wrong is told and does not keep the container. */
static void run_poststop(const char *root, const OciState *state) {
        g_autoptr(OciSpec) spec = oci_state_load_spec(root, state->id, NULL);
        if (!spec || !hooks_exist(spec, OCI_HOOK_POSTSTOP))
                return;
        g_autofree char *text = oci_state_format(state, spec, OCI_STATUS_STOPPED, false);
        const HookRequest request = {
                .spec = spec, .kind = OCI_HOOK_POSTSTOP, .state = text, .pid_fd = -1
        };
        g_autoptr(GError) error = NULL;
        if (!hooks_run(&request, &error))
                log_warning("%s, ignoring", error->message);
}

bool oci_delete(const char *root, const char *id, bool force, GError **error) {
        GError *inner = NULL;
        g_autoptr(OciState) state = oci_state_load(root, id, &inner);
        if (!state) {
                bool absent = g_error_matches(inner, ERROR_ERRNO, ENOENT);
                if (!force || !oci_id_is_valid(id)) {
                        g_propagate_error(error, inner);
                        return false;
                }
                g_clear_error(&inner); /* damaged, or not there: what there is goes */
                return absent || oci_state_remove(root, id, error);
        }
        OciStatus status = oci_state_status(state);
        if (status != OCI_STATUS_STOPPED && !force)
                return error_set_invalid(
                                error, "cannot delete container \"%s\" that is not stopped: %s", id,
                                oci_status_to_text(status));
        if (state->cgroup && cgroup_is_frozen(state->cgroup))
                (void) cgroup_freeze(state->cgroup, false, NULL); /* to be able to end */
        if (!end_process(state, error))
                return false;
        if (!cgroup_destroy(state->cgroup, state->scope, error))
                return false;
        run_poststop(root, state);
        return oci_state_remove(root, id, error);
}
