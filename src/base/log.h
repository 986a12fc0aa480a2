/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum LogLevel { /* the numbers are syslog's, sd-daemon(3) */
        LOG_LEVEL_ERR = 3,
        LOG_LEVEL_WARNING = 4,
        LOG_LEVEL_NOTICE = 5,
        LOG_LEVEL_INFO = 6,
        LOG_LEVEL_DEBUG = 7,
} LogLevel;

typedef enum LogSink {
        LOG_SINK_STDERR, /* "berth: text" on a terminal or pipe, "<N>text" when stderr is the
                            journal */
        LOG_SINK_KMSG, /* /dev/kmsg for the generator at boot, systemd.generator(7); else stderr */
} LogSink;

/* Chooses where messages go and the word before them. Call once, at the start of main(). */
void log_init(const char *program, LogSink sink, LogLevel max_level);
void log_set_max_level(LogLevel max_level);
LogLevel
log_level_from_text(const char *text); /* "debug", "info", "warn", "error"; -1 if unknown */

void log_text(LogLevel level, const char *format, ...) G_GNUC_PRINTF(2, 3);

#define log_err(...)     log_text(LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warning(...) log_text(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_text(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_text(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_text(LOG_LEVEL_DEBUG, __VA_ARGS__)
