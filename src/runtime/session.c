/* SPDX-License-Identifier: Apache-2.0 */
/* A process of a container as our child: signals and the terminal go in, its output comes out and
 * to the journal, and we end as it ended. */
#include "runtime/session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
#define STATUS_TIMED_OUT 255 /* as podman-run(1) has it for --timeout */

/* One of the payload's output streams on its way to ours and to the journal. */
typedef struct Stream {
        int from; /* -1 when ended */
        int to;
        int priority;
        char *line; /* what the journal does not have yet */
        size_t line_size;
} Stream;

struct Session {
        Stream streams[2];
        int signal_fd;
        int console_fd; /* borrowed from the launch */
        int stdin_fd;   /* ours while it feeds the console, else -1 */
        Launch *launch;
        LogSource source;
        char *source_text;
        bool logs;
        bool raw;
        bool terminal;
        bool interactive;
        bool keeps_signals;
        bool timed_out;
        gint64 deadline_usec; /* 0: none */
        int null_fd;          /* where streams that nobody wants go, or -1 */
        int stdio[3];         /* the payload's ends, ours until it has them */
        struct termios before;
};

void session_free(Session *s) {
        if (!s)
                return;
        if (s->raw)
                (void) tcsetattr(
                                STDIN_FILENO, TCSAFLUSH, &s->before); /* the terminal may be gone */
        for (int i = 0; i < 2; i++) {
                fd_close(&s->streams[i].from);
                g_free(s->streams[i].line);
        }
        for (int i = 0; i < 3; i++)
                fd_close(&s->stdio[i]);
        fd_close(&s->signal_fd);
        fd_close(&s->null_fd);
        g_free(s->source_text);
        g_free(s);
}

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
        else if (number != SIGCHLD && number != SIGPIPE && !s->keeps_signals)
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

static int left_msec(const Session *s) {
        if (s->deadline_usec == 0)
                return -1;
        gint64 left = (s->deadline_usec - g_get_monotonic_time()) / 1000;
        return (int) CLAMP(left, 0, INT_MAX);
}

static void end_by_timeout(Session *s) {
        s->deadline_usec = 0;
        s->timed_out = true;
        (void) sys_pidfd_send_signal(s->launch->pid_fd, SIGKILL); /* it may be gone already */
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
                int n = poll(polled, G_N_ELEMENTS(polled), gone ? 0 : left_msec(s));
                if (n < 0 && errno != EINTR)
                        return error_set_errno(error, errno, "Cannot wait for the container");
                if (n == 0 && gone)
                        return true;
                if (n == 0)
                        end_by_timeout(s);
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

bool session_wait(const Session *s, int *ret_status, GError **error) {
        const Launch *launch = s->launch;
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

static void start_console(Session *s) {
        s->streams[0].from = s->console_fd;
        copy_window_size(s);
        if (!s->interactive)
                return;
        s->stdin_fd = STDIN_FILENO;
        s->raw = set_raw(s);
}

static bool open_stdio(Session *s, uid_t uid, gid_t gid, GError **error) {
        if (!s->terminal && (!run_output_pipe(uid, gid, &s->streams[0].from, &s->stdio[1], error) ||
                             !run_output_pipe(uid, gid, &s->streams[1].from, &s->stdio[2], error)))
                return false;
        if (s->interactive && !s->terminal)
                s->stdio[0] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
        else
                s->stdio[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (s->stdio[0] < 0)
                return error_set_errno(error, errno, "Cannot open the container's standard input");
        return true;
}

static bool hide_streams(Session *s, const SessionRequest *request, GError **error) {
        if (!request->hides_output && !request->hides_errors)
                return true;
        s->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (s->null_fd < 0)
                return error_set_errno(error, errno, "Cannot open '/dev/null'");
        if (request->hides_output)
                s->streams[0].to = s->null_fd;
        if (request->hides_errors)
                s->streams[1].to = s->null_fd;
        return true;
}

Session *session_new(const SessionRequest *request, GError **error) {
        g_autoptr(Session) s = g_new0(Session, 1);
        s->streams[0] = (Stream){ .from = -1, .to = STDOUT_FILENO, .priority = 6 };
        s->streams[1] = (Stream){ .from = -1, .to = STDERR_FILENO, .priority = 3 };
        s->signal_fd = s->console_fd = s->stdin_fd = s->null_fd = -1;
        s->stdio[0] = s->stdio[1] = s->stdio[2] = -1;
        s->terminal = request->terminal;
        s->interactive = request->interactive;
        s->keeps_signals = request->keeps_signals;
        if (request->timeout_usec > 0)
                s->deadline_usec = g_get_monotonic_time() + (gint64) request->timeout_usec;
        if (request->output_fd > 0)
                s->streams[0].to = s->streams[1].to = request->output_fd;
        if (!hide_streams(s, request, error))
                return NULL;
        if (request->log_fields) {
                s->source_text = g_strdup(request->log_fields);
                s->logs = log_source_parse(&s->source, s->source_text) == 0;
                s->source.file_fd = MAX(request->log_fd, 0);
        }
        if (!open_stdio(s, request->uid, request->gid, error) || !open_signals(s, error))
                return NULL;
        return g_steal_pointer(&s);
}

void session_stdio(const Session *s, int ret_stdio[3]) {
        for (int i = 0; i < 3; i++) /* with a terminal the child replaces all three by the pty */
                ret_stdio[i] = s->stdio[i] >= 0 ? s->stdio[i] : s->stdio[0];
}

void session_started(Session *s, Launch *launch) {
        for (int i = 0; i < 3; i++)
                fd_close(&s->stdio[i]); /* ours must see the last writer go */
        s->launch = launch;
        s->console_fd = launch->console_fd;
}

bool session_run(Session *s, int *ret_status, GError **error) {
        if (s->terminal)
                start_console(s);
        if (!event_loop(s, error) || !session_wait(s, ret_status, error))
                return false;
        if (s->timed_out)
                *ret_status = STATUS_TIMED_OUT;
        return true;
}
