/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* A container whose root is the host's could make us run ourselves inside it (an interpreter line
 * "#!/proc/self/exe") and then write to our file through /proc/PID/exe (CVE-2019-5736). What starts
 * processes in containers therefore runs from a read-only mount of its file that is in nobody's
 * mount namespace, or, where such a mount cannot be made, from a sealed copy. */

/* Executes ourselves again from there; returns when that is done already, is not needed (no root of
 * the initial user namespace, or the file system is read-only), or cannot be done: -errno. */
int guard_program(char **argv);

/* Where our file is, also when we run from the guarded one. Caller frees with g_free(). */
char *guard_program_path(void);
