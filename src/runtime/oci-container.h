/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "runtime/launch.h"
#include "runtime/oci-state.h"

/* Containers by bundle, for engines that call an OCI runtime: create leaves a prepared process that
 * waits, start lets it execute, and nothing of ours stays in between. */

typedef struct OciCreateRequest {
        const char *root; /* of the states */
        const char *id;
        const char *bundle;
        const char *pid_file;       /* or NULL */
        const char *console_socket; /* or NULL */
        unsigned int n_preserved_fds;
        bool use_systemd_cgroup;
        bool no_cgroup;
        bool no_new_keyring;
} OciCreateRequest;

/* A container that is created and, with a launch, still ours to release. */
typedef struct OciContainer {
        OciState *state;
        OciSpec *spec;
        RuntimePlan *plan;
        Launch launch;
} OciContainer;

void oci_container_clear(OciContainer *container);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OciContainer, oci_container_clear)

/* With stdio NULL our own 0, 1 and 2 are the container's. On failure nothing is left. */
bool oci_create(const OciCreateRequest *request,
                const int stdio[3],
                OciContainer *ret_container,
                GError **error);

/* Our part is over: the process waits for oci_start() of another one. */
bool oci_create_finish(const char *root, OciContainer *container, GError **error);

/* Of a created container, by whoever. */
bool oci_start(const char *root, const char *id, GError **error);
/* The same for one that is ours still. */
bool oci_release(const char *root, OciContainer *container, GError **error);

/* oci-control.c */
bool oci_kill(const char *root, const char *id, int signal_number, bool all, GError **error);
bool oci_delete(const char *root, const char *id, bool force, GError **error);

typedef struct OciExecRequest {
        const char *root;
        const char *id;
        const char *process; /* JSON of the process, or NULL: the container's with what follows */
        char **args;
        char **env;
        const char *cwd, *user, *apparmor, *label, *cgroup;
        char **caps;
        const char *pid_file, *console_socket;
        unsigned int n_preserved_fds;
        bool terminal, no_new_privileges, ignore_paused;
} OciExecRequest;

/* Starts one more process; *ret_launch is it, our child. */
bool oci_exec(const OciExecRequest *request,
              const int stdio[3],
              Launch *ret_launch,
              GError **error);

/* CLONE_NEW* of the namespaces that the container has of its own. */
int oci_namespaces(const OciSpec *spec, pid_t pid);

/* HOME of the user when the environment has none, from the container's passwd. */
bool oci_add_home(OciSpec *spec, int root_fd, GError **error);

/* Sends the master of a terminal to who listens at path (SCM_RIGHTS). */
bool oci_send_console(const char *path, const Launch *launch, const OciSpec *spec, GError **error);
