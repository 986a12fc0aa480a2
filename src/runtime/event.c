/* SPDX-License-Identifier: Apache-2.0 */
/* From records to events. */
#include "runtime/event.h"

#include <string.h>

#include "network/networks.h"
#include "systemd/events.h"

static void add(Runtime *runtime, const Event *event) {
        if (!runtime->events)
                runtime->events = events_new(
                                runtime->events_backend,
                                runtime->networks ? networks_conf(runtime->networks) : NULL);
        events_add(runtime->events, event);
}

static Event of_container(const ContainerRecord *record, const char *status) {
        return (Event){
                .type = "container",
                .status = status,
                .id = record->id,
                .name = record->name,
                .image = record->image ? record->image : "",
                .pod = record->pod,
                .labels = record->labels,
        };
}

void container_event(Runtime *runtime, const ContainerRecord *record, const char *status) {
        const Event event = of_container(record, status);
        add(runtime, &event);
}

void container_event_ended(
                Runtime *runtime,
                const ContainerRecord *record,
                const char *status,
                int exit_code) {
        Event event = of_container(record, status);
        event.has_exit_code = true;
        event.exit_code = exit_code;
        add(runtime, &event);
}

void container_event_health(Runtime *runtime, const ContainerRecord *record, const char *health) {
        Event event = of_container(record, "health_status");
        event.health = health;
        add(runtime, &event);
}

void pod_event(Runtime *runtime, const Pod *pod, const char *status) {
        const Event event = {
                .type = "pod",
                .status = status,
                .id = pod->id,
                .name = pod->name,
                .image = "",
                .labels = pod->labels,
        };
        add(runtime, &event);
}

void runtime_event(
                Runtime *runtime,
                const char *type,
                const char *status,
                const char *id,
                const char *name) {
        bool is_network = strcmp(type, "network") == 0;
        const Event event = {
                .type = type,
                .status = status,
                .id = id,
                .name = is_network ? NULL : name,
                .network = is_network ? name : NULL,
        };
        add(runtime, &event);
}

void runtime_event_flush(Runtime *runtime) {
        if (runtime->events)
                events_flush(runtime->events);
}
