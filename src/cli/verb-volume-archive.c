/* SPDX-License-Identifier: Apache-2.0 */
/* berth volume export, import, mount, unmount, reload */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/exit.h"
#include "cli/image-program.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/tree-tar.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "cli/volume-json.h"
#include "runtime/volume.h"

typedef struct ArchiveOptions {
        char *output;
} ArchiveOptions;

static void options_clear(ArchiveOptions *options) {
        g_free(options->output);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ArchiveOptions, options_clear)

static const OptionRow no_rows[] = { { NULL } };

/* The volume that operand names; NULL when the verb is over, with its exit status. */
static Volume *
begin(const OptionTable *table,
      int argc,
      char **argv,
      ArchiveOptions *options,
      char ***ret_operands,
      int *ret_status) {
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        if (!cli_begin(table, argc, argv, options, ret_operands, &runtime, ret_status))
                return NULL;
        g_autofree char *path = volumes_path_of(&runtime);
        Volume *volume = volume_find(path, (*ret_operands)[0], &error);
        if (!volume)
                *ret_status = verb_fail(&error);
        return volume;
}

/* Its own mount comes and goes with the containers: without them there is nothing to read. */
static bool check_no_device(const Volume *volume, const char *verb, GError **error) {
        return !volume_has_device(volume) ||
               error_set_invalid(
                               error,
                               "cannot %s volume %s: its device is mounted only while a container "
                               "uses it",
                               verb, volume->name);
}

static bool pack(const Volume *volume, int fd, GError **error) {
        autofd int dir_fd = open(volume->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_auto(TreeTar) tar = { .write = tree_tar_write_fd, .data = &fd };
        if (dir_fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", volume->path);
        return tree_tar_add_contents(&tar, dir_fd, "", error) && tree_tar_end(&tar, error);
}

int verb_volume_export(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "output", 'o', OPTION_STRING, offsetof(ArchiveOptions, output), "FILE",
                  "Write to a file (default: standard output)" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth volume export [options] VOLUME",
                .description = "Write a volume as a tar archive",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        g_auto(ArchiveOptions) options = { 0 };
        g_autofree char **names = NULL;
        g_autoptr(GError) error = NULL;
        int status;
        g_autoptr(Volume) volume = begin(&table, argc, argv, &options, &names, &status);
        if (!volume)
                return status;
        if (!check_no_device(volume, "export", &error))
                return verb_fail(&error);
        bool to_file = options.output && strcmp(options.output, "-") != 0;
        if (!to_file && isatty(STDOUT_FILENO)) {
                error_set_invalid(
                                &error, "cannot write an archive to a terminal, redirect the "
                                        "output or use --output");
                return verb_fail(&error);
        }
        autofd int fd = to_file ? open(options.output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                       0666)
                                : -1;
        if (to_file && fd < 0) {
                error_set_errno(&error, errno, "open %s", options.output);
                return verb_fail(&error);
        }
        int output = to_file ? fd : STDOUT_FILENO;
        return pack(volume, output, &error) ? EXIT_STATUS_OK : verb_fail(&error);
}

int verb_volume_import(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth volume import VOLUME [SOURCE|-]",
                .description = "Unpack a tar archive, possibly compressed, into a volume",
                .rows = no_rows,
                .operands_min = 1,
                .operands_max = 2,
        };
        g_auto(ArchiveOptions) options = { 0 };
        g_autofree char **names = NULL;
        g_autoptr(GError) error = NULL;
        int status;
        g_autoptr(Volume) volume = begin(&table, argc, argv, &options, &names, &status);
        if (!volume)
                return status;
        if (!check_no_device(volume, "import into", &error))
                return verb_fail(&error);
        bool from_file = names[1] && strcmp(names[1], "-") != 0;
        autofd int fd = from_file ? open(names[1], O_RDONLY | O_CLOEXEC) : -1;
        if (from_file && fd < 0) {
                error_set_errno(&error, errno, "open %s", names[1]);
                return verb_fail(&error);
        }
        if (fd >= 0 && dup2(fd, STDIN_FILENO) < 0) {
                error_set_errno(&error, errno, "Cannot redirect");
                return verb_fail(&error);
        }
        char *arguments[] = { (char *) "tree-unpack", volume->path, NULL };
        return image_program_exec(2, arguments);
}

/* A volume without a device is always where it is. */
static int print_place(int argc, char **argv, const OptionTable *table, bool path) {
        g_auto(ArchiveOptions) options = { 0 };
        g_autofree char **names = NULL;
        g_autoptr(GError) error = NULL;
        int status;
        g_autoptr(Volume) volume = begin(table, argc, argv, &options, &names, &status);
        if (!volume)
                return status;
        if (!check_no_device(volume, path ? "mount" : "unmount", &error))
                return verb_fail(&error);
        puts(path ? volume->path : volume->name);
        return EXIT_STATUS_OK;
}

int verb_volume_mount(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth volume mount VOLUME",
                .description = "Print where a volume's data is",
                .rows = no_rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        return print_place(argc, argv, &table, true);
}

int verb_volume_unmount(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth volume unmount VOLUME",
                .description = "The end of volume mount",
                .rows = no_rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        return print_place(argc, argv, &table, false);
}

int verb_volume_reload(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth volume reload",
                .description = "Volumes are read from disk each time: nothing to reload",
                .rows = no_rows,
        };
        g_auto(Runtime) runtime = { 0 };
        g_auto(ArchiveOptions) options = { 0 };
        g_autofree char **names = NULL;
        int status;
        return cli_begin(&table, argc, argv, &options, &names, &runtime, &status) ? EXIT_STATUS_OK
                                                                                  : status;
}
