/* SPDX-License-Identifier: Apache-2.0 */
/* podman-pod-create(1) --exit-policy=stop: with its last container the pod ends. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "runtime/pod.h"
#include "systemd/bus.h"
#include "systemd/cgroup.h"

/* Whether the manager will start the container's unit again: it is being restarted, or it ended by
 * itself and Restart= applies, systemd.service(5). */
static bool comes_again(Bus *bus, const ContainerRecord *record) {
        if (!record->unit)
                return false;
        g_autofree char *job = bus_get_job_type(bus, record->unit, NULL);
        if (job)
                return strcmp(job, "stop") != 0;
        g_autofree char *restart =
                        bus_get_unit_string(bus, record->unit, "Service", "Restart", NULL);
        const char *result = getenv("SERVICE_RESULT");
        bool failed = result && strcmp(result, "success") != 0;
        if (!restart || strcmp(restart, "no") == 0)
                return false;
        return strcmp(restart, "always") == 0 || failed == (strcmp(restart, "on-success") != 0);
}

static bool is_last(Runtime *runtime, const Pod *pod, const ContainerRecord *record) {
        g_autoptr(GPtrArray) containers = pod_containers(runtime, pod, NULL);
        for (guint i = 0; containers && i < containers->len; i++) {
                const ContainerRecord *other = containers->pdata[i];
                if (strcmp(other->id, record->id) != 0 && record_status(other) == CONTAINER_RUNNING)
                        return false;
        }
        return containers;
}

/* The pod's service is told and not waited for: it waits for the container's. */
static bool end(Runtime *runtime, Pod *pod, Bus *bus, GError **error) {
        g_autofree char *job = NULL;
        g_autofree char *cgroup = cgroup_of(0, NULL);
        g_autofree char *own = cgroup ? cgroup_unit(cgroup) : NULL;
        if (pod->unit && g_strcmp0(pod->unit, own) == 0)
                return true; /* it is at it */
        return bus && pod->unit ? bus_stop_unit_begin(bus, pod->unit, &job, error)
                                : pod_stop(runtime, pod, error);
}

void pod_container_ended(Runtime *runtime, const ContainerRecord *record) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Pod) pod = record->pod ? pod_find(runtime->records, record->pod, NULL) : NULL;
        if (!pod || g_strcmp0(pod->exit_policy, "stop") != 0 ||
            !pod_is_started(runtime->records, pod) || !is_last(runtime, pod, record))
                return;
        g_autoptr(Bus) bus = bus_open(NULL);
        if (bus && comes_again(bus, record))
                return;
        if (!end(runtime, pod, bus, &error))
                log_warning("Pod '%s' has no container left and does not stop: %s", pod->name,
                            error->message);
}
