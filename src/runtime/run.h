/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/container.h"
#include "runtime/launch.h"

/* What both ways of running share. */

/* The plan of a described container: filter from the cache, sources opened. */
RuntimePlan *
run_plan(Runtime *runtime, Container *container, unsigned int n_listen_fds, GError **error);

/* The fields of its lines in the journal; unit NULL outside of one. Caller frees. */
char *run_log_fields(const ContainerRecord *record, const char *unit);

/* Notes pid, unit and cgroup of the prepared child. */
bool run_note_started(Runtime *runtime, Container *container, const Launch *launch, GError **error);

/* --privileged: nothing is masked and no capability is missing. */
bool run_may_use_all_devices(const OciSpec *spec);

/* The secrets that are variables, into the environment of what is about to run. */
bool run_add_secrets(
                Runtime *runtime, const ContainerRecord *record, OciSpec *spec, GError **error);

/* The payload's user as the host knows them. */
void run_host_ids(const OciSpec *spec, uid_t *ret_uid, gid_t *ret_gid);

/* A pipe whose write end the payload may reopen as /dev/stdout: its owner is the payload's user. */
bool run_output_pipe(uid_t uid, gid_t gid, int *ret_read_fd, int *ret_write_fd, GError **error);
