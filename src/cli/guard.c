/* SPDX-License-Identifier: Apache-2.0 */
/* Running from a file that nobody can write. */
#include "cli/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/user.h"

#define PROGRAM_ENVIRONMENT "BERTH_PROGRAM"
#define SEALS               (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

extern char **environ;

static bool is_guarded(void) {
        autofd int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        struct statvfs fs;
        if (fd < 0)
                return false;
        int seals = fcntl(fd, F_GET_SEALS);
        return (seals >= 0 && (seals & SEALS) == SEALS) ||
               (fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_RDONLY));
}

static int open_readonly_mount(void) {
        static const struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
        autofd int fd = sys_open_tree(
                        AT_FDCWD, "/proc/self/exe", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        int r = fd < 0 ? fd : sys_mount_setattr(fd, "", AT_EMPTY_PATH, &readonly);
        return r < 0 ? r : fd_steal(&fd);
}

static int open_sealed_copy(void) {
        autofd int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        autofd int to = memfd_create("berth", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        struct stat st;
        if (from < 0 || to < 0 || fstat(from, &st) < 0 || fchmod(to, 0500) < 0)
                return -errno;
        for (off_t at = 0; at < st.st_size;)
                if (sendfile(to, from, &at, (size_t) (st.st_size - at)) <= 0)
                        return errno ? -errno : -EIO;
        return fcntl(to, F_ADD_SEALS, SEALS) < 0 ? -errno : fd_steal(&to);
}

char *guard_program_path(void) {
        char path[4096];
        const char *noted = getenv(PROGRAM_ENVIRONMENT);
        if (noted && g_path_is_absolute(noted) && is_guarded())
                return g_strdup(noted);
        ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
        g_assert(n > 0); /* our own link */
        path[n] = '\0';
        return g_strdup(path);
}

int guard_program(char **argv) {
        if (geteuid() != 0 || !user_in_initial_namespace())
                return 0;
        if (is_guarded()) {
                /* execveat(2) names a process by its descriptor's number */
                return prctl(PR_SET_NAME, "berth", 0, 0, 0) < 0 ? -errno : 0;
        }
        g_autofree char *path = guard_program_path();
        autofd int fd = open_readonly_mount();
        if (fd < 0)
                fd = open_sealed_copy();
        if (fd < 0)
                return fd;
        if (setenv(PROGRAM_ENVIRONMENT, path, 1) < 0)
                return -errno;
        (void) syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
        return -errno;
}
