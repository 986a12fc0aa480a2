/* SPDX-License-Identifier: Apache-2.0 */
/* Attaching to what runs: what a container writes from now on, our signals to it, and its exit
 * status. Its output goes to the journal whoever looks, so that any number may attach and none can
 * block it. */
#include <signal.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "cli/attach-session.h"
#include "cli/container-log.h"
#include "cli/exit-code.h"
#include "cli/exit.h"
#include "runtime/event.h"
#include "systemd/journal-read.h"

#define DETACH_KEYS "ctrl-p,ctrl-q"

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

/* By what the container writes to its log, in whole lines. */
static bool
follow(Runtime *runtime,
       const ContainerRecord *record,
       int pid_fd,
       AttachInput *input,
       GError **error) {
        JournalRequest request = {
                .not_before_usec = (uint64_t) g_get_real_time(),
                .tail = -1,
                .follow = true,
                .until_gone_fd = pid_fd,
        };
        if (input->input_fd >= 0)
                attach_pump_input(input);
        return container_log_read(runtime, record, &request, print_line, NULL, error);
}

bool attach_running(
                Runtime *runtime,
                const ContainerRecord *record,
                const AttachOptions *options,
                int *ret_code,
                GError **error) {
        autofd int pid_fd = record_open_pidfd(record);
        g_auto(AttachInput) input = { .input_fd = -1, .show_fd = -1 };
        g_autofree char *keys = NULL;
        GError *inner = NULL;
        if (pid_fd < 0)
                return error_set(
                                error, RUNTIME_ERROR, RUNTIME_ERROR_STATE,
                                "attaching to container %s: you can only attach to running "
                                "containers",
                                record->id);
        if (!attach_parse_keys(
                            options->detach_keys ? options->detach_keys : DETACH_KEYS, &keys,
                            &inner)) {
                g_propagate_prefixed_error(error, inner, "attaching to container %s: ", record->id);
                return false;
        }
        bool with_stdin = !options->no_stdin && record->interactive;
        if ((with_stdin || record->tty) && !attach_input_open(runtime, record, &input, error))
                return false;
        if (options->sig_proxy != 0)
                forward_signals(pid_fd);
        container_event(runtime, record, "attach");
        runtime_event_flush(runtime);
        bool detached = false, terminal = record->tty && input.input_fd >= 0;
        *ret_code = EXIT_STATUS_OK;
        if (!(terminal ? attach_terminal(&input, keys, with_stdin, &detached, error)
                       : follow(runtime, record, pid_fd, &input, error)))
                return false;
        return detached || container_exit_code_await(runtime, record, ret_code, error);
}
