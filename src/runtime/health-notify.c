/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to the service manager on behalf of a container's unit. The check runs in a unit of its
 * own, and the manager counts a message for the unit of its sender: root may send in the name of
 * the main process, anyone else from within the unit's cgroup. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/user.h"
#include "runtime/health.h"
#include "systemd/bus.h"
#include "systemd/cgroup.h"

#define TAKEN_TIMEOUT_USEC (5 * G_USEC_PER_SEC)

static bool point_at_manager(void) {
        g_autofree char *path = user_is_root() ? g_strdup("/run/systemd/notify")
                                               : g_build_filename(
                                                                 g_get_user_runtime_dir(),
                                                                 "systemd", "notify", NULL);
        return g_setenv("NOTIFY_SOCKET", path, TRUE);
}

/* In a child, so that we stay in our own unit. */
static int send_from_cgroup(const ContainerRecord *record, const char *text) {
        g_autofree char *parent = g_path_get_dirname(record->cgroup);
        g_autofree char *path = NULL;
        autofd int fd = -1;
        if (!cgroup_make(parent, "healthcheck", &path, &fd, NULL))
                return -EACCES;
        g_autoptr(Bus) bus = bus_open(NULL);
        if (!bus || !bus_attach_self(bus, record->unit, "/healthcheck", NULL))
                return -EACCES;
        int r = sd_notify(0, text);
        return r < 0 ? r : sd_notify_barrier(0, TAKEN_TIMEOUT_USEC);
}

static int send_from_within(const ContainerRecord *record, const char *text) {
        int status;
        pid_t pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(-send_from_cgroup(record, text) & 0xff);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        const char *mount = cgroup_mount_path();
        g_autofree char *parent = g_path_get_dirname(record->cgroup);
        g_autofree char *path = g_build_filename(mount ? mount : "/", parent, "healthcheck", NULL);
        (void) rmdir(path); /* another sender may be in it */
        return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

bool health_notify(const ContainerRecord *record, const char *text, GError **error) {
        if (!record->unit || !g_str_has_suffix(record->unit, ".service") || !record->cgroup)
                return true;
        if (!point_at_manager())
                return error_set_errno(error, errno, "Cannot set $NOTIFY_SOCKET");
        int r = user_is_root() ? sd_pid_notify(record->pid, 0, text) : -EPERM;
        if (r == -EPERM)
                r = send_from_within(record, text);
        return r >= 0 || error_set_errno(error, r, "Cannot tell the service manager about '%s'",
                                         record->unit);
}
