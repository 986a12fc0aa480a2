/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* berth-image, the program that moves bytes: it alone links curl, OpenSSL and the decompressors.
 * Found in $BERTH_LIBEXECDIR, else where it was installed. */

/* Runs it with argv[1..] and waits; its stderr is ours, its stdout is dropped when quiet. The exit
 * status is *ret_status. */
bool image_program_run(char *const *arguments, bool quiet, int *ret_status, GError **error);

/* Runs it with what feed writes to the descriptor as its standard input. What it prints, at most
 * output_max bytes, is *ret_output. */
typedef bool (*ImageProgramFeed)(int fd, void *data, GError **error);
bool image_program_converse(
                char *const *arguments,
                ImageProgramFeed feed,
                void *data,
                size_t output_max,
                char **ret_output,
                int *ret_status,
                GError **error);

/* Becomes it (execv); returns only on failure, with an exit status. argv[0] is replaced. */
int image_program_exec(int argc, char **argv);
