/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The hand-over to the service manager, sd_notify(3). */

/* True when this process is itself the main process that a manager started ($SYSTEMD_EXEC_PID is
 * ours and $NOTIFY_SOCKET is set): only then may a container be cloned as the manager's child. */
bool notify_is_supervised(void);

/* Sends MAINPID= (with READY=1 when ready; more: further assignments or NULL), then waits on a
 * barrier until the manager has read them. The order is what makes exit statuses right: nothing may
 * run before this returns.
 */
bool notify_hand_over(
                pid_t main_pid,
                bool ready,
                const char *more,
                uint64_t timeout_usec,
                GError **error);

/* STATUS= text alone; failures do not matter. */
void notify_status(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Puts a descriptor into the unit's store, FileDescriptorStoreMax=, systemd.service(5), and takes
 * what was kept there over a restart: owned, -1 when there is none. */
bool notify_keep_fd(const char *name, int fd, GError **error);
int notify_take_kept_fd(const char *name);
