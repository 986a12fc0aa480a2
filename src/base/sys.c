/* SPDX-License-Identifier: Apache-2.0 */
/* One wrapper per system call that glibc 2.36 does not offer. */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPEN_RETRY_MAX 64

static inline long checked(long r) {
        return r < 0 ? -errno : r;
}

pid_t sys_clone3(struct clone_args *args) {
        return (pid_t) checked(syscall(SYS_clone3, args, sizeof *args));
}

int sys_openat2(int dir_fd, const char *path, const struct open_how *how) {
        return (int) checked(syscall(SYS_openat2, dir_fd, path, how, sizeof *how));
}

int sys_open_in_root(int dir_fd, const char *path, uint64_t flags, mode_t mode) {
        struct open_how how = {
                .flags = flags | O_CLOEXEC,
                .mode = flags & (O_CREAT | __O_TMPFILE) ? mode : 0,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };
        int fd = -EAGAIN;
        for (int i = 0; i < OPEN_RETRY_MAX && fd == -EAGAIN; i++)
                fd = sys_openat2(dir_fd, path, &how);
        return fd;
}

int sys_pidfd_open(pid_t pid, unsigned int flags) {
        return (int) checked(syscall(SYS_pidfd_open, pid, flags));
}

int sys_pidfd_send_signal(int pid_fd, int signal_number) {
        return (int) checked(syscall(SYS_pidfd_send_signal, pid_fd, signal_number, NULL, 0));
}

int sys_pivot_root(const char *new_root, const char *put_old) {
        return (int) checked(syscall(SYS_pivot_root, new_root, put_old));
}

int sys_open_tree(int dir_fd, const char *path, unsigned int flags) {
        return (int) checked(syscall(SYS_open_tree, dir_fd, path, flags));
}

int sys_move_mount(
                int from_dir_fd,
                const char *from,
                int to_dir_fd,
                const char *to,
                unsigned int flags) {
        return (int) checked(syscall(SYS_move_mount, from_dir_fd, from, to_dir_fd, to, flags));
}

int sys_fsopen(const char *fs_name, unsigned int flags) {
        return (int) checked(syscall(SYS_fsopen, fs_name, flags));
}

int sys_fsconfig_string(int fs_fd, const char *key, const char *value) {
        return (int) checked(syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING, key, value, 0));
}

int sys_fsconfig_flag(int fs_fd, const char *key) {
        return (int) checked(syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FLAG, key, NULL, 0));
}

int sys_fsconfig_create(int fs_fd) {
        return (int) checked(syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
}

int sys_fsmount(int fs_fd, unsigned int flags, unsigned int mount_attributes) {
        return (int) checked(syscall(SYS_fsmount, fs_fd, flags, mount_attributes));
}

int sys_mount_setattr(
                int dir_fd,
                const char *path,
                unsigned int flags,
                const struct mount_attr *attributes) {
        return (int) checked(syscall(
                        SYS_mount_setattr, dir_fd, path, flags, attributes, sizeof *attributes));
}

void sys_fs_message(int fs_fd, char *text, size_t size) {
        ssize_t n = read(fs_fd, text, size - 1); /* one message per read, "e overlay: ..." */
        if (n < 0)
                n = 0;
        while (n > 0 && (text[n - 1] == '\n'))
                n--;
        text[n] = '\0';
        if (n > 2 && text[1] == ' ')
                memmove(text, text + 2, (size_t) n - 1);
}
