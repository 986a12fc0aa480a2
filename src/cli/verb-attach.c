/* SPDX-License-Identifier: Apache-2.0 */
/* berth attach: what a container writes from now on, our signals to it, and its exit status. Its
 * output goes to the journal whoever looks, so that any number may attach and none can block it. */
#include <signal.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "cli/container-log.h"
#include "cli/exit-code.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/event.h"
#include "systemd/journal-read.h"

typedef struct AttachOptions {
        bool no_stdin;
        int sig_proxy; /* -1: not given */
} AttachOptions;

static const OptionRow rows[] = {
        { "no-stdin", 0, OPTION_BOOL, offsetof(AttachOptions, no_stdin), NULL,
          "Accepted: standard input is never attached" },
        { "sig-proxy", 0, OPTION_TRISTATE, offsetof(AttachOptions, sig_proxy), NULL,
          "Signals go on to the container (the default)" },
        { NULL },
};

static int target_fd = -1;

static void forward(int number) {
        (void) sys_pidfd_send_signal(target_fd, number); /* it may be gone already */
}

static void forward_signals(int pid_fd) {
        static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };
        const struct sigaction action = { .sa_handler = forward, .sa_flags = SA_RESTART };
        target_fd = pid_fd;
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                sigaction(numbers[i], &action, NULL);
}

static bool
print_line(uint64_t realtime_usec,
           int priority,
           const char *text,
           size_t size,
           bool partial,
           void *data) {
        FILE *out = priority <= LOG_ERR ? stderr : stdout;
        fwrite(text, 1, size, out);
        if (!partial)
                fputc('\n', out);
        fflush(out);
        return !ferror(out);
}

static bool
attach(Runtime *runtime,
       const ContainerRecord *record,
       bool proxies,
       int *ret_code,
       GError **error) {
        autofd int pid_fd = record_open_pidfd(record);
        if (pid_fd < 0)
                return error_set(
                                error, RUNTIME_ERROR, RUNTIME_ERROR_STATE,
                                "attaching to container %s: you can only attach to running "
                                "containers",
                                record->id);
        if (proxies)
                forward_signals(pid_fd);
        container_event(runtime, record, "attach");
        runtime_event_flush(runtime);
        JournalRequest request = {
                .not_before_usec = (uint64_t) g_get_real_time(),
                .tail = -1,
                .follow = true,
                .until_gone_fd = pid_fd,
        };
        return container_log_read(runtime, record, &request, print_line, NULL, error) &&
               container_exit_code_await(runtime, record, ret_code, error);
}

int verb_attach(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth attach [options] CONTAINER",
                .description = "Follow a running container: output, signals, exit status",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        AttachOptions options = { .sig_proxy = -1 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &status))
                return status;
        g_autoptr(ContainerRecord) record = record_find(runtime.records, names[0], &error);
        int code = EXIT_STATUS_ERROR;
        return record && attach(&runtime, record, options.sig_proxy != 0, &code, &error)
                               ? code
                               : verb_fail(&error);
}
