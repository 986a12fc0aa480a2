/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile container does: a static program that runtime-attacks.bats binds into containers.
 *   attack exe SECONDS        opens every /proc/PID/exe that is not its own, then tries to write to
 * it attack swap A B SECONDS   exchanges A and B as fast as it goes attack addkey NAME CMD... puts
 * a key into the session keyring and runs CMD attack findkey NAME       whether the session keyring
 * has it attack abstract           the names of abstract sockets that can be seen attack without
 * NAME CMD.. runs CMD with one system call failing with ENOSYS */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static int try_write(int fd) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        for (int i = 0; i < 2000; i++) { /* until nobody executes it */
                int out = open(path, O_WRONLY);
                if (out >= 0) {
                        puts("WRITABLE");
                        return 1;
                }
                if (errno != ETXTBSY) {
                        printf("refused: %s\n", strerror(errno));
                        return 0;
                }
                usleep(1000);
        }
        puts("refused: busy");
        return 0;
}

/* CVE-2019-5736 */
static int exe(double seconds) {
        struct stat own, st;
        double end = now() + seconds;
        int caught = 0;
        stat("/proc/self/exe", &own);
        while (now() < end && caught < 20) {
                DIR *dir = opendir("/proc");
                for (struct dirent *e; (e = readdir(dir));) {
                        char path[300];
                        snprintf(path, sizeof path, "/proc/%s/exe", e->d_name);
                        if (e->d_name[0] < '1' || e->d_name[0] > '9')
                                continue;
                        int fd = open(path, O_RDONLY);
                        if (fd < 0)
                                continue;
                        if (fstat(fd, &st) == 0 && st.st_ino != own.st_ino && st.st_size > 0 &&
                            st.st_dev != own.st_dev) {
                                caught++;
                                printf("caught %s\n", e->d_name);
                                if (try_write(fd))
                                        return 1;
                        }
                        close(fd);
                }
                closedir(dir);
        }
        puts("end");
        return 0;
}

static int swap(const char *a, const char *b, double seconds) {
        double end = now() + seconds;
        while (now() < end)
                for (int i = 0; i < 1000; i++)
                        syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */);
        return 0;
}

static int without(const char *name, char **command) {
        static const struct {
                const char *name;
                int number;
        } rows[] = {
                { "open_tree", SYS_open_tree },
                { "mount_setattr", SYS_mount_setattr },
                { "fsopen", SYS_fsopen },
                { "fsconfig", SYS_fsconfig },
                { "close_range", SYS_close_range },
                { "copy_file_range", SYS_copy_file_range },
                { "keyctl", SYS_keyctl },
                { "memfd_create", SYS_memfd_create },
                { "bpf", SYS_bpf },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                if (strcmp(rows[i].name, name) != 0)
                        continue;
                struct sock_filter code[] = {
                        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int) rows[i].number, 0, 1),
                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                };
                struct sock_fprog program = { 4, code };
                if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
                        return 3;
                execvp(command[0], command);
                return 4;
        }
        return 5;
}

static int abstract(void) {
        char line[512];
        FILE *f = fopen("/proc/net/unix", "r");
        while (f && fgets(line, sizeof line, f))
                if (strchr(line, '@'))
                        fputs(strchr(line, '@'), stdout);
        return 0;
}

int main(int argc, char **argv) {
        setvbuf(stdout, NULL, _IOLBF, 0);
        if (argc == 3 && strcmp(argv[1], "exe") == 0)
                return exe(atof(argv[2]));
        if (argc == 5 && strcmp(argv[1], "swap") == 0)
                return swap(argv[2], argv[3], atof(argv[4]));
        if (argc == 2 && strcmp(argv[1], "abstract") == 0)
                return abstract();
        if (argc > 3 && strcmp(argv[1], "without") == 0)
                return without(argv[2], argv + 3);
        if (argc > 3 && strcmp(argv[1], "addkey") == 0) {
                syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
                if (syscall(SYS_add_key, "user", argv[2], "secret", 6, KEY_SPEC_SESSION_KEYRING) <
                    0)
                        return 3;
                execvp(argv[3], argv + 3);
                return 4;
        }
        if (argc == 3 && strcmp(argv[1], "findkey") == 0) {
                long key =
                                syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user",
                                        argv[2], 0);
                puts(key >= 0 ? "FOUND" : "none");
                return 0;
        }
        return 2;
}
