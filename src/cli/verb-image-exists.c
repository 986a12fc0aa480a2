/* SPDX-License-Identifier: Apache-2.0 */
/* berth image exists */
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/store-open.h"
#include "cli/verb.h"
#include "cli/verbs.h"

static const OptionRow rows[] = { { NULL } };

int verb_image_exists(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth image exists IMAGE",
                .description = "Exit 0 when the image is in the store, 1 when not",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, NULL, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        g_autoptr(Store) store = r == OPTION_RESULT_OK ? cli_store_open(&error) : NULL;
        g_autoptr(StoreImage) image = NULL;
        if (store && store_image_find(store, operands[0], &image, &error))
                return EXIT_STATUS_OK;
        if (g_error_matches(error, STORE_ERROR, STORE_ERROR_NOT_FOUND))
                return EXIT_STATUS_FALSE;
        return verb_fail(&error);
}
