/* SPDX-License-Identifier: Apache-2.0 */
/* proc_pid_stat(5); other programs. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

extern char **environ;

/* Field 22; the command in field 2 may hold blanks and parentheses. */
uint64_t process_start_ticks(pid_t pid) {
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

static bool
spawn(const char *const *argv,
      char *const *envp,
      int in_fd,
      int out_fd,
      pid_t *ret_pid,
      GError **error) {
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
        /* signals as a program expects them: systemd ignores SIGPIPE for services, systemd.exec(5)
         */
        posix_spawnattr_t attributes;
        sigset_t all, none;
        sigfillset(&all);
        sigemptyset(&none);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
        int r =
                        posix_spawnp(ret_pid, argv[0], &actions, &attributes, (char *const *) argv,
                                     envp ? envp : environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        return r == 0 || error_set_errno(error, r, "Cannot run '%s'", argv[0]);
}

/* A file and not a pipe: whether the other side reads it is its own affair. */
static int open_input(const char *program, const char *input, GError **error) {
        autofd int fd = memfd_create("input", MFD_CLOEXEC);
        int r = fd < 0 ? -errno : fd_write_all(fd, input, strlen(input));
        if (r >= 0 && lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        if (r >= 0)
                return fd_steal(&fd);
        error_set_errno(error, r, "Cannot write to '%s'", program);
        return -1;
}

bool process_converse(
                const char *const *argv,
                char *const *envp,
                const char *input,
                size_t output_max,
                char **ret_output,
                int *ret_status,
                GError **error) {
        int out[2];
        autofd int in_fd = open_input(argv[0], input, error);
        if (in_fd < 0)
                return false;
        if (pipe2(out, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot make a pipe");
        autofd int out_read = out[0];
        autofd int out_write = out[1];
        pid_t pid;
        if (!spawn(argv, envp, in_fd, out_write, &pid, error))
                return false;
        fd_close(&out_write);
        g_autofree char *output = g_malloc(output_max + 1);
        ssize_t n = fd_read_full(out_read, output, output_max);
        fd_close(&out_read);
        if (waitpid(pid, ret_status, 0) < 0 || n < 0)
                return error_set_errno(
                                error, n < 0 ? (int) n : errno, "Cannot read from '%s'", argv[0]);
        output[n] = '\0';
        *ret_output = g_steal_pointer(&output);
        return true;
}
