/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of the child. Everything is made or arrives detached and is attached by descriptor, so
 * there is no window between the look at a target and the mount on it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "runtime/child-steps.h"

static int attach(int mount_fd, int target_fd) {
        return sys_move_mount(
                        mount_fd, "", target_fd, "",
                        MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* Anywhere in our private mount namespace; the descriptor of the detached mount is its root before
 * and after. A mapped root may not get to the launcher's directory: over "/" it always may. */
int attach_root_in_child(const ChildPlan *plan, int *ret_root_fd) {
        int r = sys_move_mount(
                        plan->root_fd, "", AT_FDCWD, plan->root_path, MOVE_MOUNT_F_EMPTY_PATH);
        if (r == -EACCES)
                r = sys_move_mount(plan->root_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
        if (r < 0)
                return r;
        int fd = fcntl(plan->root_fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return -errno;
        *ret_root_fd = fd;
        return 0;
}

static int make_filesystem(const ChildMount *m) {
        autofd int fs = sys_fsopen(m->fs_type, FSOPEN_CLOEXEC);
        if (fs < 0)
                return fs;
        for (const ChildFsOption *o = m->options; o && o->key; o++) {
                int r = o->value ? sys_fsconfig_string(fs, o->key, o->value)
                                 : sys_fsconfig_flag(fs, o->key);
                if (r < 0)
                        return r;
        }
        int r = sys_fsconfig_create(fs);
        if (r < 0)
                return r;
        return sys_fsmount(fs, FSMOUNT_CLOEXEC, m->attributes);
}

/* /proc and /sys of the image must be real directories: a symlink there would send later writes,
 * and the LSM labels, to files of the image (CVE-2023-27561, CVE-2019-19921). */
static int open_mount_target(int root_fd, const ChildMount *m) {
        bool real_directory = m->fd < 0 &&
                              (strcmp(m->fs_type, "proc") == 0 || strcmp(m->fs_type, "sysfs") == 0);
        int target = open_target_in_child(root_fd, m->target, m->target_is_file);
        if (target < 0 || !real_directory)
                return target;
        autofd int plain = openat(root_fd, m->target, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat resolved, direct;
        if (plain < 0 || fstat(plain, &direct) < 0 || fstat(target, &resolved) < 0 ||
            direct.st_ino != resolved.st_ino || direct.st_dev != resolved.st_dev ||
            !S_ISDIR(direct.st_mode)) {
                fd_close(&target);
                return -ENOTDIR;
        }
        return target;
}

static int mount_one(int root_fd, const ChildMount *m) {
        autofd int made = m->fd < 0 ? make_filesystem(m) : -1;
        if (m->fd < 0 && made < 0)
                return made;
        autofd int target = open_mount_target(root_fd, m);
        if (target < 0)
                return target;
        int mount_fd = m->fd < 0 ? made : m->fd;
        if (m->copy_up) {
                autofd int from = sys_open_in_root(root_fd, m->target, O_RDONLY | O_DIRECTORY, 0);
                autofd int to = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (from < 0 || to < 0)
                        return from < 0 ? from : -errno;
                int r = copy_tree_in_child(from, to, 0);
                if (r < 0)
                        return r;
        }
        return attach(mount_fd, target);
}

int mount_all_in_child(const ChildPlan *plan, int root_fd, size_t *index) {
        for (size_t i = 0; i < plan->n_mounts; i++) {
                *index = i;
                int r = mount_one(root_fd, &plan->mounts[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* One empty read-only tmpfs serves all masked directories; each gets a clone of it. */
static int empty_directory(void) {
        static const ChildFsOption options[] = {
                { "size", "0" }, { "nr_inodes", "1" }, { "mode", "0555" }, { 0 }
        };
        static const ChildMount m = {
                .fd = -1,
                .fs_type = "tmpfs",
                .options = options,
                .attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                              MOUNT_ATTR_NOEXEC,
        };
        return make_filesystem(&m);
}

static int clone_mount(int fd) {
        return sys_open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

int mask_all_in_child(const ChildPlan *plan, int root_fd, int null_fd, size_t *index) {
        autofd int empty = -1; /* the first of the masked directories, cloned for the others */
        for (size_t i = 0; plan->masked[i]; i++) {
                *index = i;
                autofd int target = sys_open_in_root(root_fd, plan->masked[i], O_PATH, 0);
                if (target == -ENOENT || target == -ENOTDIR)
                        continue;
                struct stat st;
                if (target < 0 || fstat(target, &st) < 0)
                        return target < 0 ? target : -errno;
                if (!S_ISDIR(st.st_mode)) {
                        autofd int cover = clone_mount(null_fd);
                        int r = cover < 0 ? cover : attach(cover, target);
                        if (r < 0)
                                return r;
                        continue;
                }
                autofd int cover = empty < 0 ? empty_directory() : clone_mount(empty);
                int r = cover < 0 ? cover : attach(cover, target);
                if (r < 0)
                        return r;
                if (empty < 0)
                        empty = fd_steal(&cover);
        }
        return 0;
}

int readonly_all_in_child(const ChildPlan *plan, int root_fd, size_t *index) {
        static const struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
        for (size_t i = 0; plan->readonly[i]; i++) {
                *index = i;
                autofd int target = sys_open_in_root(root_fd, plan->readonly[i], O_PATH, 0);
                if (target == -ENOENT || target == -ENOTDIR)
                        continue;
                if (target < 0)
                        return target;
                autofd int copy = sys_open_tree(
                                target, "",
                                AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
                if (copy < 0)
                        return copy;
                int r = sys_mount_setattr(copy, "", AT_EMPTY_PATH | AT_RECURSIVE, &readonly);
                if (r >= 0)
                        r = attach(copy, target);
                if (r < 0)
                        return r;
        }
        return 0;
}

int pivot_in_child(const ChildPlan *plan, int root_fd) {
        if (plan->root_readonly) {
                static const struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
                int r = sys_mount_setattr(root_fd, "", AT_EMPTY_PATH, &readonly);
                if (r < 0)
                        return r;
        }
        if (fchdir(root_fd) < 0)
                return -errno;
        /* pivot_root(2), "pivot_root(".", ".")": the old root lands on top and is then detached. */
        int r = sys_pivot_root(".", ".");
        if (r < 0)
                return r;
        if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
                return -errno;
        if (mount(NULL, "/", NULL, (unsigned long) plan->root_propagation, NULL) < 0)
                return -errno;
        return 0;
}
