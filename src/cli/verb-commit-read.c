/* SPDX-License-Identifier: Apache-2.0 */
/* berth-image commit-read: the half of `berth commit` that writes the store; the request and the
 * layer come from standard input. */
#include <stdio.h>
#include <unistd.h>

#include "cli/exit.h"
#include "cli/image-verbs.h"
#include "cli/options.h"
#include "cli/store-open.h"
#include "cli/verb.h"
#include "image/commit.h"

int verb_commit_read(int argc, char **argv) {
        static const OptionRow rows[] = { { NULL } };
        static const OptionTable table = {
                .usage = "berth-image commit-read",
                .description = "Make an image of what berth commit writes",
                .rows = rows,
        };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        g_autofree char *id = NULL;
        OptionResult r = options_parse(&table, argc, argv, NULL, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        g_autoptr(Store) store = r == OPTION_RESULT_OK ? cli_store_open(&error) : NULL;
        if (!store || !commit_read(store, STDIN_FILENO, &id, &error))
                return verb_fail(&error);
        puts(id);
        return EXIT_STATUS_OK;
}
