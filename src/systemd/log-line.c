/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a container, one entry of the journal. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "systemd/log-line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

#define SEND_RETRY_MAX 200 /* 10 ms each */
#define FILE_MAX_FIELD "LOG_FILE_MAX="

static bool field_is_known(const char *field) {
        static const char *const names[] = {
                "CONTAINER_NAME=", "CONTAINER_ID=",      "CONTAINER_ID_FULL=",
                "CONTAINER_TAG=",  "IMAGE_NAME=",        "OBJECT_SYSTEMD_UNIT=",
                "USER_UNIT=",      "SYSLOG_IDENTIFIER=", FILE_MAX_FIELD,
        };
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (strncmp(field, names[i], strlen(names[i])) == 0)
                        return true;
        return false;
}

int log_source_parse(LogSource *source, char *text) {
        *source = (LogSource){ .text = text };
        while (*text) {
                char *end = strchr(text, '\n');
                if (!end || !field_is_known(text) || source->n_fields == LOG_LINE_FIELDS_MAX - 4)
                        return -EINVAL;
                *end = '\0';
                if (strncmp(text, FILE_MAX_FIELD, sizeof FILE_MAX_FIELD - 1) == 0)
                        source->file_max = strtoull(text + sizeof FILE_MAX_FIELD - 1, NULL, 10);
                else
                        source->fields[source->n_fields++] = text;
                text = end + 1;
        }
        return source->n_fields > 0 ? 0 : -EINVAL;
}

/* The journal may restart under us; a line waits for it rather than being dropped. */
static int send_entry(const struct iovec *iov, int n) {
        int r = 0;
        for (int i = 0; i < SEND_RETRY_MAX; i++) {
                r = sd_journal_sendv(iov, n);
                if (r >= 0 || (r != -ECONNREFUSED && r != -ENOENT && r != -EAGAIN && r != -ENOBUFS))
                        return r;
                const struct timespec pause = { .tv_nsec = 10000000 };
                (void) nanosleep(&pause, NULL);
        }
        return r;
}

static int
write_file_line(const LogSource *source,
                int priority,
                const char *line,
                size_t size,
                bool partial) {
        char text[LOG_LINE_MAX + 80];
        struct timespec now;
        struct tm tm;
        struct stat st;
        clock_gettime(CLOCK_REALTIME, &now);
        if (!gmtime_r(&now.tv_sec, &tm))
                return -EOVERFLOW;
        size_t n = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &tm);
        n += (size_t) snprintf(
                        text + n, 40, ".%09ld+00:00 %s %c ", now.tv_nsec,
                        priority <= 3 ? "stderr" : "stdout", partial ? 'P' : 'F');
        memcpy(text + n, line, size);
        text[n + size] = '\n';
        if (source->file_max > 0 && fstat(source->file_fd, &st) == 0 && st.st_size > 0 &&
            (uint64_t) st.st_size + n + size + 1 > source->file_max &&
            ftruncate(source->file_fd, 0) < 0)
                return -errno;
        return fd_write_all(source->file_fd, text, n + size + 1);
}

int log_line_send(
                const LogSource *source,
                int priority,
                const char *line,
                size_t size,
                bool partial) {
        static const char partial_field[] = "CONTAINER_PARTIAL_MESSAGE=true";
        char message[LOG_LINE_MAX + sizeof "MESSAGE="];
        char level[] = "PRIORITY=6";
        if (size > LOG_LINE_MAX)
                return -EMSGSIZE;
        if (source->file_fd > 0)
                return write_file_line(source, priority, line, size, partial);
        memcpy(message, "MESSAGE=", 8);
        memcpy(message + 8, line, size);
        level[9] = (char) ('0' + priority);
        struct iovec iov[LOG_LINE_FIELDS_MAX];
        int n = 0;
        iov[n++] = (struct iovec){ message, size + 8 };
        iov[n++] = (struct iovec){ level, sizeof level - 1 };
        for (size_t i = 0; i < source->n_fields; i++)
                iov[n++] = (struct iovec){ (char *) source->fields[i], strlen(source->fields[i]) };
        if (partial)
                iov[n++] = (struct iovec){ (char *) partial_field, sizeof partial_field - 1 };
        return send_entry(iov, n);
}

size_t
log_lines_send(const LogSource *source,
               int priority,
               const char *bytes,
               size_t size,
               bool at_end,
               void (*on_sent)(void *data, size_t size),
               void *data) {
        size_t done = 0;
        while (done < size) {
                size_t rest = size - done;
                const char *end = memchr(bytes + done, '\n', rest);
                size_t length = end ? (size_t) (end - (bytes + done)) : rest;
                bool partial = !end;
                if (partial && !at_end && length < LOG_LINE_MAX)
                        break;
                if (length > LOG_LINE_MAX) {
                        length = LOG_LINE_MAX;
                        partial = true;
                        end = NULL;
                }
                /* an entry that the journal refuses (not for now, but at all) would block the rest
                 */
                (void) log_line_send(
                                source, priority, bytes + done, length,
                                partial && (!at_end || source->file_fd > 0));
                size_t taken = length + (end ? 1 : 0);
                done += taken;
                if (on_sent)
                        on_sent(data, taken);
        }
        return done;
}
