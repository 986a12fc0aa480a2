/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "oci/spec.h"

/* What the OCI runtime command line keeps of a container, ROOT/<id>/:
 *   state.json    this record        config.json  the configuration as it was at create
 *   start         socket where the created process waits */

typedef enum OciStatus {
        OCI_STATUS_CREATING,
        OCI_STATUS_CREATED,
        OCI_STATUS_RUNNING,
        OCI_STATUS_PAUSED,
        OCI_STATUS_STOPPED,
} OciStatus;

typedef struct OciState {
        char *id;
        char *bundle;  /* absolute */
        char *rootfs;  /* absolute */
        char *cgroup;  /* below the cgroup mount, or NULL */
        char *scope;   /* transient systemd unit, or NULL */
        char *created; /* RFC 3339 */
        uid_t owner;
        pid_t pid; /* 0: none yet */
        uint64_t pid_start_ticks;
        bool is_started;
} OciState;

OciState *oci_state_new(const char *id);
void oci_state_free(OciState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OciState, oci_state_free)

/* [A-Za-z0-9_+.-], not "." nor "..", at most 1024. */
bool oci_id_is_valid(const char *id);

/* Makes ROOT/<id>; an id in use is an error "container with given ID already exists". */
bool oci_state_claim(const char *root, const char *id, GError **error);
bool oci_state_save(const char *root, const OciState *state, GError **error);
/* ERROR_ERRNO ENOENT, "container \"ID\" does not exist", when there is none. */
OciState *oci_state_load(const char *root, const char *id, GError **error);
bool oci_state_remove(const char *root, const char *id, GError **error);
char **oci_state_list(const char *root, GError **error); /* ids, sorted */

bool oci_state_save_spec(const char *root, const char *id, const OciSpec *spec, GError **error);
OciSpec *oci_state_load_spec(const char *root, const char *id, GError **error);

char *oci_state_path(const char *root, const char *id, const char *name);

OciStatus oci_state_status(const OciState *state);
const char *oci_status_to_text(OciStatus status); /* "running" */
/* The process, made sure of by its start time; -1 when it is gone. Owned. */
int oci_state_open_pidfd(const OciState *state);

/* The state document of runtime.md. status: as given, for hooks. Caller frees. */
char *oci_state_format(const OciState *state, const OciSpec *spec, OciStatus status, bool is_full);
