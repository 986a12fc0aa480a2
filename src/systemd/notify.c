/* SPDX-License-Identifier: Apache-2.0 */
/* What the launcher tells its manager. */
#include "systemd/notify.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

bool notify_is_supervised(void) {
        uint64_t pid;
        const char *text = getenv("SYSTEMD_EXEC_PID");
        return text && text_parse_uint64(text, INT32_MAX, &pid) && (pid_t) pid == getpid() &&
               getenv("NOTIFY_SOCKET");
}

bool notify_hand_over(
                pid_t main_pid,
                bool ready,
                const char *more,
                uint64_t timeout_usec,
                GError **error) {
        int r =
                        sd_notifyf(0, "MAINPID=%d\n%s%s", (int) main_pid, ready ? "READY=1\n" : "",
                                   more ? more : "");
        if (r < 0)
                return error_set_errno(error, r, "Cannot notify the service manager");
        r = sd_notify_barrier(0, timeout_usec);
        if (r < 0)
                return error_set_errno(error, r, "The service manager did not take over");
        return true;
}

void notify_status(const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        g_autofree char *text = g_strdup_vprintf(format, ap);
        va_end(ap);
        (void) sd_notifyf(0, "STATUS=%s", text); /* not supervised: nobody to tell */
}

bool notify_keep_fd(const char *name, int fd, GError **error) {
        g_autofree char *text = g_strdup_printf("FDSTORE=1\nFDNAME=%s", name);
        int r = sd_pid_notify_with_fds(0, 0, text, &fd, 1);
        return r >= 0 || error_set_errno(error, r, "Cannot leave '%s' with the manager", name);
}

int notify_take_kept_fd(const char *name) {
        char **names = NULL;
        int n = sd_listen_fds_with_names(0, &names), found = -1;
        for (int i = 0; i < n; i++) {
                if (found < 0 && strcmp(names[i], name) == 0)
                        found = SD_LISTEN_FDS_START + i;
                free(names[i]);
        }
        free(names);
        return found;
}
