/* SPDX-License-Identifier: Apache-2.0 */
/* berth logs, pod logs */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "cli/container-log.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/pod-select.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "systemd/journal-read.h"

typedef struct LogsOptions {
        bool follow, latest, names, timestamps, color;
        bool ids;        /* without names the id stands before each line */
        char *container; /* of a pod, or NULL */
        int64_t tail;
        char *since, *until;
        uint64_t until_usec;           /* 0: no end */
        const ContainerRecord *record; /* the one being shown */
} LogsOptions;

#define COMMON_ROWS                                                                                \
        { "follow",    'f',                                                                        \
          OPTION_BOOL, offsetof(LogsOptions, follow),                                              \
          NULL,        "Go on until the container ends" },                                         \
                        { "color",     0,                                                          \
                          OPTION_BOOL, offsetof(LogsOptions, color),                               \
                          NULL,        "The name of each container in a colour of its own" },      \
                        { "names",     'n',                                                        \
                          OPTION_BOOL, offsetof(LogsOptions, names),                               \
                          NULL,        "The container's name before each line" },                  \
                        { "since",       0,                                                        \
                          OPTION_STRING, offsetof(LogsOptions, since),                             \
                          "TIME",        "RFC 3339, or a duration back from now" },                \
                        { "tail",     0,                                                           \
                          OPTION_INT, offsetof(LogsOptions, tail),                                 \
                          "N",        "The last N lines" },                                        \
                        { "timestamps", 't',                                                       \
                          OPTION_BOOL,  offsetof(LogsOptions, timestamps),                         \
                          NULL,         "The time before each line" },                             \
        {                                                                                          \
                "until", 0, OPTION_STRING, offsetof(LogsOptions, until), "TIME",                   \
                                "Nothing after that, written as for --since"                       \
        }

static const OptionRow rows[] = {
        COMMON_ROWS,
        { "latest", 'l', OPTION_BOOL, offsetof(LogsOptions, latest), NULL, "The newest container" },
        { NULL },
};

static const OptionRow pod_rows[] = {
        COMMON_ROWS,
        { "container", 'c', OPTION_STRING, offsetof(LogsOptions, container), "CONTAINER",
          "This one of the pod alone" },
        { "latest", 'l', OPTION_BOOL, offsetof(LogsOptions, latest), NULL, "The newest pod" },
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
        else if (options->ids)
                fprintf(out, "%.12s ", options->record->id);
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

/* The lines of several come as they are written: one process follows each. */
static bool follow_all(Runtime *runtime, GPtrArray *records, LogsOptions *options, GError **error) {
        for (guint i = 0; i < records->len; i++) {
                pid_t pid = fork();
                if (pid < 0)
                        return error_set_errno(error, errno, "Cannot follow several containers");
                if (pid == 0) {
                        GError *inner = NULL;
                        bool good = show(runtime, records->pdata[i], options, &inner);
                        _exit(good ? EXIT_STATUS_OK : verb_fail(&inner));
                }
        }
        bool good = true;
        for (int status; wait(&status) > 0;)
                good = good && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_STATUS_OK;
        return good || error_set_invalid(error, "not all containers could be followed");
}

static bool
show_records(Runtime *runtime, GPtrArray *records, LogsOptions *options, GError **error) {
        if (options->until && !parse_moment(options->until, "until", &options->until_usec, error))
                return false;
        if (options->follow && records->len > 1)
                return follow_all(runtime, records, options, error);
        for (guint i = 0; i < records->len; i++)
                if (!show(runtime, records->pdata[i], options, error))
                        return false;
        return true;
}

static bool show_named(Runtime *runtime, char **names, LogsOptions *options, GError **error) {
        const Selection selection = { .names = names, .latest = options->latest };
        if (!options->latest && !names[0])
                return error_set_invalid(error, "specify at least one container name or ID to log");
        g_autoptr(GPtrArray) records = selection_resolve(runtime, &selection, error);
        return records && show_records(runtime, records, options, error);
}

static bool keep_one(Runtime *runtime, GPtrArray *records, const char *name, GError **error) {
        g_autoptr(ContainerRecord) wanted = record_find(runtime->records, name, error);
        for (guint i = wanted ? records->len : 0; i > 0; i--)
                if (strcmp(((ContainerRecord *) records->pdata[i - 1])->id, wanted->id) != 0)
                        g_ptr_array_remove_index(records, i - 1);
        return wanted && (records->len > 0 ||
                          error_set_invalid(error, "container %s is not in pod", wanted->name));
}

static bool show_pod(Runtime *runtime, char **names, LogsOptions *options, GError **error) {
        const PodSelection selection = { .names = names, .latest = options->latest };
        if (options->latest == (names[0] != NULL))
                return error_set_invalid(
                                error,
                                options->latest ? "--latest and a pod cannot be used together"
                                                : "logs command needs a pod name or ID");
        g_autoptr(GPtrArray) pods = pod_selection_resolve(runtime, &selection, error);
        if (!pods || pods->len == 0)
                return pods ? error_set_invalid(error, "no pods") : false;
        g_autoptr(GPtrArray) records = pod_containers(runtime, pods->pdata[0], error);
        if (!records ||
            (options->container && !keep_one(runtime, records, options->container, error)))
                return false;
        options->ids = !options->container && records->len > 1;
        return show_records(runtime, records, options, error);
}

typedef bool (*Show)(Runtime *runtime, char **names, LogsOptions *options, GError **error);

static int logs(const OptionTable *table, int argc, char **argv, Show show_them) {
        LogsOptions options = { .tail = -1 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status;
        if (cli_begin(table, argc, argv, &options, &names, &runtime, &status) &&
            !show_them(&runtime, names, &options, &error))
                status = verb_fail(&error);
        g_free(options.since);
        g_free(options.until);
        g_free(options.container);
        return status;
}

int verb_logs(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth logs [options] CONTAINER...",
                .description = "Show what containers wrote, from the journal",
                .rows = rows,
                .operands_max = -1,
        };
        return logs(&table, argc, argv, show_named);
}

int verb_pod_logs(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth pod logs [options] POD",
                .description = "Show what the containers of a pod wrote",
                .rows = pod_rows,
                .operands_max = 1,
        };
        return logs(&table, argc, argv, show_pod);
}
