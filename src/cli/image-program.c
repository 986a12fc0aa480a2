/* SPDX-License-Identifier: Apache-2.0 */
/* Running berth-image. */
#include "cli/image-program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
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
        for (; *arguments; arguments++)
                g_strv_builder_add(builder, *arguments);
        return g_strv_builder_end(builder);
}

bool image_program_run(char *const *arguments, bool quiet, int *ret_status, GError **error) {
        if (!rootless_enter(error)) /* layers have files of many owners */
                return false;
        g_auto(GStrv) argv = full_arguments(arguments);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        if (quiet)
                posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        pid_t pid;
        int r = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        if (r != 0)
                return error_set_errno(error, r, "Cannot run '%s'", argv[0]);
        int status;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return error_set_errno(error, errno, "Cannot wait for '%s'", argv[0]);
        *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
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
