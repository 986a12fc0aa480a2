/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/* One verb = one file verb-<name>.c and one row in main.c (or image-main.c). argv[0] is the verb.
 * The return value is the process's exit status. */

typedef struct Verb {
        const char *name; /* "run"; of a group "image ls" */
        int (*run)(int argc, char **argv);
        const char *help; /* one line */
} Verb;

/* Prints "Error: <message>" on stderr, as Podman does, and returns EXIT_STATUS_ERROR. Clears
 * *error. */
int verb_fail(GError **error);

/* --storage, --log-level, … given before the verb. */
typedef struct GlobalOptions {
        char *root;               /* --root: graph root, or NULL */
        char *runroot;            /* --runroot, or NULL */
        char *runtime;            /* --runtime: another OCI runtime, or NULL */
        char *network_config_dir; /* --network-config-dir, or NULL */
        char *events_backend;     /* --events-backend, or NULL */
        char *const *argv;        /* the whole command line, as it was given */
} GlobalOptions;
const GlobalOptions *global_options(void);

/* Takes global flags off argv, finds the row ("image ls" is two words), runs it. */
int verbs_main(const Verb *verbs, int argc, char **argv);
