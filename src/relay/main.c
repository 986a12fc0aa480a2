/* SPDX-License-Identifier: Apache-2.0 */
/* berth-relay: the one log relay of a service manager.
 *
 * Launchers connect to its socket (SOCK_SEQPACKET, socket-activated, mode 0600), send the journal
 * fields of a container with the read ends of its two output pipes, and get "OK" once both are in
 * the manager's fd store (sd_pid_notify_with_fds(3), FDSTORE=1). From then on a crash, a kill -9 or
 * an upgrade of this program loses no line and stops no container: the manager starts it again with
 * all pipes, and their writers at most wait. It ends by itself when there is nothing to relay. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/fd.h"
#include "relay/stream.h"

#define STREAMS_MAX      16384
#define IDLE_EXIT_MSEC   30000
#define MESSAGE_SIZE_MAX 2900
#define FDS_MAX          4
#define ATTACH           "ATTACH=" /* messages of relay-client.h that hand nothing over */
#define CLOSE            "CLOSE="

typedef struct Relay {
        int epoll_fd;
        int listen_fd;
        int signal_fd;
        int dir_fd;
        int scratch[2];
        Stream **streams; /* a slot per stream, NULL when free */
        size_t n_slots;
        size_t n_streams;
} Relay;

static int watch(Relay *relay, int fd, void *data, uint32_t events) {
        struct epoll_event event = { .events = events, .data.ptr = data };
        return epoll_ctl(relay->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static Stream **free_slot(Relay *relay) {
        for (size_t i = 0; i < relay->n_slots; i++)
                if (!relay->streams[i])
                        return &relay->streams[i];
        if (relay->n_slots == STREAMS_MAX)
                return NULL;
        size_t larger = relay->n_slots ? relay->n_slots * 2 : 64;
        Stream **streams = realloc(relay->streams, larger * sizeof *streams);
        if (!streams)
                return NULL;
        memset(streams + relay->n_slots, 0, (larger - relay->n_slots) * sizeof *streams);
        relay->streams = streams;
        Stream **slot = streams + relay->n_slots;
        relay->n_slots = larger;
        return slot;
}

static void forget(Relay *relay, Stream *stream) {
        char message[96];
        snprintf(message, sizeof message, "FDSTOREREMOVE=1\nFDNAME=%s", stream->name);
        (void) sd_notify(
                        0,
                        message); /* an entry left behind ends at its end of file, FDPOLL aside */
        for (size_t i = 0; i < relay->n_slots; i++)
                if (relay->streams[i] == stream)
                        relay->streams[i] = NULL;
        relay->n_streams--;
        stream_destroy(stream, relay->dir_fd);
        free(stream);
}

static void drain(Relay *relay, Stream *stream) {
        int r = stream_drain(stream, relay->scratch);
        if (r == 0)
                return;
        if (r < 0)
                fprintf(stderr, SD_ERR "Cannot relay '%s': %s\n", stream->name, strerror(-r));
        forget(relay, stream);
}

/* Edge-triggered: an unfinished line in the pipe must not wake us again until more comes. */
static int add_stream(Relay *relay, Stream *stream) {
        Stream **slot = free_slot(relay);
        if (!slot)
                return -ENOSPC;
        int r = watch(relay, stream->fd, stream, (stream->is_input ? 0 : EPOLLIN) | EPOLLET);
        if (r < 0)
                return r;
        *slot = stream;
        relay->n_streams++;
        return 0;
}

static int store_fd(const Stream *stream) {
        char message[96];
        snprintf(message, sizeof message, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", stream->name);
        const int fds[2] = { stream->fd, stream->file_fd };
        int r = sd_pid_notify_with_fds(0, 0, message, fds, stream->file_fd >= 0 ? 2 : 1);
        return r < 0 ? r : 0;
}

static int accept_stream(Relay *relay, const char *fields, int priority, int *fd, int file_fd) {
        uint64_t random_bits;
        char name[48];
        if (getrandom(&random_bits, sizeof random_bits, 0) != sizeof random_bits)
                return -EIO;
        snprintf(name, sizeof name, "stream-%016llx", (unsigned long long) random_bits);
        Stream *stream = calloc(1, sizeof *stream);
        if (!stream)
                return -ENOMEM;
        int r = stream_create(stream, relay->dir_fd, name, fields, priority, *fd);
        if (r < 0) {
                free(stream);
                return r;
        }
        *fd = -1;
        if (file_fd >= 0) {
                int copy = fcntl(file_fd, F_DUPFD_CLOEXEC, 3);
                if (copy >= 0)
                        stream_set_file(stream, copy);
                r = copy >= 0 ? 0 : -errno;
        }
        if (r >= 0)
                r = store_fd(stream);
        if (r >= 0)
                r = add_stream(relay, stream);
        if (r < 0) {
                stream_destroy(stream, relay->dir_fd);
                free(stream);
        }
        return r;
}

/* Only the manager's own user may add streams: the socket's mode says so, and this says it again.
 */
static int check_peer(int fd) {
        struct ucred peer;
        socklen_t size = sizeof peer;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return -errno;
        return peer.uid == geteuid() || peer.uid == 0 ? 0 : -EPERM;
}

/* One terminal, or two pipes, for tee(2) works on pipes only, and perhaps that to the standard
 * input; then perhaps a file. */
static int
check_sources(const int fds[FDS_MAX], size_t n_fds, size_t *ret_sources, int *ret_file_fd) {
        struct stat st[FDS_MAX];
        for (size_t i = 0; i < n_fds; i++)
                if (fstat(fds[i], &st[i]) < 0)
                        return -errno;
        bool has_file = n_fds > 1 && S_ISREG(st[n_fds - 1].st_mode);
        size_t n = n_fds - (has_file ? 1 : 0);
        if (!(n == 1 && S_ISCHR(st[0].st_mode)) &&
            !((n == 2 || (n == 3 && S_ISFIFO(st[2].st_mode))) && S_ISFIFO(st[0].st_mode) &&
              S_ISFIFO(st[1].st_mode)))
                return -EINVAL;
        *ret_sources = n;
        *ret_file_fd = has_file ? fds[n_fds - 1] : -1;
        return 0;
}

static void close_all(int fds[FDS_MAX]) {
        for (int i = 0; i < FDS_MAX; i++)
                fd_close(&fds[i]);
}

/* Where to write a container's input. */
static Stream *find_input(const Relay *relay, const char *id) {
        for (size_t i = 0; i < relay->n_slots; i++) {
                Stream *stream = relay->streams[i];
                if (stream && (stream->is_console || stream->is_input) && stream_is_of(stream, id))
                        return stream;
        }
        return NULL;
}

/* Sends a copy of the input's end, and shows a terminal's output on the pipe that came. */
static int attach_client(Relay *relay, int fd, const char *id, int fds[FDS_MAX], size_t n_fds) {
        Stream *stream = find_input(relay, id);
        int r = stream && n_fds == 1 ? 0 : stream ? -EINVAL : -ENOENT;
        if (r >= 0)
                r = fd_send(fd, "FD", 2, &stream->fd, 1);
        if (r >= 0 && stream->is_console) {
                stream_set_client(stream, fds[0]);
                fds[0] = -1;
        }
        close_all(fds);
        return r;
}

/* The client's input is at its end, and so is the container's; not that of a terminal. */
static int close_input(Relay *relay, const char *id, int fds[FDS_MAX], size_t n_fds) {
        Stream *stream = find_input(relay, id);
        close_all(fds);
        if (n_fds > 0 || !stream || !stream->is_input)
                return -EINVAL;
        forget(relay, stream);
        return 0;
}

static int serve(Relay *relay, int fd) {
        char fields[MESSAGE_SIZE_MAX + 1];
        int fds[FDS_MAX] = { -1, -1, -1, -1 }, file_fd = -1;
        size_t n_fds = 0, n_sources = 0;
        int r = check_peer(fd);
        if (r < 0)
                return r;
        ssize_t n = fd_receive(fd, fields, MESSAGE_SIZE_MAX, fds, FDS_MAX, &n_fds);
        if (n < 0)
                return (int) n;
        fields[n] = '\0';
        r = n > 0 && strlen(fields) == (size_t) n ? 0 : -EINVAL;
        if (r >= 0 && strncmp(fields, ATTACH, sizeof ATTACH - 1) == 0)
                return attach_client(relay, fd, fields + sizeof ATTACH - 1, fds, n_fds);
        if (r >= 0 && strncmp(fields, CLOSE, sizeof CLOSE - 1) == 0)
                return close_input(relay, fields + sizeof CLOSE - 1, fds, n_fds);
        if (r >= 0)
                r = n_fds == 0 ? -EINVAL : check_sources(fds, n_fds, &n_sources, &file_fd);
        for (size_t i = 0; i < n_sources && r >= 0; i++)
                r = accept_stream(relay, fields, i == 0 ? 6 : 3, &fds[i], file_fd);
        close_all(fds);
        return r;
}

static void handle_connection(Relay *relay) {
        autofd int fd = accept4(relay->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
                return;
        /* a launcher sends at once; one that does not may not hold up the lines of the others */
        const struct timeval patience = { .tv_sec = 2 };
        (void) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        int r = serve(relay, fd);
        /* the manager must have stored the descriptors before the launcher may go away */
        if (r >= 0)
                r = sd_notify_barrier(0, 5000000);
        const char *answer = r >= 0 ? "OK" : strerror(-r);
        (void) send(fd, answer, strlen(answer), MSG_NOSIGNAL); /* it may have died */
}

static bool is_regular(int fd) {
        struct stat st;
        return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* A file has the name of the stream whose lines go there. */
static void give_file(Relay *relay, const char *name, int fd) {
        for (size_t i = 0; i < relay->n_slots; i++)
                if (relay->streams[i] && strcmp(relay->streams[i]->name, name) == 0) {
                        stream_set_file(relay->streams[i], fd);
                        return;
                }
        close(fd);
}

/* What the manager kept for us: the listening socket and the pipes by name. */
static int take_inherited(Relay *relay) {
        char **names = NULL;
        int n = sd_listen_fds_with_names(1, &names);
        for (int i = 0; i < n; i++) {
                int fd = SD_LISTEN_FDS_START + i;
                if (sd_is_socket(fd, AF_UNIX, SOCK_SEQPACKET, 1) > 0) {
                        relay->listen_fd = fd;
                        continue;
                }
                if (is_regular(fd))
                        continue; /* of a stream, below */
                Stream *stream = calloc(1, sizeof *stream);
                int r = stream ? stream_restore(stream, relay->dir_fd, names[i], fd) : -ENOMEM;
                if (r >= 0)
                        r = add_stream(relay, stream);
                if (r < 0) {
                        fprintf(stderr, SD_WARNING "Cannot take over '%s': %s\n", names[i],
                                strerror(-r));
                        close(fd);
                        free(stream);
                }
        }
        for (int i = 0; i < n; i++)
                if (is_regular(SD_LISTEN_FDS_START + i))
                        give_file(relay, names[i], SD_LISTEN_FDS_START + i);
        for (int i = 0; names && i < n; i++)
                free(names[i]);
        free(names);
        return relay->listen_fd >= 0 ? 0 : -ENOTCONN;
}

static int open_all(Relay *relay) {
        const char *dir = getenv("RUNTIME_DIRECTORY");
        if (!dir)
                return -ENOENT;
        relay->dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (relay->dir_fd < 0)
                return -errno;
        relay->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (relay->epoll_fd < 0 || pipe2(relay->scratch, O_CLOEXEC) < 0)
                return -errno;
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigset_t broken;
        sigemptyset(&broken);
        sigaddset(&broken, SIGPIPE);
        (void) sigprocmask(SIG_BLOCK, &broken, NULL); /* a client that left */
        (void) sigprocmask(SIG_BLOCK, &signals, NULL);
        relay->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
        if (relay->signal_fd < 0)
                return -errno;
        int r = take_inherited(relay);
        if (r >= 0)
                r = watch(relay, relay->listen_fd, &relay->listen_fd, EPOLLIN);
        if (r >= 0)
                r = watch(relay, relay->signal_fd, &relay->signal_fd, EPOLLIN);
        return r;
}

static void drain_all(Relay *relay) {
        for (size_t i = 0; i < relay->n_slots; i++)
                if (relay->streams[i])
                        drain(relay, relay->streams[i]);
}

static int run(Relay *relay) {
        drain_all(relay); /* what came while nobody was here has no edge to wake us */
        for (;;) {
                struct epoll_event event;
                int n =
                                epoll_wait(relay->epoll_fd, &event, 1,
                                           relay->n_streams > 0 ? -1 : IDLE_EXIT_MSEC);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0 || event.data.ptr == &relay->signal_fd)
                        return 0; /* idle, or stopped: the pipes stay with the manager */
                if (event.data.ptr == &relay->listen_fd)
                        handle_connection(relay);
                else
                        drain(relay, event.data.ptr);
        }
}

int main(void) {
        Relay relay = { .epoll_fd = -1, .listen_fd = -1, .signal_fd = -1, .dir_fd = -1 };
        int r = open_all(&relay);
        if (r >= 0) {
                (void) sd_notify(0, "READY=1");
                r = run(&relay);
        }
        if (r < 0) {
                fprintf(stderr, SD_ERR "berth-relay: %s\n", strerror(-r));
                return EXIT_FAILURE;
        }
        (void) sd_notify(0, "STOPPING=1");
        return EXIT_SUCCESS;
}
