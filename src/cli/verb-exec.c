/* SPDX-License-Identifier: Apache-2.0 */
/* berth exec */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/spec-build.h"

#define FDS_MAX 1024

typedef struct ExecFlags {
        bool detach, interactive, tty, privileged, latest;
        GPtrArray *env, *env_files, *preserved;
        char *user, *workdir, *preserve_fds, *detach_keys;
} ExecFlags;

static const OptionRow rows[] = {
        { "detach", 'd', OPTION_BOOL, offsetof(ExecFlags, detach), NULL,
          "Do not wait for the command" },
        { "detach-keys", 0, OPTION_STRING, offsetof(ExecFlags, detach_keys), "KEYS",
          "Only \"\": a session ends with its command" },
        { "env", 'e', OPTION_LIST, offsetof(ExecFlags, env), "NAME[=VALUE]",
          "Environment variable" },
        { "env-file", 0, OPTION_LIST, offsetof(ExecFlags, env_files), "FILE",
          "Environment variables, one a line" },
        { "interactive", 'i', OPTION_BOOL, offsetof(ExecFlags, interactive), NULL,
          "Connect standard input" },
        { "latest", 'l', OPTION_BOOL, offsetof(ExecFlags, latest), NULL, "The newest container" },
        { "preserve-fd", 0, OPTION_LIST, offsetof(ExecFlags, preserved), "FD[,FD...]",
          "Descriptors of ours that the command gets" },
        { "preserve-fds", 0, OPTION_STRING, offsetof(ExecFlags, preserve_fds), "N",
          "So many, from 3 on" },
        { "privileged", 0, OPTION_BOOL, offsetof(ExecFlags, privileged), NULL, "All capabilities" },
        { "tty", 't', OPTION_BOOL, offsetof(ExecFlags, tty), NULL, "Give the command a terminal" },
        { "user", 'u', OPTION_STRING, offsetof(ExecFlags, user), "USER[:GROUP]",
          "User inside the container" },
        { "workdir", 'w', OPTION_STRING, offsetof(ExecFlags, workdir), "DIR", "Working directory" },
        { NULL },
};

static void flags_clear(ExecFlags *flags) {
        g_clear_pointer(&flags->env, g_ptr_array_unref);
        g_clear_pointer(&flags->env_files, g_ptr_array_unref);
        g_clear_pointer(&flags->preserved, g_ptr_array_unref);
        g_free(flags->preserve_fds);
        g_free(flags->detach_keys);
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

/* Before anything of ours is opened: what is not asked for, but lies between, becomes /dev/null. */
static bool take_descriptors(const ExecFlags *flags, unsigned int *ret_n, GError **error) {
        bool wanted[FDS_MAX] = { 0 };
        uint64_t n = 0, fd;
        if (flags->preserve_fds && *flags->preserve_fds &&
            !text_parse_uint64(flags->preserve_fds, FDS_MAX - 3, &n))
                return error_set_invalid(error, "invalid --preserve-fds '%s'", flags->preserve_fds);
        for (fd = 3; fd < 3 + n; fd++)
                wanted[fd] = true;
        for (guint i = 0; flags->preserved && i < flags->preserved->len; i++) {
                g_auto(GStrv) words = g_strsplit(flags->preserved->pdata[i], ",", -1);
                for (char **word = words; *word; word++) {
                        if (!text_parse_uint64(*word, FDS_MAX - 1, &fd))
                                return error_set_invalid(
                                                error, "invalid --preserve-fd '%s'", *word);
                        wanted[fd] = true;
                }
        }
        for (int at = 3; at < FDS_MAX; at++) {
                if (!wanted[at])
                        continue;
                if (fcntl(at, F_GETFD) < 0)
                        return error_set_invalid(
                                        error,
                                        "file descriptor %d is not available - the preserve-fd%s "
                                        "option requires that file descriptors must be passed",
                                        at, flags->preserved ? "" : "s");
                *ret_n = (unsigned int) at - 2;
        }
        for (int at = 3; at < 3 + (int) *ret_n; at++) {
                autofd int null = wanted[at] ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);
                if (!wanted[at] && (null < 0 || (null != at && dup3(null, at, O_CLOEXEC) < 0)))
                        return error_set_errno(error, errno, "Cannot open '/dev/null'");
                if (null == at)
                        (void) fd_steal(&null); /* stays as it is */
        }
        return true;
}

/* --env-file, then --env. Caller unrefs. */
static GPtrArray *gather_environment(const ExecFlags *flags, GError **error) {
        g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; flags->env_files && i < flags->env_files->len; i++)
                if (!spec_read_environment_file(flags->env_files->pdata[i], words, error))
                        return NULL;
        for (guint i = 0; flags->env && i < flags->env->len; i++)
                g_ptr_array_add(words, g_strdup(flags->env->pdata[i]));
        return g_steal_pointer(&words);
}

/* Podman's status for a session that could not be made is 255, unless it was asked for wrongly. */
static int session_fail(GError **error) {
        bool ours = g_error_matches(*error, RUNTIME_ERROR, RUNTIME_ERROR_STATE);
        int status = run_fail(error);
        return ours ? EXIT_STATUS_NO_SESSION : status;
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
        unsigned int n_preserved = 0;
        OptionResult r = options_parse(&table, argc, argv, &flags, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR || !take_descriptors(&flags, &n_preserved, &error) ||
            !cli_runtime_open(&runtime, &error))
                return verb_fail(&error);
        if (flags.detach_keys && *flags.detach_keys) {
                error_set_invalid(
                                &error,
                                "--detach-keys '%s' is not supported: a session ends with its "
                                "command, use --detach",
                                flags.detach_keys);
                return verb_fail(&error);
        }
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
        g_autoptr(GPtrArray) words = gather_environment(&flags, &error);
        if (!words)
                return verb_fail(&error);
        g_autofree char **env = option_list_strv(words);
        g_autofree char *session = hex_id_new();
        const ExecOptions options = {
                .session = session,
                .command = (const char *const *) rest,
                .env = (const char *const *) env,
                .user = flags.user,
                .workdir = flags.workdir,
                .privileged = flags.privileged,
                .terminal = flags.tty,
                .interactive = flags.interactive,
                .detach = flags.detach,
                .n_preserved_fds = n_preserved,
        };
        int status = EXIT_STATUS_ERROR;
        if (!container_exec(&runtime, record, &options, &status, &error))
                return session_fail(&error);
        if (flags.detach)
                printf("%s\n", session);
        return status;
}
