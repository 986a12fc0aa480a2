/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a launcher's copy that is to serve ports and nothing else. */
#include "runtime/publisher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "systemd/cgroup.h"

static int compare_fds(gconstpointer a, gconstpointer b) {
        return *(const int *) a - *(const int *) b;
}

/* Nothing of the launcher stays open with the ports: others wait for its ends. */
static void close_others(const GArray *listeners, int pid_fd, int held_fd) {
        g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(int));
        publish_add_fds(listeners, kept);
        g_array_append_val(kept, pid_fd);
        if (held_fd >= 0)
                g_array_append_val(kept, held_fd);
        g_array_sort(kept, compare_fds);
        unsigned int from = 3;
        for (guint i = 0; i < kept->len; i++) {
                unsigned int fd = (unsigned int) g_array_index(kept, int, i);
                if (fd > from)
                        (void) close_range(from, fd - 1, 0);
                from = fd + 1;
        }
        (void) close_range(from, ~0u, 0);
}

static void
serve(const GArray *listeners, const PublishTarget *target, int cgroup_fd, int held_fd) {
        sigset_t none;
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) setsid();
        (void) prctl(PR_SET_NAME, "berth-publish");
        (void) prctl(PR_SET_DUMPABLE, 0);
        if (cgroup_fd >= 0) {
                autofd int fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
                if (fd >= 0)
                        (void) fd_write_all(fd, "0", 1); /* else it serves from where it is */
        }
        int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int fd = 0; fd < 3 && null_fd >= 0; fd++)
                (void) dup2(null_fd, fd);
        close_others(listeners, target->pid_fd, held_fd);
        _exit(publish_serve(listeners, target) < 0 ? 1 : 0);
}

bool publisher_start(
                const GArray *listeners,
                const PublishTarget *target,
                int cgroup_fd,
                int held_fd,
                GError **error) {
        pid_t pid = fork();
        if (pid == 0)
                serve(listeners, target, cgroup_fd, held_fd);
        return pid > 0 || error_set_errno(error, errno, "Cannot start a process");
}

int publisher_cgroup(const ContainerRecord *record) {
        g_autofree char *own = record->cgroup ? cgroup_of(0, NULL) : NULL;
        g_autofree char *made = NULL;
        int fd = -1;
        return own && cgroup_make(own, "network", &made, &fd, NULL) ? fd : -1;
}
