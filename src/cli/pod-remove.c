/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a pod with all its containers. */
#include "cli/pod-remove.h"

#include "base/error.h"
#include "runtime/event.h"

bool pod_stop_all(Runtime *runtime, Pod *pod, int64_t time_sec, GError **error) {
        g_autoptr(GPtrArray) containers = pod_containers(runtime, pod, error);
        for (guint i = 0; containers && i < containers->len; i++) {
                ContainerRecord *record = containers->pdata[i];
                if (!container_stop(runtime, record, time_sec, error))
                        return false;
                GError *inner = NULL;
                g_autoptr(ContainerRecord) ended = container_await_end(runtime, record->id, &inner);
                if (ended) {
                        continue;
                } else if (g_error_matches(inner, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER)) {
                        g_error_free(inner); /* it removed itself */
                } else {
                        g_propagate_error(error, inner);
                        return false;
                }
        }
        return containers && pod_stop(runtime, pod, error);
}

static bool check_unused(const Pod *pod, GPtrArray *containers, GError **error) {
        for (guint i = 0; i < containers->len; i++) {
                const ContainerRecord *record = containers->pdata[i];
                if (record_status(record) == CONTAINER_RUNNING)
                        return error_set(
                                        error, POD_ERROR, POD_ERROR_IN_USE,
                                        "not all containers could be removed from pod %s: error "
                                        "removing container %s from pod %s: cannot remove "
                                        "container %s as it is running - running or paused "
                                        "containers cannot be removed without force: container "
                                        "state improper",
                                        pod->id, record->id, pod->id, record->id);
        }
        return true;
}

bool pod_remove(Runtime *runtime, Pod *pod, bool force, int64_t time_sec, GError **error) {
        g_autoptr(GPtrArray) containers = pod_containers(runtime, pod, error);
        if (!containers || (!force && !check_unused(pod, containers, error)))
                return false;
        for (guint i = 0; i < containers->len; i++) {
                ContainerRecord *record = containers->pdata[i];
                if (!container_remove(runtime, record, force, true, time_sec, error))
                        return false;
        }
        if (!pod_stop(runtime, pod, error) || !pod_forget(runtime->records, pod, error))
                return false;
        pod_event(runtime, pod, "remove");
        return true;
}
