/* SPDX-License-Identifier: Apache-2.0 */
/* The payload as our own child. */
#include <string.h>

#include "base/error.h"
#include "runtime/network.h"
#include "runtime/run.h"
#include "runtime/session.h"
#include "systemd/relay-client.h"

bool container_run_foreground(
                Runtime *runtime,
                Container *c,
                const ForegroundOptions *options,
                int *ret_status,
                GError **error) {
        const ContainerRecord *r = c->record;
        bool logs = strcmp(r->log_driver, "journald") == 0;
        g_autofree char *fields = relay_fields(r->id, r->name, r->log_tag, r->image, NULL);
        uid_t uid;
        gid_t gid;
        run_host_ids(c->spec, &uid, &gid);
        const SessionRequest request = {
                .uid = uid,
                .gid = gid,
                .terminal = c->spec->terminal,
                .interactive = options->interactive,
                .log_fields = logs ? fields : NULL,
        };
        g_auto(Launch) launch = LAUNCH_EMPTY;
        g_autoptr(Session) session = session_new(&request, error);
        if (!session)
                return false;
        int stdio[3];
        session_stdio(session, stdio);
        if (!network_begin(runtime, c, error))
                return false;
        g_autoptr(RuntimePlan) plan = run_plan(runtime, c, 0, error);
        if (!plan || !launch_prepare(plan, stdio, -1, false, &launch, error))
                return false;
        session_started(session, &launch);
        if (!network_attach(runtime, c, &launch, error) ||
            !run_note_started(runtime, c, &launch, error))
                return false;
        if (!launch_release(plan, &launch, error)) {
                (void) session_wait(session, ret_status, NULL); /* reaped; the error says why */
                return false;
        }
        return session_run(session, ret_status, error);
}
