/* SPDX-License-Identifier: Apache-2.0 */
/* berth exec */
#include "base/error.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct ExecFlags {
        bool detach, interactive, tty, privileged, latest;
        GPtrArray *env;
        char *user, *workdir;
} ExecFlags;

static const OptionRow rows[] = {
        { "detach", 'd', OPTION_BOOL, offsetof(ExecFlags, detach), NULL,
          "Do not wait for the command" },
        { "env", 'e', OPTION_LIST, offsetof(ExecFlags, env), "NAME[=VALUE]",
          "Environment variable" },
        { "interactive", 'i', OPTION_BOOL, offsetof(ExecFlags, interactive), NULL,
          "Connect standard input" },
        { "latest", 'l', OPTION_BOOL, offsetof(ExecFlags, latest), NULL, "The newest container" },
        { "privileged", 0, OPTION_BOOL, offsetof(ExecFlags, privileged), NULL, "All capabilities" },
        { "tty", 't', OPTION_BOOL, offsetof(ExecFlags, tty), NULL, "Give the command a terminal" },
        { "user", 'u', OPTION_STRING, offsetof(ExecFlags, user), "USER[:GROUP]",
          "User inside the container" },
        { "workdir", 'w', OPTION_STRING, offsetof(ExecFlags, workdir), "DIR", "Working directory" },
        { NULL },
};

static void flags_clear(ExecFlags *flags) {
        g_clear_pointer(&flags->env, g_ptr_array_unref);
        g_free(flags->user);
        g_free(flags->workdir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ExecFlags, flags_clear)

static ContainerRecord *
find(Runtime *runtime, const ExecFlags *flags, char ***operands, GError **error) {
        if (!flags->latest)
                return record_find(runtime->records, *(*operands)++, error);
        g_autoptr(GPtrArray) all = record_list(runtime->records, error);
        if (all && all->len > 0)
                return g_ptr_array_steal_index(all, all->len - 1);
        if (all)
                error_set(error, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER,
                          "no containers exist: no such container");
        return NULL;
}

int verb_exec(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth exec [options] CONTAINER COMMAND [ARG...]",
                .description = "Run a command in a running container",
                .rows = rows,
                .stop_at_operand = true,
                .operands_min = 1,
                .operands_max = -1,
        };
        g_auto(ExecFlags) flags = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &flags, &operands, &runtime, &begun);
        if (!go_on)
                return begun;
        char **rest = operands;
        g_autoptr(ContainerRecord) record = find(&runtime, &flags, &rest, &error);
        if (!record)
                return verb_fail(&error);
        if (!rest[0]) {
                error_set_invalid(
                                &error, "must provide a non-empty command to start an exec "
                                        "session: invalid argument");
                return verb_fail(&error);
        }
        g_autofree char **env = option_list_strv(flags.env);
        const ExecOptions options = {
                .command = (const char *const *) rest,
                .env = (const char *const *) env,
                .user = flags.user,
                .workdir = flags.workdir,
                .privileged = flags.privileged,
                .terminal = flags.tty,
                .interactive = flags.interactive,
                .detach = flags.detach,
        };
        int status = EXIT_STATUS_ERROR;
        if (!container_exec(&runtime, record, &options, &status, &error))
                return run_fail(&error);
        return status;
}
