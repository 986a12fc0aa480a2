/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "network/request.h"
#include "network/status.h"
#include "runtime/container.h"

/* A pod: namespaces that its containers share, and nothing that runs. What was said when it was
 * made is in DATA/pods/NAME/pod.json; while it is started the namespaces are pinned as
 * RUN/pods/<id>/{net,ipc,uts}, mounts that need no process, and hosts and resolv.conf lie beside
 * them. A boot takes the pins away and leaves the pod, which is then as if stopped. */

typedef struct Pod {
        char *id;
        char *name;
        char *hostname;    /* NULL: the pod's name */
        char *unit;        /* of the .pod file that made it, or NULL */
        char *exit_policy; /* "continue" or "stop" */
        char *create_command;
        char *infra_name; /* as given; there is no such container */
        char **volumes;   /* as --volume has them: of each container */
        char **share;     /* "ipc", "net", "uts" */
        GHashTable *labels;
        JsonNode *network_request; /* network/request.h */
        JsonNode *network_status;  /* while it is started; or NULL */
        int64_t shm_size;          /* of /dev/shm in bytes; 0: the default */
        int64_t created_nsec;
        bool was_started;
} Pod;

Pod *pod_new(void);
void pod_free(Pod *pod);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pod, pod_free)

#define POD_ERROR pod_error_quark()
GQuark pod_error_quark(void);
typedef enum PodError {
        POD_ERROR_NOT_FOUND,
        POD_ERROR_EXISTS,
        POD_ERROR_IN_USE,
} PodError;

/* Writes a new pod. POD_ERROR_EXISTS when the name is taken. */
bool pod_create(Records *records, const Pod *pod, GError **error);
bool pod_save(Records *records, const Pod *pod, GError **error);

/* By name, id or unique beginning of an id. POD_ERROR_NOT_FOUND. */
Pod *pod_find(Records *records, const char *name, GError **error);

/* All, by age. Element type Pod, owned. */
GPtrArray *pod_list(Records *records, GError **error);

/* Its record; it is stopped and empty. */
bool pod_forget(Records *records, const Pod *pod, GError **error);

bool pod_shares(const Pod *pod, const char *namespace);
const char *pod_hostname(const Pod *pod);

/* Whether the network's namespace is one of its own, not the host's. */
bool pod_pins_network(const Pod *pod);

/* RUN/pods/<id>, and a file there. Caller frees. */
char *pod_run_path(const Records *records, const Pod *pod);
char *pod_file(const Records *records, const Pod *pod, const char *name);

/* Whether its namespaces are there. */
bool pod_is_started(const Records *records, const Pod *pod);

NetworkRequest *pod_network_request(const Pod *pod, GError **error);
NetworkStatus *pod_network_status(const Pod *pod, GError **error);

/* Its containers, oldest first. Element type ContainerRecord, owned. */
GPtrArray *pod_containers(Runtime *runtime, const Pod *pod, GError **error);

/* Pins its namespaces and connects the network; nothing to do when that is so already. */
bool pod_start(Runtime *runtime, Pod *pod, GError **error);

/* Disconnects the network and lets the namespaces go. */
bool pod_stop(Runtime *runtime, Pod *pod, GError **error);

/* After a container's end, of whatever kind: by the pod's exit policy the pod ends with its last
 * one. A failure is a warning: the container's own end is not to fail by it. */
void pod_container_ended(Runtime *runtime, const ContainerRecord *record);

/* Before a container's payload: its pod is started. */
bool pod_start_of(Runtime *runtime, const ContainerRecord *record, GError **error);
