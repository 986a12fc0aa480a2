/* SPDX-License-Identifier: Apache-2.0 */
/* Attaching a container's root on the host. */
#include "runtime/mount-point.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"

char *mount_point_path(const Runtime *runtime, const ContainerRecord *record) {
        g_autofree char *run_path = record_run_path(runtime->records, record);
        return g_build_filename(run_path, "merged", NULL);
}

bool mount_point_is_mounted(const char *path) {
        g_autofree char *above = g_path_get_dirname(path);
        struct stat st, st_above;
        return stat(path, &st) == 0 && stat(above, &st_above) == 0 && st.st_dev != st_above.st_dev;
}

bool mount_point_clone(const char *path, int *ret_fd, GError **error) {
        if (!mount_point_is_mounted(path))
                return true;
        int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (fd < 0)
                return error_set_errno(error, fd, "Cannot clone the mount at '%s'", path);
        /* a clone is a peer of what it was cloned from, and pivot_root(2) takes no shared mount */
        const struct mount_attr private = { .propagation = MS_PRIVATE };
        int r = sys_mount_setattr(fd, "", AT_EMPTY_PATH, &private);
        if (r < 0) {
                fd_close(&fd);
                return error_set_errno(error, r, "Cannot detach the mount at '%s'", path);
        }
        *ret_fd = fd;
        return true;
}

/* In a child: a mount can be cloned only by who is in its namespace, open_tree(2). */
static int clone_in_namespace(int ns_fd, int root_fd, int socket_fd) {
        if (setns(ns_fd, CLONE_NEWNS) < 0 || fchdir(root_fd) < 0)
                return errno;
        autofd int tree = sys_open_tree(AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (tree < 0)
                return -tree;
        return -fd_send(socket_fd, "", 1, &tree, 1);
}

static bool clone_live(const ContainerRecord *record, int *ret_fd, GError **error) {
        char path[48];
        snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int) record->pid);
        autofd int ns_fd = open(path, O_RDONLY | O_CLOEXEC);
        snprintf(path, sizeof path, "/proc/%d/root", (int) record->pid);
        autofd int root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int ends[2];
        if (ns_fd < 0 || root_fd < 0 || record_status(record) != CONTAINER_RUNNING)
                return error_set_errno(
                                error, ESRCH, "Cannot open the root of container '%s'",
                                record->name);
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
                return error_set_errno(error, errno, "Cannot create a socket");
        autofd int ours = ends[0];
        autofd int theirs = ends[1];
        pid_t child = fork();
        if (child < 0)
                return error_set_errno(error, errno, "Cannot create a process");
        if (child == 0)
                _exit(clone_in_namespace(ns_fd, root_fd, theirs) & 127);
        fd_close(&theirs);
        char byte;
        size_t n = 0;
        ssize_t received = fd_receive(ours, &byte, 1, ret_fd, 1, &n);
        int status = 0;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
                continue;
        return (received > 0 && n == 1) ||
               error_set_errno(error, WIFEXITED(status) ? WEXITSTATUS(status) : EINTR,
                               "Cannot clone the root of container '%s'", record->name);
}

static bool attach(Runtime *runtime, ContainerRecord *record, const char *path, GError **error) {
        g_auto(Container) container = { .root_fd = -1, .userns_fd = -1 };
        autofd int live = -1;
        if (!file_make_directories(AT_FDCWD, path, 0700, error))
                return false;
        bool runs = record_status(record) == CONTAINER_RUNNING;
        if (!(runs ? clone_live(record, &live, error)
                   : container_load(runtime, record->id, &container, error)))
                return false;
        int r =
                        sys_move_mount(runs ? live : container.root_fd, "", AT_FDCWD, path,
                                       MOVE_MOUNT_F_EMPTY_PATH);
        return r >= 0 || error_set_errno(error, r, "Cannot mount '%s'", path);
}

bool mount_point_take(Runtime *runtime, ContainerRecord *record, char **ret_path, GError **error) {
        g_autofree char *path = mount_point_path(runtime, record);
        bool mounted = mount_point_is_mounted(path);
        if (!mounted && !attach(runtime, record, path, error))
                return false;
        record->mount_count = mounted ? record->mount_count + 1 : 1;
        if (!record_save(runtime->records, record, error))
                return false;
        *ret_path = g_steal_pointer(&path);
        return true;
}

bool mount_point_release(Runtime *runtime, ContainerRecord *record, bool all, GError **error) {
        g_autofree char *path = mount_point_path(runtime, record);
        if (!mount_point_is_mounted(path))
                return true;
        record->mount_count = all ? 0 : MAX(record->mount_count - 1, 0);
        if (record->mount_count == 0 &&
            umount2(path, UMOUNT_NOFOLLOW | (all ? MNT_DETACH : 0)) < 0) {
                int code = errno;
                record->mount_count = 1;
                return error_set_errno(
                                error, code, "Cannot unmount '%s', --force does so when unused",
                                path);
        }
        return record_save(runtime->records, record, error);
}
