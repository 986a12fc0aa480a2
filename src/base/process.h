/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* When a process started, in clock ticks since boot: with its pid it names one process for ever.
 * 0: no such process, or a zombie, which no longer runs. */
uint64_t process_start_ticks(pid_t pid);

/* Runs argv[0] (found in $PATH) with input as its standard input until it ends. Its standard output
 * comes back, NUL-terminated, what is beyond output_max is dropped; *ret_status is waitpid(2)'s.
 * envp NULL: our own environment. Nothing else of our descriptors is passed on. */
bool process_converse(
                const char *const *argv,
                char *const *envp,
                const char *input,
                size_t output_max,
                char **ret_output,
                int *ret_status,
                GError **error);
