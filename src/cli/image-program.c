/* SPDX-License-Identifier: Apache-2.0 */
/* Running berth-image. */
#include "cli/image-program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "build-config.h"
#include "cli/exit.h"
#include "cli/verb.h"
#include "runtime/rootless.h"

extern char **environ;

static char *program_path(void) {
        const char *directory = getenv("BERTH_LIBEXECDIR");
        return g_build_filename(directory ? directory : BERTH_LIBEXECDIR, "berth-image", NULL);
}

/* The global flags go along, so that both look at the same store. */
static char **full_arguments(char *const *arguments) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        const GlobalOptions *global = global_options();
        g_autofree char *path = program_path();
        g_strv_builder_add(builder, path);
        if (global->root)
                g_strv_builder_add_many(builder, "--root", global->root, NULL);
        if (global->runroot)
                g_strv_builder_add_many(builder, "--runroot", global->runroot, NULL);
        if (global->events_backend)
                g_strv_builder_add_many(builder, "--events-backend", global->events_backend, NULL);
        for (; *arguments; arguments++)
                g_strv_builder_add(builder, *arguments);
        return g_strv_builder_end(builder);
}

static bool
spawn(char *const *arguments,
      const posix_spawn_file_actions_t *actions,
      pid_t *ret_pid,
      GError **error) {
        g_auto(GStrv) argv = full_arguments(arguments);
        posix_spawnattr_t attributes;
        sigset_t broken_pipe;
        sigemptyset(&broken_pipe);
        sigaddset(&broken_pipe, SIGPIPE);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setsigdefault(&attributes, &broken_pipe);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        int r = posix_spawn(ret_pid, argv[0], actions, &attributes, argv, environ);
        posix_spawnattr_destroy(&attributes);
        return r == 0 || error_set_errno(error, r, "Cannot run '%s'", argv[0]);
}

static bool wait_for(pid_t pid, int *ret_status, GError **error) {
        int status;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return error_set_errno(error, errno, "Cannot wait for berth-image");
        *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return true;
}

bool image_program_run(char *const *arguments, bool quiet, int *ret_status, GError **error) {
        if (!rootless_enter(error)) /* layers have files of many owners */
                return false;
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        if (quiet)
                posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        pid_t pid;
        bool ok = spawn(arguments, &actions, &pid, error);
        posix_spawn_file_actions_destroy(&actions);
        return ok && wait_for(pid, ret_status, error);
}

/* A reader that gave up has printed why, and its status says so: not our error. */
static bool feed_pipe(int fd, ImageProgramFeed feed, void *data, GError **error) {
        const struct sigaction ignore = { .sa_handler = SIG_IGN };
        struct sigaction before;
        GError *inner = NULL;
        (void) sigaction(SIGPIPE, &ignore, &before);
        bool ok = feed(fd, data, &inner);
        (void) sigaction(SIGPIPE, &before, NULL);
        if (!ok && g_error_matches(inner, ERROR_ERRNO, EPIPE)) {
                g_clear_error(&inner);
                return true;
        }
        if (!ok)
                g_propagate_error(error, inner);
        return ok;
}

bool image_program_converse(
                char *const *arguments,
                ImageProgramFeed feed,
                void *data,
                size_t output_max,
                char **ret_output,
                int *ret_status,
                GError **error) {
        int in[2], out[2];
        if (!rootless_enter(error))
                return false;
        if (pipe2(in, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot make a pipe");
        autofd int in_read = in[0];
        autofd int in_write = in[1];
        if (pipe2(out, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot make a pipe");
        autofd int out_read = out[0];
        autofd int out_write = out[1];
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, in_read, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, out_write, STDOUT_FILENO);
        pid_t pid;
        bool ok = spawn(arguments, &actions, &pid, error);
        posix_spawn_file_actions_destroy(&actions);
        if (!ok)
                return false;
        fd_close(&in_read);
        fd_close(&out_write);
        ok = feed_pipe(in_write, feed, data, error);
        if (!ok)
                (void) kill(pid, SIGTERM); /* the end of the pipe is not to look like the end */
        fd_close(&in_write);
        g_autofree char *output = g_malloc(output_max + 1);
        ssize_t n = fd_read_full(out_read, output, output_max);
        output[MAX(n, 0)] = '\0';
        fd_close(&out_read);
        if (!wait_for(pid, ret_status, ok ? error : NULL) || !ok)
                return false;
        *ret_output = g_steal_pointer(&output);
        return true;
}

int image_program_exec(int argc, char **argv) {
        g_autoptr(GError) error = NULL;
        if (!rootless_enter(&error))
                return verb_fail(&error);
        g_auto(GStrv) full = full_arguments(argv);
        execv(full[0], full);
        fprintf(stderr, "Error: Cannot run '%s': %s\n", full[0], g_strerror(errno));
        return errno == ENOENT ? EXIT_STATUS_NOT_FOUND : EXIT_STATUS_NOT_EXEC;
}
