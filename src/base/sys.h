/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Newer system calls, one wrapper each. Part of libchild: no GLib, no allocation; all give a value
 * >= 0 or -errno. glibc 2.36 (Debian 12) lacks most of these names or their flags. */

pid_t sys_clone3(struct clone_args *args);
int sys_openat2(int dir_fd, const char *path, const struct open_how *how);

/* openat2(2) with the flags that everything from an image or a user gets: symlinks resolve inside
 * dir_fd, magic links never. Retries EAGAIN (a rename raced the walk). */
int sys_open_in_root(int dir_fd, const char *path, uint64_t flags, mode_t mode);

int sys_pidfd_open(pid_t pid, unsigned int flags);
int sys_pidfd_send_signal(int pid_fd, int signal_number);
int sys_pivot_root(const char *new_root, const char *put_old);

int sys_open_tree(int dir_fd, const char *path, unsigned int flags);
int sys_move_mount(
                int from_dir_fd,
                const char *from,
                int to_dir_fd,
                const char *to,
                unsigned int flags);
int sys_fsopen(const char *fs_name, unsigned int flags);
int sys_fsconfig_string(int fs_fd, const char *key, const char *value);
int sys_fsconfig_flag(int fs_fd, const char *key);
int sys_fsconfig_create(int fs_fd);
int sys_fsmount(int fs_fd, unsigned int flags, unsigned int mount_attributes);
int sys_mount_setattr(
                int dir_fd,
                const char *path,
                unsigned int flags,
                const struct mount_attr *attributes);

/* Reads the kernel's own explanation of a failed fsconfig/fsmount into text; "" when there is none.
 */
void sys_fs_message(int fs_fd, char *text, size_t size);
