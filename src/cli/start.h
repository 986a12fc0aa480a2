/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/options.h"
#include "runtime/container.h"

/* How verbs about containers begin. */

/* Opens the runtime with --root and --runroot. */
bool cli_runtime_open(Runtime *ret_runtime, GError **error);

/* How a verb begins: parses its flags and opens the runtime. False when the verb is over (help, or
 * an error that was printed), with its exit status. */
bool cli_begin(const OptionTable *table,
               int argc,
               char **argv,
               void *options,
               char ***ret_operands,
               Runtime *ret_runtime,
               int *ret_status);

/* Makes sure that the image is there, by the policy: "missing" (NULL), "always", "never", "newer".
 */
bool ensure_image(Runtime *runtime, const ContainerOptions *options, GError **error);

/* 125, or 126/127 for RUNTIME_ERROR_NOT_EXEC/_NOT_FOUND; prints and clears the error. */
int run_fail(GError **error);
