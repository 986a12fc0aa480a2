/* SPDX-License-Identifier: Apache-2.0 */
/* The payload as our own child. */
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/cgroup-manager.h"
#include "runtime/event.h"
#include "runtime/log-file.h"
#include "runtime/network.h"
#include "runtime/pin.h"
#include "runtime/run.h"
#include "runtime/session.h"

/* Limits need a cgroup of the container's own: from a shell a transient scope, as main process of a
 * unit that unit is it. */
static bool
make_scope(Container *c,
           const ForegroundOptions *options,
           int *ret_fd,
           pid_t *ret_holder,
           GError **error) {
        ContainerRecord *record = c->record;
        if (options->in_unit || (!c->spec->resources && !record->slice))
                return true;
        g_autofree char *path = g_strdup_printf(
                        "%s:berth:%s", record->slice ? record->slice : "", record->name);
        const CgroupRequest request = {
                .path = path,
                .id = record->id,
                .resources = c->spec->resources,
                .use_systemd = true,
        };
        return cgroup_create(&request, &record->cgroup, &record->unit, ret_fd, ret_holder, error);
}

bool container_run_foreground(
                Runtime *runtime,
                Container *c,
                const ForegroundOptions *options,
                int *ret_status,
                GError **error) {
        const ContainerRecord *r = c->record;
        autofd int log_fd = -1;
        if (!log_file_open(runtime, r, &log_fd, error))
                return false;
        bool logs = log_fd >= 0 || strcmp(r->log_driver, "journald") == 0;
        g_autofree char *fields = run_log_fields(r, NULL);
        uid_t uid;
        gid_t gid;
        run_host_ids(c->spec, &uid, &gid);
        const SessionRequest request = {
                .uid = uid,
                .gid = gid,
                .terminal = c->spec->terminal,
                .interactive = options->interactive,
                .hides_output = options->hides_output,
                .hides_errors = options->hides_errors,
                .keeps_signals = options->keeps_signals,
                .timeout_usec = (uint64_t) r->timeout_sec * G_USEC_PER_SEC,
                .log_fields = logs ? fields : NULL,
                .log_fd = log_fd,
        };
        g_auto(Launch) launch = LAUNCH_EMPTY;
        g_autoptr(Session) session = session_new(&request, error);
        if (!session)
                return false;
        int stdio[3];
        session_stdio(session, stdio);
        if (!network_begin(runtime, c, error))
                return false;
        g_autoptr(RuntimePlan) plan = run_plan(runtime, c, options->n_preserved_fds, error);
        autofd int cgroup_fd = -1;
        pid_t holder = 0;
        if (!plan || !make_scope(c, options, &cgroup_fd, &holder, error))
                return false;
        bool launched = launch_prepare(plan, stdio, cgroup_fd, false, &launch, error);
        cgroup_release_holder(holder);
        if (!launched)
                return false;
        session_started(session, &launch);
        if (!network_attach(runtime, c, &launch, error) ||
            !run_note_started(runtime, c, &launch, error))
                return false;
        if (!launch_release(plan, &launch, error)) {
                (void) session_wait(session, ret_status, NULL); /* reaped; the error says why */
                return false;
        }
        container_event(runtime, c->record, "init");
        container_event(runtime, c->record, "start");
        container_event(runtime, c->record, "attach");
        runtime_event_flush(runtime);
        pin_image(runtime, c->record);
        return session_run(session, ret_status, error);
}
