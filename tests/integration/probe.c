/* SPDX-License-Identifier: Apache-2.0 */
/* What a container sees, from within: a static program that the tests bind into containers.
 *   probe notify TEXT...   sends each TEXT to $NOTIFY_SOCKET
 *   probe notify-wait TEXT sends, then sleeps
 *   probe lines COUNT RATE writes "line N ...", RATE a second (0: as fast as it goes)
 *   probe fds              open descriptors, one a line
 *   probe term STATUS      ends with STATUS on SIGTERM
 *   probe who PORT TEXT    answers on TCP (as HTTP) and UDP with "TEXT ADDRESS", the peer's address
 *   probe held TEXT        the same on the TCP sockets that systemd passed, sd_listen_fds(3), until
 * SIGTERM probe ask HOST PORT    asks that over UDP until an answer comes, for 10 seconds at most
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int term_status;

static int notify(const char *text) {
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
        if (!path || fd < 0)
                return 1;
        strncpy(address.sun_path, path, sizeof address.sun_path - 1);
        if (sendto(fd, text, strlen(text), 0, (struct sockaddr *) &address, sizeof address) < 0) {
                perror("sendto");
                return 1;
        }
        close(fd);
        return 0;
}

static int lines(long count, long rate) {
        char line[128];
        struct timespec start, now;
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (long i = 1; i <= count; i++) {
                int n =
                                snprintf(line, sizeof line, "line %ld %s\n", i,
                                         "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
                for (int at = 0; at < n;) {
                        ssize_t w = write(1, line + at, (size_t) (n - at));
                        if (w < 0)
                                return 1;
                        at += (int) w;
                }
                if (rate > 0 && i % 100 == 0)
                        do
                                clock_gettime(CLOCK_MONOTONIC, &now);
                        while ((now.tv_sec -
                                start.tv_sec) * 1000000L + (now.tv_nsec - start.tv_nsec) / 1000 <
                                               i * 1000000L / rate &&
                               usleep(500) == 0);
        }
        return 0;
}

static int fds(void) {
        DIR *dir = opendir("/proc/self/fd");
        for (struct dirent *e; dir && (e = readdir(dir));)
                if (e->d_name[0] != '.' && atoi(e->d_name) != dirfd(dir))
                        puts(e->d_name);
        return dir ? 0 : 1;
}

static int bind_any(int type, int port) {
        struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
        const int on = 1, off = 0;
        int fd = socket(AF_INET6, type, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        if (bind(fd, (struct sockaddr *) &address, sizeof address) < 0) {
                perror("bind");
                exit(1);
        }
        return fd;
}

static int describe_peer(char *text, size_t size, const char *name, struct sockaddr_in6 *peer) {
        char address[INET6_ADDRSTRLEN];
        const struct sockaddr_in *in = (const struct sockaddr_in *) peer;
        if (peer->sin6_family == AF_INET)
                inet_ntop(AF_INET, &in->sin_addr, address, sizeof address);
        else
                inet_ntop(AF_INET6, &peer->sin6_addr, address, sizeof address);
        const char *shown = strncmp(address, "::ffff:", 7) == 0 ? address + 7 : address;
        return snprintf(text, size, "%s %s\n", name, shown);
}

static void answer_stream(int listener, const char *name) {
        struct sockaddr_in6 peer;
        socklen_t n_peer = sizeof peer;
        char request[4096], text[256], reply[512];
        int fd = accept(listener, (struct sockaddr *) &peer, &n_peer);
        if (fd < 0)
                return;
        struct pollfd polled = { .fd = fd, .events = POLLIN };
        size_t got = 0;
        request[0] = '\0';
        while (!strstr(request, "\r\n\r\n") && poll(&polled, 1, 2000) > 0) {
                ssize_t n = read(fd, request + got, sizeof request - 1 - got);
                if (n <= 0)
                        break;
                got += (size_t) n;
                request[got] = '\0';
        }
        int n = describe_peer(text, sizeof text, name, &peer);
        int m =
                        snprintf(reply, sizeof reply,
                                 "HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, text);
        if (write(fd, reply, (size_t) m) != m)
                perror("write");
        close(fd);
}

static int who(int port, const char *name) {
        int stream = bind_any(SOCK_STREAM, port), datagram = bind_any(SOCK_DGRAM, port);
        if (listen(stream, 128) < 0)
                return 1;
        puts("ready");
        for (;;) {
                struct pollfd polled[] = { { .fd = stream, .events = POLLIN },
                                           { .fd = datagram, .events = POLLIN } };
                char text[256];
                struct sockaddr_in6 peer;
                socklen_t n_peer = sizeof peer;
                if (poll(polled, 2, -1) < 0)
                        continue;
                if (polled[0].revents)
                        answer_stream(stream, name);
                if (polled[1].revents && recvfrom(datagram, text, sizeof text, MSG_DONTWAIT,
                                                  (struct sockaddr *) &peer, &n_peer) >= 0) {
                        int n = describe_peer(text, sizeof text, name, &peer);
                        sendto(datagram, text, (size_t) n, 0, (struct sockaddr *) &peer, n_peer);
                }
        }
}

static volatile sig_atomic_t is_asked_to_end;

static void on_end(int number) {
        (void) number;
        is_asked_to_end = 1;
}

/* Connections that are begun are answered; who waits in the queue is left to the next one. */
static int held(const char *name) {
        const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
        if (!pid || !count || atoi(pid) != getpid() || atoi(count) != 1)
                return 1;
        const struct sigaction end = { .sa_handler = on_end };
        sigaction(SIGTERM, &end, NULL);
        puts("ready");
        while (!is_asked_to_end)
                answer_stream(3, name);
        return 0;
}

static int ask(const char *host, int port) {
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
        int is_v6 = strchr(host, ':') != NULL;
        if (inet_pton(is_v6 ? AF_INET6 : AF_INET, host,
                      is_v6 ? (void *) &v6.sin6_addr : (void *) &v4.sin_addr) != 1)
                return 2;
        struct sockaddr *to = is_v6 ? (struct sockaddr *) &v6 : (struct sockaddr *) &v4;
        for (int tries = 0; tries < 50; tries++) {
                int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
                char text[256];
                struct pollfd polled = { .fd = fd, .events = POLLIN };
                ssize_t n = -1;
                if (connect(fd, to, is_v6 ? sizeof v6 : sizeof v4) == 0 && write(fd, "?", 1) == 1 &&
                    poll(&polled, 1, 200) > 0)
                        n = read(fd, text, sizeof text);
                close(fd);
                if (n > 0)
                        return fwrite(text, 1, (size_t) n, stdout) == (size_t) n ? 0 : 1;
                usleep(20000);
        }
        return 1;
}

static void on_term(int number) {
        (void) number;
        _exit(term_status);
}

int main(int argc, char **argv) {
        setvbuf(stdout, NULL, _IOLBF, 0);
        if (argc < 2)
                return 2;
        if (strncmp(argv[1], "notify", 6) == 0) {
                for (int i = 2; i < argc; i++)
                        if (notify(argv[i]) != 0)
                                return 1;
                if (strcmp(argv[1], "notify-wait") == 0)
                        for (;;)
                                pause();
                return 0;
        }
        if (strcmp(argv[1], "lines") == 0 && argc == 4)
                return lines(atol(argv[2]), atol(argv[3]));
        if (strcmp(argv[1], "fds") == 0)
                return fds();
        if (strcmp(argv[1], "who") == 0 && argc == 4) {
                signal(SIGTERM, on_term);
                return who(atoi(argv[2]), argv[3]);
        }
        if (strcmp(argv[1], "held") == 0 && argc == 3)
                return held(argv[2]);
        if (strcmp(argv[1], "ask") == 0 && argc == 4)
                return ask(argv[2], atoi(argv[3]));
        if (strcmp(argv[1], "term") == 0 && argc == 3) {
                term_status = atoi(argv[2]);
                signal(SIGTERM, on_term);
                puts("ready");
                for (;;)
                        pause();
        }
        return 2;
}
