/* SPDX-License-Identifier: Apache-2.0 */
/* berth logs */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "systemd/journal-read.h"

typedef struct LogsOptions {
        bool follow, latest, names, timestamps;
        int64_t tail;
        char *since;
        const ContainerRecord *record; /* the one being shown */
} LogsOptions;

static const OptionRow rows[] = {
        { "follow", 'f', OPTION_BOOL, offsetof(LogsOptions, follow), NULL,
          "Go on until the container ends" },
        { "names", 'n', OPTION_BOOL, offsetof(LogsOptions, names), NULL,
          "The container's name before each line" },
        { "since", 0, OPTION_STRING, offsetof(LogsOptions, since), "TIME",
          "RFC 3339, or a duration back from now" },
        { "tail", 0, OPTION_INT, offsetof(LogsOptions, tail), "N", "The last N lines" },
        { "timestamps", 't', OPTION_BOOL, offsetof(LogsOptions, timestamps), NULL,
          "The time before each line" },
        { NULL },
};

static bool
print_line(uint64_t realtime_usec,
           int priority,
           const char *text,
           size_t size,
           bool partial,
           void *data) {
        const LogsOptions *options = data;
        FILE *out = priority <= 3 ? stderr : stdout;
        g_autofree char *time_text = text_format_time((int64_t) realtime_usec * 1000);
        if (options->names)
                fprintf(out, "%s ", options->record->name);
        if (options->timestamps)
                fprintf(out, "%s ", time_text);
        fwrite(text, 1, size, out);
        if (!partial)
                fputc('\n', out);
        fflush(out);
        return !ferror(out);
}

static bool parse_since(const char *text, uint64_t *ret_usec, GError **error) {
        int64_t nsec;
        if (!text_parse_moment(text, &nsec))
                return error_set_invalid(error, "failed to parse --since '%s'", text);
        *ret_usec = (uint64_t) MAX(nsec, 0) / 1000;
        return true;
}

int verb_logs(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth logs [options] CONTAINER...",
                .description = "Show what containers wrote, from the journal",
                .rows = rows,
                .operands_min = 1,
                .operands_max = -1,
        };
        LogsOptions options = { .tail = -1 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &names, &runtime, &begun);
        g_autofree char *since = options.since;
        if (!go_on)
                return begun;
        for (char **name = names; *name; name++) {
                g_autoptr(ContainerRecord) record = record_find(runtime.records, *name, &error);
                if (!record)
                        return verb_fail(&error);
                autofd int pid_fd = record_open_pidfd(record);
                JournalRequest request = {
                        .container_id = record->id,
                        .unit = g_strcmp0(record->log_driver, "passthrough") == 0 ? record->unit
                                                                                  : NULL,
                        .not_before_usec = (uint64_t) record->created_nsec / 1000,
                        .tail = options.tail,
                        .follow = options.follow && pid_fd >= 0,
                        .until_gone_fd = pid_fd,
                };
                options.record = record;
                if ((since && !parse_since(since, &request.not_before_usec, &error)) ||
                    !journal_read(&request, print_line, &options, &error))
                        return verb_fail(&error);
        }
        return EXIT_STATUS_OK;
}
