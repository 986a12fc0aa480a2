/* SPDX-License-Identifier: Apache-2.0 */
/* berth logs */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "cli/container-log.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "systemd/journal-read.h"

typedef struct LogsOptions {
        bool follow, latest, names, timestamps, color;
        int64_t tail;
        char *since, *until;
        uint64_t until_usec;           /* 0: no end */
        const ContainerRecord *record; /* the one being shown */
} LogsOptions;

static const OptionRow rows[] = {
        { "follow", 'f', OPTION_BOOL, offsetof(LogsOptions, follow), NULL,
          "Go on until the container ends" },
        { "color", 0, OPTION_BOOL, offsetof(LogsOptions, color), NULL,
          "The name of each container in a colour of its own" },
        { "latest", 'l', OPTION_BOOL, offsetof(LogsOptions, latest), NULL, "The newest container" },
        { "names", 'n', OPTION_BOOL, offsetof(LogsOptions, names), NULL,
          "The container's name before each line" },
        { "since", 0, OPTION_STRING, offsetof(LogsOptions, since), "TIME",
          "RFC 3339, or a duration back from now" },
        { "tail", 0, OPTION_INT, offsetof(LogsOptions, tail), "N", "The last N lines" },
        { "timestamps", 't', OPTION_BOOL, offsetof(LogsOptions, timestamps), NULL,
          "The time before each line" },
        { "until", 0, OPTION_STRING, offsetof(LogsOptions, until), "TIME",
          "Nothing after that, written as for --since" },
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
        if (options->until_usec > 0 && realtime_usec > options->until_usec)
                return false;
        g_autofree char *time_text = text_format_time((int64_t) realtime_usec * 1000);
        if (options->names && options->color)
                fprintf(out, "\033[%um%s\033[0m ", 31 + g_str_hash(options->record->id) % 6,
                        options->record->name);
        else if (options->names)
                fprintf(out, "%s ", options->record->name);
        if (options->timestamps)
                fprintf(out, "%s ", time_text);
        fwrite(text, 1, size, out);
        if (!partial)
                fputc('\n', out);
        fflush(out);
        return !ferror(out);
}

static bool parse_moment(const char *text, const char *flag, uint64_t *ret_usec, GError **error) {
        int64_t nsec;
        if (!text_parse_moment(text, &nsec))
                return error_set_invalid(error, "failed to parse --%s '%s'", flag, text);
        *ret_usec = (uint64_t) MAX(nsec, 0) / 1000;
        return true;
}

static bool show(Runtime *runtime, ContainerRecord *record, LogsOptions *options, GError **error) {
        autofd int pid_fd = record_open_pidfd(record);
        JournalRequest request = {
                .not_before_usec = (uint64_t) record->created_nsec / 1000,
                .tail = options->tail,
                .follow = options->follow && pid_fd >= 0,
                .until_gone_fd = pid_fd,
        };
        options->record = record;
        return (!options->since ||
                parse_moment(options->since, "since", &request.not_before_usec, error)) &&
               container_log_read(runtime, record, &request, print_line, options, error);
}

static bool show_all(Runtime *runtime, char **names, LogsOptions *options, GError **error) {
        const Selection selection = { .names = names, .latest = options->latest };
        g_autoptr(GPtrArray) records = NULL;
        if (options->until && !parse_moment(options->until, "until", &options->until_usec, error))
                return false;
        if (!options->latest && !names[0])
                return error_set_invalid(error, "specify at least one container name or ID to log");
        records = selection_resolve(runtime, &selection, error);
        for (guint i = 0; records && i < records->len; i++)
                if (!show(runtime, records->pdata[i], options, error))
                        return false;
        return records;
}

int verb_logs(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth logs [options] CONTAINER...",
                .description = "Show what containers wrote, from the journal",
                .rows = rows,
                .operands_max = -1,
        };
        LogsOptions options = { .tail = -1 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status;
        if (cli_begin(&table, argc, argv, &options, &names, &runtime, &status) &&
            !show_all(&runtime, names, &options, &error))
                status = verb_fail(&error);
        g_free(options.since);
        g_free(options.until);
        return status;
}
