/* SPDX-License-Identifier: Apache-2.0 */
/* The log sink: the only mutable global of the tree. Library layers log nothing above debug. */
#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

static struct {
        const char *program; /* borrowed, static */
        LogLevel max_level;
        int kmsg_fd;
        bool to_journal; /* stderr is the journal's stream: sd-daemon(3) prefixes are understood */
} sink = { .program = "berth", .max_level = LOG_LEVEL_INFO, .kmsg_fd = -1 };

/* $JOURNAL_STREAM is "device:inode" of the stream systemd connected, systemd.exec(5). */
static bool stderr_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        struct stat st;
        if (!stream || fstat(STDERR_FILENO, &st) < 0)
                return false;
        char here[64];
        snprintf(here, sizeof here, "%ju:%ju", (uintmax_t) st.st_dev, (uintmax_t) st.st_ino);
        return strcmp(here, stream) == 0;
}

void log_init(const char *program, LogSink kind, LogLevel max_level) {
        sink.program = program;
        sink.max_level = max_level;
        sink.to_journal = stderr_is_journal();
        fd_close(&sink.kmsg_fd);
        if (kind == LOG_SINK_KMSG)
                sink.kmsg_fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
}

void log_set_max_level(LogLevel max_level) {
        sink.max_level = max_level;
}

LogLevel log_level_from_text(const char *text) {
        static const struct {
                const char *text;
                LogLevel level;
        } rows[] = {
                { "debug", LOG_LEVEL_DEBUG },  { "trace", LOG_LEVEL_DEBUG },
                { "info", LOG_LEVEL_INFO },    { "notice", LOG_LEVEL_NOTICE },
                { "warn", LOG_LEVEL_WARNING }, { "warning", LOG_LEVEL_WARNING },
                { "error", LOG_LEVEL_ERR },    { "err", LOG_LEVEL_ERR },
                { "fatal", LOG_LEVEL_ERR },    { "panic", LOG_LEVEL_ERR },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                if (g_ascii_strcasecmp(rows[i].text, text) == 0)
                        return rows[i].level;
        return (LogLevel) -1;
}

void log_text(LogLevel level, const char *format, ...) {
        if (level > sink.max_level)
                return;
        va_list ap;
        va_start(ap, format);
        g_autofree char *text = g_strdup_vprintf(format, ap);
        va_end(ap);

        g_autofree char *line = NULL;
        if (sink.kmsg_fd >= 0) {
                line = g_strdup_printf(
                                "<%d>%s[%d]: %s\n", (int) level, sink.program, getpid(), text);
                if (fd_write_all(sink.kmsg_fd, line, strlen(line)) >= 0)
                        return;
                g_free(line);
        }
        if (sink.to_journal)
                line = g_strdup_printf("<%d>%s\n", (int) level, text);
        else
                line =
                                g_strdup_printf("%s: %s%s\n", sink.program,
                                                level <= LOG_LEVEL_ERR       ? "error: "
                                                : level == LOG_LEVEL_WARNING ? "warning: "
                                                                             : "",
                                                text);
        (void) fd_write_all(STDERR_FILENO, line, strlen(line)); /* nowhere left to say so */
}
