/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "generator/output.h"

/* Writes outputs below one folder, as they come. */
typedef struct OutputWriter OutputWriter;

/* Both are borrowed and outlive the writer. The folder is made; that it cannot be is reported. */
OutputWriter *output_writer_new(const char *folder, Diagnostics *diagnostics);
void output_writer_free(OutputWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutputWriter, output_writer_free)

/* Each file and link in one step; they go on after a failure and report it in diagnostics. Threads
 * may call them at the same time. */
void output_writer_put_files(OutputWriter *writer, const Output *output);
void output_writer_put_links(OutputWriter *writer, const Output *output);

/* User managers: lets our unit that waits for the network answer to Podman's name for it, which
 * generated units use, in the folder of least precedence: where Podman is installed its own is
 * found first. */
void output_write_late(const QuadletSet *set, const char *folder, Diagnostics *diagnostics);
