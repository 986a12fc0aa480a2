/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "generator/set.h"

/* The result of a run, in memory: files and links relative to the output folder. */

typedef struct OutputFile {
        char *name; /* "web.service", "web.service.d/10-berth.conf" */
        UnitFile *unit;
} OutputFile;

typedef struct Output {
        GPtrArray *files;      /* of OutputFile, owned */
        GPtrArray *links;      /* of InstallLink, owned */
        unsigned int n_failed; /* units that could not be made */
} Output;

/* Converts all units of the set. Files come in the order of the unit files' names. */
Output *output_make(QuadletSet *set);
void output_free(Output *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Output, output_free)

/* Prints the files as -dryrun shows them. */
void output_print(const Output *output);

/* Writes everything below folder, each file and link replaced in one step; goes on after a failure
 * and reports it in diagnostics. */
void output_write(const Output *output, const char *folder, Diagnostics *diagnostics);
