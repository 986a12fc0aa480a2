/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

struct ContainersConf; /* config/containers-conf.h */

/* What happens to containers, images, networks, pods and volumes, as entries of the journal with
 * Podman's fields (PODMAN_EVENT and so on), or lines of its file: each program reads what the other
 * wrote. There is no daemon that has to be asked: the journal is the log. */

typedef struct Event {
        const char *type;   /* "container", "image", "network", "pod", "volume" */
        const char *status; /* "start" */
        const char *id;     /* NULL where it has none (volumes) */
        const char *name;
        const char *image;   /* of containers */
        const char *pod;     /* of containers: the pod's id, or NULL */
        const char *network; /* of networks, instead of name */
        const char *health;  /* "healthy", or NULL */
        GHashTable *labels;  /* name -> value, or NULL */
        bool has_exit_code;
        int exit_code;
} Event;

/* What is to be told; written in one message when it is flushed or freed. */
typedef struct Events Events;

/* backend: of --events-backend, or NULL: by containers.conf. conf: what it says, borrowed; NULL:
 * it is read with the first event. */
Events *events_new(const char *backend, const struct ContainersConf *conf);
void events_free(Events *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Events, events_free)

/* That an event cannot be written is a warning: what it tells of has happened. */
void events_add(Events *events, const Event *event);
void events_flush(Events *events);

/* One event alone. */
void events_tell(const char *backend, const Event *event);

typedef enum EventBackend {
        EVENT_BACKEND_JOURNALD,
        EVENT_BACKEND_FILE,
        EVENT_BACKEND_NONE,
} EventBackend;

/* Also the file's path; caller frees. */
bool events_backend(
                const char *asked,
                const struct ContainersConf *conf,
                EventBackend *ret_backend,
                char **ret_path,
                GError **error);

/* "container start ID (image=…, name=…)" of an event's members as --format names them. Caller
 * frees. */
char *event_text(JsonObject *event, bool truncate);
JsonObject *event_to_json(const Event *event, int64_t nsec);
