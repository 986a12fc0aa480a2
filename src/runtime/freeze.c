/* SPDX-License-Identifier: Apache-2.0 */
/* Pausing: the manager's freezer for a service, so that systemctl shows it too, else the cgroup's.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/container.h"
#include "systemd/bus.h"
#include "systemd/cgroup.h"

#define FREEZE_TRIES      100
#define FREEZE_PAUSE_USEC 20000

static bool write_freezer(const ContainerRecord *record, bool freeze, GError **error) {
        const char *mount = record->cgroup ? cgroup_mount_path() : NULL;
        if (!mount)
                return error_set_invalid(
                                error, "Cannot pause container '%s': it has no cgroup of its own",
                                record->name);
        g_autofree char *path = g_strconcat(mount, record->cgroup, "/cgroup.freeze", NULL);
        autofd int fd = open(path, O_WRONLY | O_CLOEXEC);
        int r = fd < 0 ? -errno : fd_write_all(fd, freeze ? "1" : "0", 1);
        return r >= 0 || error_set_errno(error, r, "Cannot write '%s'", path);
}

bool container_freeze(const ContainerRecord *record, bool freeze, GError **error) {
        if (record->unit) {
                g_autoptr(Bus) bus = bus_open(error);
                if (!bus || !bus_freeze_unit(bus, record->unit, freeze, error))
                        return false;
        } else if (!write_freezer(record, freeze, error)) {
                return false;
        }
        for (int i = 0; i < FREEZE_TRIES && record_is_paused(record) != freeze; i++)
                g_usleep(FREEZE_PAUSE_USEC);
        return record_is_paused(record) == freeze ||
               error_set_errno(error, ETIMEDOUT, "Cannot %s container '%s'",
                               freeze ? "pause" : "unpause", record->name);
}
