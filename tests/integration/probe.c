/* SPDX-License-Identifier: Apache-2.0 */
/* What a container sees, from within: a static program that the tests bind into containers.
 *   probe notify TEXT...   sends each TEXT to $NOTIFY_SOCKET
 *   probe notify-wait TEXT sends, then sleeps
 *   probe lines COUNT RATE writes "line N ...", RATE a second (0: as fast as it goes)
 *   probe fds              open descriptors, one a line
 *   probe term STATUS      ends with STATUS on SIGTERM */
#include <dirent.h>
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
        if (strcmp(argv[1], "term") == 0 && argc == 3) {
                term_status = atoi(argv[2]);
                signal(SIGTERM, on_term);
                puts("ready");
                for (;;)
                        pause();
        }
        return 2;
}
