/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "oci/spec.h"

/* The payload's own sd_notify(3) messages, through a filter. The manager's socket itself never
 * enters a container: a message MAINPID= from there would name any process of the host, and the
 * manager believes root. Only READY, RELOADING, STOPPING, STATUS, ERRNO, BUSERROR, MONOTONIC_USEC
 * and WATCHDOG pass. */

typedef struct NotifyProxy NotifyProxy;

/* Binds RUN_PATH/notify/notify.sock and makes it visible in the container as
 * /run/notify/notify.sock. */
NotifyProxy *notify_proxy_new(const char *run_path, OciSpec *spec, GError **error);
void notify_proxy_free(NotifyProxy *proxy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NotifyProxy, notify_proxy_free)

/* Forwards until the payload said READY=1 or is gone. With $WATCHDOG_USEC set it stays as long as
 * the payload lives, because later messages count too. */
bool notify_proxy_run(NotifyProxy *proxy, int pid_fd, GError **error);

/* The lines of message that may pass, joined; "" when none. Caller frees. */
char *notify_filter(const char *message, bool *ret_ready);
