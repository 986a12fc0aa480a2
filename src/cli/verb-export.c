/* SPDX-License-Identifier: Apache-2.0 */
/* berth export */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/container-tar.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/tree-tar.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct ExportOptions {
        char *output;
} ExportOptions;

static const OptionRow rows[] = {
        { "output", 'o', OPTION_STRING, offsetof(ExportOptions, output), "FILE",
          "Write there instead of to standard output" },
        { NULL },
};

static bool export(Runtime *runtime, const char *name, const char *output, GError **error) {
        if (!output && isatty(STDOUT_FILENO))
                return error_set_invalid(
                                error, "refusing to export to terminal. Use -o flag or redirect");
        g_auto(CopyEnd) root = COPY_END_EMPTY;
        if (!container_tar_open_root(runtime, name, &root, error))
                return false;
        autofd int file =
                        output ? open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
        if (output && file < 0)
                return error_set_errno(error, errno, "Cannot write '%s'", output);
        int fd = output ? file : STDOUT_FILENO;
        return container_tar_root(&root, tree_tar_write_fd, &fd, error);
}

int verb_export(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth export [options] CONTAINER",
                .description = "Write a container's files as a tar archive",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        ExportOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &begun))
                return begun;
        if (!export(&runtime, names[0], options.output, &error))
                return verb_fail(&error);
        return EXIT_STATUS_OK;
}
