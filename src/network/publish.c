/* SPDX-License-Identifier: Apache-2.0 */
/* One event loop: listeners, connections (two sockets and two pumps each), sessions of datagrams (a
 * socket for each client, forgotten when idle). */
#include "network/publish.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/pump.h"
#include "network/port.h"

#define CONNECTIONS_MAX    4096
#define SESSIONS_MAX       1024
#define SESSION_IDLE_USEC  (90 * G_USEC_PER_SEC)
#define TICK_MSEC          10000
#define EVENTS_MAX         64
#define DATAGRAM_SIZE      65536
#define DATAGRAMS_IN_A_ROW 64
#define FDS_PER_CONNECTION 6

typedef union Address {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
} Address;

typedef struct PublishListener {
        int fd;
        int protocol;
        uint16_t port; /* of the container */
} PublishListener;

typedef enum EventKind {
        EVENT_LISTENER,
        EVENT_CONNECTION,
        EVENT_SESSION,
        EVENT_END
} EventKind;

typedef struct Event { /* first member of what epoll(7) gives back */
        EventKind kind;
} Event;

typedef struct ListenerEvent {
        Event event;
        const PublishListener *listener;
} ListenerEvent;

typedef struct Connection {
        Event event;
        int client_fd, container_fd;
        Pump up, down;
        bool connecting, over;
} Connection;

/* Where a client's datagrams come from and go to: the key of a session. */
typedef struct Peer {
        int listener_fd;
        Address client;
        struct in6_pktinfo local; /* the host's address that it used; IPv4: in its first bytes */
} Peer;

typedef struct Session {
        Event event;
        Peer peer;
        int fd;
        gint64 active_usec;
        bool over;
} Session;

typedef struct Loop {
        const PublishTarget *target;
        int epoll_fd;
        unsigned int n_connections;
        GHashTable *sessions; /* of Session by &session->peer; not owned */
        GPtrArray *over;      /* of Event: freed after the batch that they may occur in twice */
        GPtrArray *listeners; /* of ListenerEvent, owned */
        char datagram[DATAGRAM_SIZE];
} Loop;

static void close_listener(gpointer data) {
        fd_close(&((PublishListener *) data)->fd);
}

static bool listen_on(GArray *listeners, const PortMapping *m, unsigned int step, GError **error) {
        static const int families[] = { AF_INET, AF_INET6 };
        for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
                static const int on = 1;
                if (m->host.family && m->host.family != families[i])
                        continue;
                int fd = ports_listen(m, families[i], step, error);
                if (fd == -EAFNOSUPPORT)
                        continue;
                if (fd < 0)
                        return false;
                const PublishListener listener = { fd, m->protocol,
                                                   (uint16_t) (m->container_port + step) };
                g_array_append_val(listeners, listener);
                bool v4 = families[i] == AF_INET;
                if (m->protocol == IPPROTO_UDP)
                        (void) setsockopt(
                                        fd, v4 ? SOL_IP : SOL_IPV6,
                                        v4 ? IP_PKTINFO : IPV6_RECVPKTINFO, &on, sizeof on);
        }
        return true;
}

GArray *publish_bind(const GArray *mappings, GError **error) {
        g_autoptr(GArray) listeners = g_array_new(FALSE, TRUE, sizeof(PublishListener));
        g_array_set_clear_func(listeners, close_listener);
        for (guint i = 0; i < mappings->len; i++) {
                const PortMapping *m = &g_array_index(mappings, PortMapping, i);
                if (m->protocol == IPPROTO_SCTP) {
                        error_set_invalid(
                                        error, "SCTP ports of an unprivileged user's container "
                                               "cannot be published");
                        return NULL;
                }
                for (unsigned int step = 0; step < m->count; step++)
                        if (!listen_on(listeners, m, step, error))
                                return NULL;
        }
        return g_steal_pointer(&listeners);
}

void publish_add_fds(const GArray *listeners, GArray *fds) {
        for (guint i = 0; i < listeners->len; i++)
                g_array_append_val(fds, g_array_index(listeners, PublishListener, i).fd);
}

static bool watch(const Loop *loop, int fd, uint32_t events, void *event) {
        struct epoll_event e = { .events = events, .data.ptr = event };
        return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0;
}

static bool is_loopback(const Address *a) {
        return a->any.sa_family == AF_INET ? ntohl(a->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
                                           : IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

static socklen_t address_size(const Address *a) {
        return a->any.sa_family == AF_INET ? sizeof a->v4 : sizeof a->v6;
}

/* The client's address as the source. What is not possible goes with our own: loopback, which no
 * bridge carries, link-local, or a client of the other family. */
static void take_source(int fd, const Address *client) {
        static const int on = 1;
        static const unsigned int mark = PUBLISH_SOCKET_MARK;
        Address source = *client;
        bool v4 = client->any.sa_family == AF_INET;
        if (is_loopback(client) || (!v4 && IN6_IS_ADDR_LINKLOCAL(&client->v6.sin6_addr)))
                return;
        if (v4)
                source.v4.sin_port = 0;
        else
                source.v6.sin6_port = 0;
        if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) < 0 ||
            setsockopt(fd, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT, &on,
                       sizeof on) < 0)
                return;
        (void) setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        (void) bind(fd, &source.any, address_size(&source));
}

static int connect_container(const Loop *loop, const Address *client, int type, uint16_t port) {
        bool v6 = client->any.sa_family == AF_INET6 && loop->target->address[1].family;
        const IpAddress *to = &loop->target->address[v6 || !loop->target->address[0].family];
        Address address = { 0 };
        if (!to->family)
                return -EADDRNOTAVAIL;
        address.any.sa_family = (sa_family_t) to->family;
        if (to->family == AF_INET) {
                memcpy(&address.v4.sin_addr, to->bytes, 4);
                address.v4.sin_port = htons(port);
        } else {
                memcpy(&address.v6.sin6_addr, to->bytes, 16);
                address.v6.sin6_port = htons(port);
        }
        autofd int fd = socket(to->family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (client->any.sa_family == to->family && !loop->target->keeps_own)
                take_source(fd, client);
        if (connect(fd, &address.any, address_size(&address)) < 0 && errno != EINPROGRESS)
                return -errno;
        return fd_steal(&fd);
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

static bool is_connected(Connection *c, bool *ret_broken) {
        struct pollfd p = { .fd = c->container_fd, .events = POLLOUT };
        int failure = 0;
        socklen_t size = sizeof failure;
        if (c->connecting && poll(&p, 1, 0) > 0) {
                c->connecting = false;
                *ret_broken = getsockopt(c->container_fd, SOL_SOCKET, SO_ERROR, &failure, &size) <
                                              0 ||
                              failure != 0;
        }
        return !c->connecting;
}

static void connection_run(Loop *loop, Connection *c) {
        bool broken = false;
        if (c->over || !is_connected(c, &broken))
                return;
        int r = broken ? -ECONNREFUSED : pump_run(&c->up, c->client_fd, c->container_fd);
        if (r >= 0)
                r = pump_run(&c->down, c->container_fd, c->client_fd);
        if (r < 0 || (c->up.shut && c->down.shut))
                connection_end(loop, c, r < 0);
}

static void serve_stream(Loop *loop, const PublishListener *listener) {
        static const int on = 1;
        Address client = { 0 };
        socklen_t size = sizeof client;
        int client_fd = accept4(listener->fd, &client.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client_fd < 0)
                return;
        Connection *c = g_new0(Connection, 1);
        c->event.kind = EVENT_CONNECTION;
        c->client_fd = client_fd;
        c->up.pipe[0] = c->up.pipe[1] = c->down.pipe[0] = c->down.pipe[1] = -1;
        c->connecting = true;
        c->container_fd = loop->n_connections < CONNECTIONS_MAX
                                          ? connect_container(
                                                            loop, &client, SOCK_STREAM,
                                                            listener->port)
                                          : -EMFILE;
        loop->n_connections++;
        (void) setsockopt(client_fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        (void) setsockopt(client_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const uint32_t events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        if (c->container_fd < 0 || pump_open(&c->up) < 0 || pump_open(&c->down) < 0 ||
            !watch(loop, client_fd, events, c) || !watch(loop, c->container_fd, events, c)) {
                connection_end(loop, c, true);
                return;
        }
        (void) setsockopt(c->container_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connection_run(loop, c);
}

static guint peer_hash(gconstpointer key) {
        const unsigned char *bytes = key;
        guint hash = 5381;
        for (size_t i = 0; i < sizeof(Peer); i++)
                hash = hash * 33 + bytes[i];
        return hash;
}

static gboolean peer_equal(gconstpointer a, gconstpointer b) {
        return memcmp(a, b, sizeof(Peer)) == 0;
}

static void session_end(Loop *loop, Session *s) {
        if (s->over)
                return;
        s->over = true;
        (void) g_hash_table_remove(loop->sessions, &s->peer);
        g_ptr_array_add(loop->over, s);
}

static Session *
session_begin(Loop *loop, const PublishListener *listener, const Peer *peer, int *ret_errno) {
        int fd = g_hash_table_size(loop->sessions) < SESSIONS_MAX
                                 ? connect_container(
                                                   loop, &peer->client, SOCK_DGRAM, listener->port)
                                 : -EMFILE;
        *ret_errno = fd;
        if (fd < 0)
                return NULL;
        Session *s = g_new0(Session, 1);
        s->event.kind = EVENT_SESSION;
        s->peer = *peer;
        s->fd = fd;
        (void) g_hash_table_insert(loop->sessions, &s->peer, s);
        if (!watch(loop, fd, EPOLLIN, s))
                session_end(loop, s);
        return s;
}

/* The host's address that a datagram was sent to: the answer comes from there. */
static void take_local(struct msghdr *message, Peer *peer) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_PKTINFO) {
                        struct in_pktinfo info;
                        memcpy(&info, CMSG_DATA(c), sizeof info);
                        memcpy(&peer->local.ipi6_addr, &info.ipi_addr, 4);
                } else if (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
                        memcpy(&peer->local, CMSG_DATA(c), sizeof peer->local);
                }
        }
}

static bool take_datagram(Loop *loop, const PublishListener *listener) {
        Peer peer = { .listener_fd = listener->fd };
        struct iovec vector = { loop->datagram, sizeof loop->datagram };
        char control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
        struct msghdr message = {
                .msg_name = &peer.client,
                .msg_namelen = sizeof peer.client,
                .msg_iov = &vector,
                .msg_iovlen = 1,
                .msg_control = control,
                .msg_controllen = sizeof control,
        };
        int r;
        ssize_t n = recvmsg(listener->fd, &message, MSG_DONTWAIT);
        if (n < 0)
                return false;
        take_local(&message, &peer);
        Session *s = g_hash_table_lookup(loop->sessions, &peer);
        if (!s)
                s = session_begin(loop, listener, &peer, &r);
        if (!s)
                return true; /* lost, as datagrams may be */
        s->active_usec = g_get_monotonic_time();
        (void) send(s->fd, loop->datagram, (size_t) n, MSG_DONTWAIT);
        return true;
}

static void answer_datagram(const Session *s, char *bytes, size_t size) {
        struct iovec vector = { bytes, size };
        char control[CMSG_SPACE(sizeof(struct in6_pktinfo))] = { 0 };
        struct msghdr message = {
                .msg_name = (void *) &s->peer.client,
                .msg_namelen = address_size(&s->peer.client),
                .msg_iov = &vector,
                .msg_iovlen = 1,
                .msg_control = control,
                .msg_controllen = sizeof control,
        };
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        if (s->peer.client.any.sa_family == AF_INET) {
                struct in_pktinfo info = { 0 };
                memcpy(&info.ipi_spec_dst, &s->peer.local.ipi6_addr, 4);
                c->cmsg_level = SOL_IP;
                c->cmsg_type = IP_PKTINFO;
                c->cmsg_len = CMSG_LEN(sizeof info);
                message.msg_controllen = CMSG_SPACE(sizeof info);
                memcpy(CMSG_DATA(c), &info, sizeof info);
        } else {
                c->cmsg_level = SOL_IPV6;
                c->cmsg_type = IPV6_PKTINFO;
                c->cmsg_len = CMSG_LEN(sizeof s->peer.local);
                memcpy(CMSG_DATA(c), &s->peer.local, sizeof s->peer.local);
        }
        (void) sendmsg(s->peer.listener_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void session_run(Loop *loop, Session *s) {
        if (s->over)
                return;
        for (int i = 0; i < DATAGRAMS_IN_A_ROW; i++) {
                ssize_t n = recv(s->fd, loop->datagram, sizeof loop->datagram, MSG_DONTWAIT);
                if (n < 0)
                        return; /* ECONNREFUSED, too: the next datagram may find somebody */
                s->active_usec = g_get_monotonic_time();
                answer_datagram(s, loop->datagram, (size_t) n);
        }
}

static void drop_idle(Loop *loop) {
        gint64 now = g_get_monotonic_time();
        g_autoptr(GList) all = g_hash_table_get_values(loop->sessions);
        for (GList *at = all; at; at = at->next) {
                Session *s = at->data;
                if (now - s->active_usec > SESSION_IDLE_USEC)
                        session_end(loop, s);
        }
}

static void event_free(gpointer data) {
        Event *event = data;
        if (event->kind == EVENT_CONNECTION) {
                Connection *c = data;
                fd_close(&c->client_fd);
                fd_close(&c->container_fd);
                pump_close(&c->up);
                pump_close(&c->down);
        } else {
                fd_close(&((Session *) data)->fd);
        }
        g_free(data);
}

static void handle(Loop *loop, Event *event) {
        if (event->kind == EVENT_CONNECTION) {
                connection_run(loop, (Connection *) event);
        } else if (event->kind == EVENT_SESSION) {
                session_run(loop, (Session *) event);
        } else if (event->kind == EVENT_LISTENER) {
                const PublishListener *listener = ((ListenerEvent *) event)->listener;
                if (listener->protocol != IPPROTO_UDP)
                        serve_stream(loop, listener);
                for (int i = 0; listener->protocol == IPPROTO_UDP && i < DATAGRAMS_IN_A_ROW; i++)
                        if (!take_datagram(loop, listener))
                                break;
        }
}

static int run(Loop *loop) {
        static Event end = { EVENT_END };
        struct epoll_event events[EVENTS_MAX];
        if (!watch(loop, loop->target->pid_fd, EPOLLIN, &end))
                return -errno;
        for (gint64 tick = g_get_monotonic_time();;) {
                int n = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, TICK_MSEC);
                if (n < 0 && errno != EINTR)
                        return -errno;
                for (int i = 0; i < n; i++) {
                        Event *event = events[i].data.ptr;
                        if (event->kind == EVENT_END)
                                return 0;
                        handle(loop, event);
                }
                if (g_get_monotonic_time() - tick > TICK_MSEC * 1000) {
                        drop_idle(loop);
                        tick = g_get_monotonic_time();
                }
                g_ptr_array_set_size(loop->over, 0);
        }
}

int publish_serve(const GArray *listeners, const PublishTarget *target) {
        struct rlimit files;
        (void) signal(SIGPIPE, SIG_IGN);
        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = MIN(files.rlim_max, CONNECTIONS_MAX * FDS_PER_CONNECTION + 2048);
                (void) setrlimit(RLIMIT_NOFILE, &files); /* fewer connections, then */
        }
        g_autofree Loop *loop = g_new0(Loop, 1);
        loop->target = target;
        loop->sessions = g_hash_table_new(peer_hash, peer_equal);
        loop->over = g_ptr_array_new_with_free_func(event_free);
        loop->listeners = g_ptr_array_new_with_free_func(g_free);
        loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        int r = loop->epoll_fd < 0 ? -errno : 0;
        for (guint i = 0; i < listeners->len && r >= 0; i++) {
                ListenerEvent *event = g_new0(ListenerEvent, 1);
                event->event.kind = EVENT_LISTENER;
                event->listener = &g_array_index(listeners, PublishListener, i);
                g_ptr_array_add(loop->listeners, event);
                if (!watch(loop, event->listener->fd, EPOLLIN, event))
                        r = -errno;
        }
        if (r >= 0)
                r = run(loop);
        g_ptr_array_unref(loop->over);
        g_ptr_array_unref(loop->listeners);
        g_hash_table_unref(loop->sessions);
        fd_close(&loop->epoll_fd);
        return r;
}
