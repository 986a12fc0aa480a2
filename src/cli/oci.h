/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "cli/options.h"

/* berth-oci: the command line of an OCI runtime, as Podman, CRI-O and containerd call it. One
 * command = one function of the files oci-*.c and one row in oci-main.c. */

typedef struct OciGlobal {
        char *root;
        char *log, *log_format;
        bool use_systemd_cgroup;
        bool no_cgroup;
} OciGlobal;
const OciGlobal *oci_global(void);

int oci_main(int argc, char **argv);

/* Tells on stderr and in --log; returns 1, the exit status of every failure. Clears *error. */
int oci_fail(GError **error);

/* Flags and an operand or more; false when the command is over, with its status. */
bool oci_begin(const OptionTable *table,
               int argc,
               char **argv,
               void *options,
               char ***ret_operands,
               int *ret_status);

/* The same for commands whose only operand is a container's id, borrowed from argv. */
bool oci_begin_id(
                const char *usage,
                const char *description,
                int argc,
                char **argv,
                const char **ret_id,
                int *ret_status);

int oci_verb_create(int argc, char **argv);
int oci_verb_start(int argc, char **argv);
int oci_verb_run(int argc, char **argv);
int oci_verb_exec(int argc, char **argv);
int oci_verb_kill(int argc, char **argv);
int oci_verb_delete(int argc, char **argv);
int oci_verb_state(int argc, char **argv);
int oci_verb_list(int argc, char **argv);
int oci_verb_ps(int argc, char **argv);
int oci_verb_pause(int argc, char **argv);
int oci_verb_resume(int argc, char **argv);
int oci_verb_update(int argc, char **argv);
int oci_verb_events(int argc, char **argv);
int oci_verb_features(int argc, char **argv);
int oci_verb_spec(int argc, char **argv);
