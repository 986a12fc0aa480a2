/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a container runs: pid and start time together name one process for ever. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "base/sys.h"
#include "runtime/record.h"
#include "systemd/cgroup.h"

bool record_set_pid(ContainerRecord *record, pid_t pid, GError **error) {
        uint64_t ticks = process_start_ticks(pid);
        if (ticks == 0)
                return error_set_errno(
                                error, ESRCH, "Cannot read the start time of process %d",
                                (int) pid);
        record->pid = pid;
        record->pid_start_ticks = ticks;
        return true;
}

ContainerStatus record_status(const ContainerRecord *record) {
        if (record->pid > 0 && process_start_ticks(record->pid) == record->pid_start_ticks)
                return CONTAINER_RUNNING;
        return record->started_nsec == 0 ? CONTAINER_CREATED : CONTAINER_EXITED;
}

bool record_is_paused(const ContainerRecord *record) {
        const char *mount = record->cgroup ? cgroup_mount_path() : NULL;
        g_autofree char *text = NULL;
        if (!mount || record_status(record) != CONTAINER_RUNNING)
                return false;
        g_autofree char *path = g_strconcat(mount, record->cgroup, "/cgroup.events", NULL);
        return file_read_text(AT_FDCWD, path, 4096, &text, NULL) && strstr(text, "frozen 1");
}

int record_open_pidfd(const ContainerRecord *record) {
        if (record->pid <= 0)
                return -1;
        autofd int fd = sys_pidfd_open(record->pid, 0);
        /* checked after opening: from here the pid cannot be another process's */
        if (fd < 0 || process_start_ticks(record->pid) != record->pid_start_ticks)
                return -1;
        return fd_steal(&fd);
}
