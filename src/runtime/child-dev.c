/* SPDX-License-Identifier: Apache-2.0 */
/* /dev, the console and sysctls of the child. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "runtime/child-steps.h"

/* The inode that covers masked files is taken from the host's /dev before any mount of the
 * container, and is checked: a container's own /dev/null may be a symlink (CVE-2025-31133). */
int open_null_in_child(int *ret_fd) {
        autofd int fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
                return -ENODEV;
        *ret_fd = fd_steal(&fd);
        return 0;
}

/* A device that exists elsewhere, laid over a file of ours: the way without mknod(2). */
static int bind_device(int parent, const char *name, const ChildDevice *d) {
        autofd int made = openat(
                        parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (made < 0)
                return errno == EEXIST ? 0 : -errno;
        return sys_move_mount(
                        d->fd, "", made, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int devices_in_child(const ChildPlan *plan, int root_fd, size_t *index) {
        for (size_t i = 0; i < plan->n_devices; i++) {
                const ChildDevice *d = &plan->devices[i];
                *index = i;
                const char *name;
                autofd int parent = open_parent_in_child(root_fd, d->path, &name);
                if (parent < 0)
                        return parent;
                if (d->fd >= 0) {
                        int r = bind_device(parent, name, d);
                        if (r < 0)
                                return r;
                        continue;
                }
                if (mknodat(parent, name, d->mode, d->number) < 0) {
                        if (errno == EEXIST)
                                continue;
                        return -errno;
                }
                if (fchmodat(parent, name, d->mode & 07777, 0) < 0 ||
                    fchownat(parent, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
        }
        return 0;
}

int links_in_child(const ChildPlan *plan, int root_fd, size_t *index) {
        for (size_t i = 0; i < plan->n_links; i++) {
                *index = i;
                const char *name;
                autofd int parent = open_parent_in_child(root_fd, plan->links[i].path, &name);
                if (parent < 0)
                        return parent;
                if (symlinkat(plan->links[i].target, parent, name) < 0 && errno != EEXIST)
                        return -errno;
        }
        return 0;
}

int send_console_in_child(int socket_fd, int master_fd) {
        ChildReport report = { .kind = CHILD_REPORT_CONSOLE };
        return fd_send(socket_fd, &report, sizeof report, &master_fd, 1);
}

/* The slave comes from the master by TIOCGPTPEER, never by name, and lies over a /dev/console that
 * we just made ourselves (CVE-2025-52565). */
int console_in_child(const ChildPlan *plan, int root_fd, int *ret_slave_fd) {
        autofd int master = sys_open_in_root(root_fd, "dev/pts/ptmx", O_RDWR | O_NOCTTY, 0);
        if (master < 0)
                return master;
        int unlock = 0;
        if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
                return -errno;
        autofd int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (slave < 0)
                return -errno;
        if (fchown(slave, plan->identity.uid, (gid_t) -1) < 0)
                return -errno;
        autofd int dev = sys_open_in_root(root_fd, "dev", O_PATH | O_DIRECTORY, 0);
        if (dev < 0)
                return dev;
        if (unlinkat(dev, "console", 0) < 0 && errno != ENOENT)
                return -errno;
        autofd int target = openat(
                        dev, "console", O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (target < 0)
                return -errno;
        autofd int tree = sys_open_tree(
                        slave, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (tree < 0)
                return tree;
        int r = sys_move_mount(
                        tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
        if (r >= 0)
                r = send_console_in_child(plan->socket_fd, master);
        if (r < 0)
                return r;
        *ret_slave_fd = fd_steal(&slave);
        return 0;
}

/* sysctls are written through the container's own procfs, made sure of by its magic, with no
 * symlink and no other mount on the way (CVE-2025-52881). */
int sysctls_in_child(const ChildPlan *plan, int root_fd, size_t *index) {
        if (plan->n_sysctls == 0)
                return 0;
        autofd int sys = sys_open_in_root(root_fd, "proc/sys", O_PATH | O_DIRECTORY, 0);
        struct statfs fs;
        if (sys < 0)
                return sys;
        if (fstatfs(sys, &fs) < 0)
                return -errno;
        if (fs.f_type != PROC_SUPER_MAGIC)
                return -EXDEV;
        for (size_t i = 0; i < plan->n_sysctls; i++) {
                const ChildSysctl *s = &plan->sysctls[i];
                *index = i;
                const struct open_how how = {
                        .flags = O_WRONLY | O_CLOEXEC,
                        .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
                };
                autofd int fd = sys_openat2(sys, s->path, &how);
                int r = fd < 0 ? fd : fd_write_all(fd, s->value, strlen(s->value));
                if (r < 0)
                        return r;
        }
        return 0;
}
