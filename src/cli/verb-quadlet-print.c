/* SPDX-License-Identifier: Apache-2.0 */
/* berth quadlet print: a unit file as it is on disk. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "generator/keys.h"
#include "unit/parse.h"
#include "unit/search.h"

static const OptionRow rows[] = {
        { NULL },
};

int verb_quadlet_print(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth quadlet print NAME",
                .description = "Print a unit file",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        int none = 0;
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &none, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR)
                return verb_fail(&error);
        UnitSearchOptions where = unit_search_options(getuid() != 0);
        g_autoptr(Diagnostics) diagnostics = diagnostics_new();
        g_autoptr(UnitSearch) search = unit_search(&where, quadlet_is_file_name, diagnostics);
        const char *path = g_hash_table_lookup(search->names, operands[0]);
        g_autofree char *text = NULL;
        if (!path)
                error_set_invalid(&error, "could not locate quadlet \"%s\"", operands[0]);
        if (error || !file_read_text(AT_FDCWD, path, UNIT_FILE_SIZE_MAX, &text, &error))
                return verb_fail(&error);
        fputs(text, stdout);
        return EXIT_STATUS_OK;
}
