/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Reading events back, from where systemd/events.h writes them. */

typedef struct EventRequest {
        const char *backend; /* --events-backend, or NULL */
        int64_t since_nsec;  /* not before */
        int64_t until_nsec;  /* not after; INT64_MAX: no end */
        bool stream;         /* go on, until until_nsec has passed */
} EventRequest;

/* The members as --format names them: ID, Image, Name, Status, Time (seconds), TimeNano, Type, ….
 * Return false to end. */
typedef bool (*EventAct)(JsonObject *event, void *data);

bool events_read(const EventRequest *request, EventAct act, void *data, GError **error);
