/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a container runs: pid and start time together name one process for ever. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "runtime/record.h"

/* Field 22 of /proc/PID/stat; the command in field 2 may hold blanks and parentheses. 0: no
 * process, or a zombie, which no longer runs. */
static uint64_t process_start_ticks(pid_t pid) {
        char path[32];
        snprintf(path, sizeof path, "/proc/%d/stat", (int) pid);
        g_autofree char *text = NULL;
        if (!file_read_text(AT_FDCWD, path, 8192, &text, NULL))
                return 0;
        const char *at = strrchr(text, ')');
        if (!at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
                return 0;
        for (int field = 2; field < 22 && at; field++)
                at = strchr(at + 1, ' ');
        return at ? strtoull(at + 1, NULL, 10) : 0;
}

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

int record_open_pidfd(const ContainerRecord *record) {
        if (record->pid <= 0)
                return -1;
        autofd int fd = sys_pidfd_open(record->pid, 0);
        /* checked after opening: from here the pid cannot be another process's */
        if (fd < 0 || process_start_ticks(record->pid) != record->pid_start_ticks)
                return -1;
        return fd_steal(&fd);
}
