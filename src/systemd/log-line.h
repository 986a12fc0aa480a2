/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lines of a container to the journal, with the fields that conmon uses (CONTAINER_NAME,
 * CONTAINER_ID, CONTAINER_ID_FULL, CONTAINER_TAG, CONTAINER_PARTIAL_MESSAGE), so that what queries
 * them works on. Shared by the launcher in the foreground and the relay; no GLib. */

#define LOG_LINE_FIELDS_MAX 16
#define LOG_LINE_MAX        65536 /* a longer line goes out in parts, as large as a pipe */

typedef struct LogSource {
        char *text; /* "KEY=VALUE" strings, each ending in NUL; owned by the caller */
        const char *fields[LOG_LINE_FIELDS_MAX];
        size_t n_fields;
        int file_fd;       /* lines go there instead of to the journal; 0: none. Borrowed */
        uint64_t file_max; /* bytes, then the file begins anew; 0: no limit */
} LogSource;

/* Takes apart `text` ("KEY=VALUE\n" lines) in place; only fields of the list above,
 * OBJECT_SYSTEMD_UNIT, USER_UNIT and SYSLOG_IDENTIFIER pass, and LOG_FILE_MAX, which is for us. 0
 * or -EINVAL. */
int log_source_parse(LogSource *source, char *text);

/* One journal entry, or one line "TIME STREAM F TEXT" ("P": a part) of a file, as Kubernetes'
 * logs have it; priority as in syslog(3). 0 or -errno: the journal may be away for a moment.
 */
int log_line_send(
                const LogSource *source, int priority, const char *line, size_t size, bool partial);

/* Cuts bytes into lines and sends each. Returns how many bytes went out: an unfinished last line
 * stays behind unless at_end, or unless it is as long as LOG_LINE_MAX. on_sent is called after each
 * entry with the bytes it took (may be NULL). */
size_t
log_lines_send(const LogSource *source,
               int priority,
               const char *bytes,
               size_t size,
               bool at_end,
               void (*on_sent)(void *data, size_t size),
               void *data);
