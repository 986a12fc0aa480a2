/* SPDX-License-Identifier: Apache-2.0 */
#include "forward/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/pump.h"
#include "forward/dial.h"

#define RETRY_USEC         10000   /* while the container does not listen */
#define LINGER_USEC        5000000 /* that a service is down before we end, too */
#define START_USEC         1000000 /* between two wishes that it be started */
#define TICK_USEC          1000000
#define ACCEPT_USEC        20000 /* for a connection that is there already */
#define FDS_PER_CONNECTION 6
#define EVENTS_MAX         64

typedef enum EventKind {
        EVENT_LISTENER,
        EVENT_CONNECTION,
        EVENT_RETRY,
        EVENT_TICK,
        EVENT_TARGET,
} EventKind;

typedef struct Event { /* first member of what epoll(7) gives back */
        EventKind kind;
} Event;

typedef struct Connection {
        Event event;
        int client_fd, container_fd;
        Pump up, down; /* to the container, from it */
        bool over;     /* freed after the batch of events that it may occur in twice */
} Connection;

typedef struct Loop {
        const ForwardListener *listeners;
        size_t n_listeners;
        const ForwardTarget *target;
        uint64_t idle_usec;
        Event *events; /* one a listener */
        Event retry, tick, gone;
        int epoll_fd, retry_fd, tick_fd;
        int target_fd; /* pidfd of the container that the dialer is in; -1: none */
        Dialer dialer;
        unsigned int n_connections;
        GPtrArray *over;    /* of Connection, owned */
        gint64 active_usec; /* g_get_monotonic_time(): when somebody was last there */
        gint64 down_usec;   /* when the service was first seen down; 0: it is not */
        gint64 start_usec;  /* when we last asked for it */
        bool done;
} Loop;

static bool watch(Loop *loop, int fd, uint32_t events, void *event, GError **error) {
        struct epoll_event e = { .events = events, .data.ptr = event };
        return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0 ||
               error_set_errno(error, errno, "Cannot watch a descriptor");
}

static void set_timer(int fd, uint64_t first_usec, uint64_t interval_usec) {
        const struct itimerspec when = {
                .it_value = { (time_t) (first_usec / 1000000),
                              (long) (first_usec % 1000000 * 1000) },
                .it_interval = { (time_t) (interval_usec / 1000000),
                                 (long) (interval_usec % 1000000 * 1000) },
        };
        (void) timerfd_settime(fd, 0, &when, NULL); /* a valid time, and our own timer */
}

/* Listeners are looked at, or left alone until the retry timer fires. */
static void look(Loop *loop, bool on) {
        for (size_t i = 0; i < loop->n_listeners; i++) {
                struct epoll_event e = { .events = on ? EPOLLIN : 0, .data.ptr = &loop->events[i] };
                (void) epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, loop->listeners[i].fd, &e);
        }
        if (!on)
                set_timer(loop->retry_fd, RETRY_USEC, 0);
}

static void connection_free(gpointer data) {
        Connection *c = data;
        fd_close(&c->client_fd);
        fd_close(&c->container_fd);
        pump_close(&c->up);
        pump_close(&c->down);
        g_free(c);
}

/* What breaks on one side breaks on the other: an end in the middle must not look like the end. */
static void connection_end(Loop *loop, Connection *c, bool broken) {
        const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
        if (c->over)
                return;
        c->over = true;
        loop->n_connections--;
        for (int i = 0; broken && i < 2; i++)
                (void) setsockopt(
                                i ? c->client_fd : c->container_fd, SOL_SOCKET, SO_LINGER, &reset,
                                sizeof reset);
        g_ptr_array_add(loop->over, c);
}

static void connection_run(Loop *loop, Connection *c) {
        if (c->over)
                return;
        loop->active_usec = g_get_monotonic_time();
        int r = pump_run(&c->up, c->client_fd, c->container_fd);
        if (r >= 0)
                r = pump_run(&c->down, c->container_fd, c->client_fd);
        if (r < 0 || (c->up.shut && c->down.shut))
                connection_end(loop, c, r < 0);
}

static void connection_begin(Loop *loop, int client_fd, int container_fd) {
        static const int on = 1;
        Connection *c = g_new0(Connection, 1);
        c->event.kind = EVENT_CONNECTION;
        c->client_fd = client_fd;
        c->container_fd = container_fd;
        c->up.pipe[0] = c->up.pipe[1] = c->down.pipe[0] = c->down.pipe[1] = -1;
        loop->n_connections++;
        (void) setsockopt(client_fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        (void) setsockopt(client_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void) setsockopt(container_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const uint32_t events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        if (pump_open(&c->up) < 0 || pump_open(&c->down) < 0 ||
            !watch(loop, client_fd, events, c, NULL) || !watch(loop, container_fd, events, c, NULL))
                connection_end(loop, c, true);
        else
                connection_run(loop, c);
}

static void drop_target(Loop *loop) {
        dialer_close(&loop->dialer);
        fd_close(&loop->target_fd); /* leaves the epoll set by that */
}

static bool ensure_target(Loop *loop) {
        if (loop->target_fd >= 0)
                return true;
        autofd int fd = loop->target->open(loop->target->data);
        if (fd < 0 || dialer_open(&loop->dialer, fd) < 0)
                return false;
        if (!watch(loop, fd, EPOLLIN, &loop->gone, NULL)) {
                dialer_close(&loop->dialer);
                return false;
        }
        loop->target_fd = fd_steal(&fd);
        loop->down_usec = 0;
        return true;
}

static bool is_waiting(int fd) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        return poll(&p, 1, 0) > 0;
}

static void on_alarm(int signal_number) {
}

/* The socket is shared with the payload, and so is whether it blocks: where another one takes the
 * connection in between, a signal ends the wait. */
static int accept_now(int fd) {
        const struct itimerval soon = { .it_value = { 0, ACCEPT_USEC },
                                        .it_interval = { 0, ACCEPT_USEC } };
        const struct itimerval never = { 0 };
        bool blocks = !(fcntl(fd, F_GETFL) & O_NONBLOCK);
        if (blocks)
                (void) setitimer(ITIMER_REAL, &soon, NULL);
        int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (blocks)
                (void) setitimer(ITIMER_REAL, &never, NULL);
        return client;
}

static void ask_for_start(Loop *loop) {
        gint64 now = g_get_monotonic_time();
        if (now - loop->start_usec < START_USEC || !loop->target->is_down(loop->target->data))
                return;
        loop->start_usec = now;
        loop->target->start(loop->target->data);
}

static void serve_listener(Loop *loop, const ForwardListener *listener) {
        if (!is_waiting(listener->fd))
                return; /* the payload has taken it */
        loop->active_usec = g_get_monotonic_time();
        if (!ensure_target(loop)) {
                ask_for_start(loop);
                look(loop, false);
                return;
        }
        autofd int container_fd = loop->n_connections < FORWARD_CONNECTIONS_MAX
                                                  ? dialer_connect(&loop->dialer, listener->port)
                                                  : -EMFILE;
        if (container_fd < 0) {
                if (container_fd == -EPIPE)
                        drop_target(loop);
                look(loop, false);
                return;
        }
        autofd int client_fd = accept_now(listener->fd);
        if (client_fd >= 0)
                connection_begin(loop, fd_steal(&client_fd), fd_steal(&container_fd));
}

static unsigned int bound_port(int fd) {
        struct sockaddr_in6 own = { 0 }; /* the port is where sockaddr_in has it */
        socklen_t size = sizeof own;
        return getsockname(fd, (struct sockaddr *) &own, &size) == 0 ? ntohs(own.sin6_port) : 0;
}

/* A line of proc_pid_net(5) that is a connection to one of our ports. */
static bool is_peer(const Loop *loop, const char *line) {
        unsigned int port, state;
        if (sscanf(line, " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &port, &state) != 2 ||
            (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT))
                return false;
        for (size_t i = 0; i < loop->n_listeners; i++)
                if (bound_port(loop->listeners[i].fd) == port)
                        return true;
        return false;
}

/* Of payloads that accept by themselves this is all that we see. */
static bool has_peers(const Loop *loop) {
        static const char *const tables[] = { "/proc/self/net/tcp", "/proc/self/net/tcp6" };
        bool found = false;
        for (size_t t = 0; t < G_N_ELEMENTS(tables) && !found; t++) {
                g_autofree char *text = NULL;
                if (!g_file_get_contents(tables[t], &text, NULL, NULL))
                        continue;
                g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
                for (char **line = lines; *line && !found; line++)
                        found = is_peer(loop, *line);
        }
        return found;
}

static bool is_idle(const Loop *loop, gint64 now) {
        return loop->idle_usec > 0 && loop->n_connections == 0 &&
               (guint64) (now - loop->active_usec) >= loop->idle_usec;
}

static bool anybody_waits(const Loop *loop) {
        for (size_t i = 0; i < loop->n_listeners; i++)
                if (is_waiting(loop->listeners[i].fd))
                        return true;
        return false;
}

static void tick(Loop *loop) {
        gint64 now = g_get_monotonic_time();
        if (ensure_target(loop)) {
                if (!is_idle(loop, now) || anybody_waits(loop))
                        return;
                if (has_peers(loop))
                        loop->active_usec = now;
                else
                        loop->done = loop->target->stop(loop->target->data);
                return;
        }
        if (anybody_waits(loop) || !loop->target->is_down(loop->target->data))
                loop->down_usec = 0;
        else if (loop->down_usec == 0)
                loop->down_usec = now;
        else if (now - loop->down_usec >= LINGER_USEC)
                loop->done = loop->n_connections == 0;
}

static void handle(Loop *loop, Event *event) {
        uint64_t times;
        switch (event->kind) {
        case EVENT_LISTENER:
                serve_listener(loop, &loop->listeners[event - loop->events]);
                break;
        case EVENT_CONNECTION:
                connection_run(loop, (Connection *) event);
                break;
        case EVENT_RETRY:
                (void) fd_read_full(loop->retry_fd, &times, sizeof times); /* to make it quiet */
                look(loop, true);
                break;
        case EVENT_TICK:
                (void) fd_read_full(loop->tick_fd, &times, sizeof times);
                tick(loop);
                break;
        case EVENT_TARGET:
                drop_target(loop);
                break;
        }
}

static bool prepare(Loop *loop, GError **error) {
        const struct sigaction alarm_action = { .sa_handler = on_alarm }; /* without SA_RESTART */
        struct rlimit files;
        if (sigaction(SIGALRM, &alarm_action, NULL) < 0)
                return error_set_errno(error, errno, "Cannot catch SIGALRM");
        (void) signal(SIGPIPE, SIG_IGN);
        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur =
                                MIN(files.rlim_max,
                                    FORWARD_CONNECTIONS_MAX * FDS_PER_CONNECTION + 1024);
                (void) setrlimit(RLIMIT_NOFILE, &files); /* fewer connections, then */
        }
        loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        loop->retry_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        loop->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (loop->epoll_fd < 0 || loop->retry_fd < 0 || loop->tick_fd < 0)
                return error_set_errno(error, errno, "Cannot set up the event loop");
        set_timer(loop->tick_fd, TICK_USEC, TICK_USEC);
        for (size_t i = 0; i < loop->n_listeners; i++)
                if (!watch(loop, loop->listeners[i].fd, EPOLLIN, &loop->events[i], error))
                        return false;
        return watch(loop, loop->retry_fd, EPOLLIN, &loop->retry, error) &&
               watch(loop, loop->tick_fd, EPOLLIN, &loop->tick, error);
}

static bool run(Loop *loop, GError **error) {
        struct epoll_event events[EVENTS_MAX];
        if (!prepare(loop, error))
                return false;
        (void) ensure_target(loop); /* else with the first connection, or the next tick */
        while (!loop->done) {
                int n = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, -1);
                if (n < 0 && errno != EINTR)
                        return error_set_errno(error, errno, "Cannot wait for events");
                for (int i = 0; i < n; i++)
                        handle(loop, events[i].data.ptr);
                g_ptr_array_set_size(loop->over, 0);
        }
        return true;
}

bool forward_run(
                const ForwardListener *listeners,
                size_t n,
                const ForwardTarget *target,
                uint64_t idle_usec,
                GError **error) {
        g_autofree Event *events = g_new0(Event, n);
        Loop loop = {
                .listeners = listeners,
                .n_listeners = n,
                .target = target,
                .idle_usec = idle_usec,
                .events = events,
                .retry.kind = EVENT_RETRY,
                .tick.kind = EVENT_TICK,
                .gone.kind = EVENT_TARGET,
                .epoll_fd = -1,
                .retry_fd = -1,
                .tick_fd = -1,
                .target_fd = -1,
                .dialer = { -1, -1 },
                .over = g_ptr_array_new_with_free_func(connection_free),
                .active_usec = g_get_monotonic_time(),
        };
        bool good = run(&loop, error);
        drop_target(&loop);
        fd_close(&loop.epoll_fd);
        fd_close(&loop.retry_fd);
        fd_close(&loop.tick_fd);
        g_ptr_array_unref(loop.over);
        return good;
}
