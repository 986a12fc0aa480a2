/* SPDX-License-Identifier: Apache-2.0 */
/* The payload as our child: we forward signals and the terminal, copy its output to our streams and
 * to the journal, and end as it ended. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "runtime/run.h"
#include "systemd/log-line.h"
#include "systemd/relay-client.h"

#define COPY_BUFFER_SIZE 65536

/* One of the payload's output streams on its way to ours and to the journal. */
typedef struct Stream {
        int from; /* -1 when ended */
        int to;
        int priority;
        char *line; /* what the journal does not have yet */
        size_t line_size;
} Stream;

typedef struct Session {
        Stream streams[2];
        int signal_fd;
        int console_fd; /* borrowed from the launch */
        int stdin_fd;   /* ours while it feeds the console, else -1 */
        Launch *launch;
        LogSource source;
        char *source_text;
        bool logs;
        bool raw;
        struct termios before;
} Session;

static void session_clear(Session *s) {
        if (s->raw)
                (void) tcsetattr(
                                STDIN_FILENO, TCSAFLUSH, &s->before); /* the terminal may be gone */
        for (int i = 0; i < 2; i++) {
                fd_close(&s->streams[i].from);
                g_free(s->streams[i].line);
        }
        fd_close(&s->signal_fd);
        g_free(s->source_text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Session, session_clear)

static void log_bytes(Session *s, Stream *stream, const char *bytes, size_t size, bool at_end) {
        if (!s->logs)
                return;
        stream->line = g_realloc(stream->line, stream->line_size + size + 1);
        memcpy(stream->line + stream->line_size, bytes, size);
        stream->line_size += size;
        size_t sent =
                        log_lines_send(&s->source, stream->priority, stream->line,
                                       stream->line_size, at_end, NULL, NULL);
        memmove(stream->line, stream->line + sent, stream->line_size - sent);
        stream->line_size -= sent;
}

/* Moves what is there; at the end of file (EIO on a pty) the stream is closed. */
static void pump(Session *s, Stream *stream) {
        char buffer[COPY_BUFFER_SIZE];
        ssize_t n = read(stream->from, buffer, sizeof buffer);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return;
        if (n <= 0) {
                log_bytes(s, stream, "", 0, true);
                if (stream->from == s->console_fd)
                        stream->from = -1; /* the launch closes it */
                else
                        fd_close(&stream->from);
                return;
        }
        (void) fd_write_all(
                        stream->to, buffer,
                        (size_t) n); /* a reader that left does not stop the payload */
        log_bytes(s, stream, buffer, (size_t) n, false);
}

static void copy_window_size(const Session *s) {
        struct winsize size;
        if (s->console_fd >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
                (void) ioctl(s->console_fd, TIOCSWINSZ, &size);
}

static void handle_signal(Session *s) {
        struct signalfd_siginfo info;
        if (read(s->signal_fd, &info, sizeof info) != sizeof info)
                return;
        int number = (int) info.ssi_signo;
        if (number == SIGWINCH)
                copy_window_size(s);
        else if (number != SIGCHLD && number != SIGPIPE)
                (void) sys_pidfd_send_signal(
                                s->launch->pid_fd, number); /* it may be gone already */
}

static void feed_console(Session *s) {
        char buffer[4096];
        ssize_t n = read(s->stdin_fd, buffer, sizeof buffer);
        if (n <= 0) {
                if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
                        const char end_of_file =
                                        4; /* ^D, as the terminal's line discipline reads it */
                        (void) fd_write_all(s->console_fd, &end_of_file, 1);
                        s->stdin_fd = -1;
                }
                return;
        }
        (void) fd_write_all(s->console_fd, buffer, (size_t) n);
}

/* Until the payload is gone and its streams are drained; descendants that keep them open do not
 * count. */
static bool event_loop(Session *s, GError **error) {
        bool gone = false;
        for (;;) {
                struct pollfd polled[] = {
                        { .fd = s->streams[0].from, .events = POLLIN },
                        { .fd = s->streams[1].from, .events = POLLIN },
                        { .fd = s->signal_fd, .events = POLLIN },
                        { .fd = gone ? -1 : s->launch->pid_fd, .events = POLLIN },
                        { .fd = s->stdin_fd, .events = POLLIN },
                };
                int n = poll(polled, G_N_ELEMENTS(polled), gone ? 0 : -1);
                if (n < 0 && errno != EINTR)
                        return error_set_errno(error, errno, "Cannot wait for the container");
                if (n == 0 && gone)
                        return true;
                if (n <= 0)
                        continue;
                for (int i = 0; i < 2; i++)
                        if (polled[i].revents)
                                pump(s, &s->streams[i]);
                if (polled[2].revents)
                        handle_signal(s);
                if (polled[4].revents)
                        feed_console(s);
                if (polled[3].revents)
                        gone = true;
                bool streams_ended = s->streams[0].from < 0 && s->streams[1].from < 0;
                if (gone && streams_ended)
                        return true;
        }
}

static bool set_raw(Session *s) {
        struct termios raw;
        if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &s->before) < 0)
                return false;
        raw = s->before;
        cfmakeraw(&raw);
        return tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static bool open_signals(Session *s, GError **error) {
        sigset_t forwarded;
        sigfillset(&forwarded);
        static const int own[] = { SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGABRT, SIGTRAP, SIGSYS,
                                   SIGKILL, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGURG };
        for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
                sigdelset(&forwarded, own[i]);
        if (sigprocmask(SIG_BLOCK, &forwarded, NULL) < 0)
                return error_set_errno(error, errno, "Cannot block signals");
        s->signal_fd = signalfd(-1, &forwarded, SFD_CLOEXEC | SFD_NONBLOCK);
        return s->signal_fd >= 0 || error_set_errno(error, errno, "Cannot listen to signals");
}

static bool wait_status(const Launch *launch, int *ret_status, GError **error) {
        siginfo_t info = { 0 };
        int r;
        do
                r = waitid(P_PIDFD, (id_t) launch->pid_fd, &info, WEXITED);
        while (r < 0 && errno == EINTR);
        if (r < 0)
                return error_set_errno(error, errno, "Cannot learn how the container ended");
        *ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
        return true;
}

static void start_console(Session *s, const ForegroundOptions *options) {
        s->streams[0].from = s->console_fd;
        copy_window_size(s);
        if (!options->interactive)
                return;
        s->stdin_fd = STDIN_FILENO;
        s->raw = set_raw(s);
}

static bool
open_stdio(const Container *c,
           const ForegroundOptions *options,
           Session *s,
           int stdio[3],
           GError **error) {
        if (!c->spec->terminal &&
            (!run_output_pipe(c->spec, &s->streams[0].from, &stdio[1], error) ||
             !run_output_pipe(c->spec, &s->streams[1].from, &stdio[2], error)))
                return false;
        if (options->interactive && !c->spec->terminal) {
                stdio[0] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
        } else {
                stdio[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
        }
        if (stdio[0] < 0)
                return error_set_errno(error, errno, "Cannot open the container's standard input");
        return true;
}

bool container_run_foreground(
                Runtime *runtime,
                Container *c,
                const ForegroundOptions *options,
                int *ret_status,
                GError **error) {
        g_auto(Launch) launch = { .pid_fd = -1, .socket_fd = -1, .console_fd = -1 };
        g_auto(Session) s = {
                .streams = { { .from = -1, .to = STDOUT_FILENO, .priority = 6 },
                             { .from = -1, .to = STDERR_FILENO, .priority = 3 } },
                .signal_fd = -1,
                .console_fd = -1,
                .stdin_fd = -1,
                .launch = &launch,
                .logs = strcmp(c->record->log_driver, "journald") == 0 && !options->quiet_logs,
        };
        autofd int in = -1;
        autofd int out = -1;
        autofd int err = -1;
        int stdio[3] = { -1, -1, -1 };
        bool opened = open_stdio(c, options, &s, stdio, error);
        in = stdio[0];
        out = stdio[1];
        err = stdio[2];
        if (!opened || !open_signals(&s, error))
                return false;
        s.source_text = relay_fields(
                        c->record->id, c->record->name, c->record->log_tag, c->record->image, NULL);
        s.logs = s.logs && log_source_parse(&s.source, s.source_text) == 0;
        if (stdio[1] < 0)
                stdio[1] = stdio[2] = stdio[0]; /* the console replaces them in the child */
        g_autoptr(RuntimePlan) plan = run_plan(runtime, c, 0, error);
        if (!plan || !launch_prepare(plan, stdio, -1, false, &launch, error))
                return false;
        fd_close(&out); /* the payload's end; ours must see the last writer go */
        fd_close(&err);
        if (!run_note_started(runtime, c, &launch, error))
                return false;
        s.console_fd = launch.console_fd;
        if (!launch_release(plan, &launch, error)) {
                (void) wait_status(&launch, ret_status, NULL); /* reaped; the error says why */
                return false;
        }
        if (c->spec->terminal)
                start_console(&s, options);
        return event_loop(&s, error) && wait_status(&launch, ret_status, error);
}
