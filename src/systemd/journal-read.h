/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What a container wrote, from the journal, sd-journal(3). */

typedef struct JournalRequest {
        const char *container_id; /* lines that came through the relay or the foreground */
        const char *unit; /* and those of its unit's own stream (log driver passthrough), or NULL */
        uint64_t not_before_usec; /* realtime; of the unit's stream: since this container started */
        int64_t tail;             /* the last N lines; -1: all */
        bool follow;
        int until_gone_fd; /* follow until this pidfd's process is gone and its lines are out; -1:
                              for ever */
} JournalRequest;

/* One line; priority 3 is standard error. Return false to end. */
typedef bool (*JournalLine)(
                uint64_t realtime_usec,
                int priority,
                const char *text,
                size_t size,
                bool partial,
                void *data);

bool journal_read(const JournalRequest *request, JournalLine line, void *data, GError **error);
