/* SPDX-License-Identifier: Apache-2.0 */
/* berth-image tree-pack, tree-unpack DIRECTORY: a directory to a tar on standard output, and a tar
 * on standard input to a directory. What berth's verbs for volumes run. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/exit.h"
#include "cli/image-verbs.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "image/tree-archive.h"

static int open_directory(int argc, char **argv, GError **error) {
        if (argc != 2) {
                error_set_invalid(error, "%s needs a directory", argv[0]);
                return -1;
        }
        int fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                error_set_errno(error, errno, "Cannot open '%s'", argv[1]);
        return fd;
}

int verb_tree_unpack(int argc, char **argv) {
        g_autoptr(GError) error = NULL;
        autofd int fd = open_directory(argc, argv, &error);
        return fd >= 0 && tree_archive_read(STDIN_FILENO, fd, &error) ? EXIT_STATUS_OK
                                                                      : verb_fail(&error);
}
