/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/apart.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

/* One a descriptor, and one at the end. */
typedef struct Message {
        bool is_last;
        bool good;
        int number; /* errno */
        char text[1024];
} Message;

static bool enter(const char *place, GError **error) {
        return (unshare(CLONE_NEWNS) == 0 &&
                mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                mount("berth", place, "tmpfs", 0, "mode=777") == 0 && chdir(place) == 0) ||
               error_set_errno(error, errno, "Cannot prepare '%s'", place);
}

/* Never returns. */
static void run(const char *place, ApartFunction function, void *data, int socket_fd) {
        g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));
        g_autoptr(GError) error = NULL;
        Message last = { .is_last = true };
        last.good = enter(place, &error) && function(data, fds, &error);
        for (guint i = 0; last.good && i < fds->len; i++) {
                const Message message = { 0 };
                if (fd_send(socket_fd, &message, sizeof message, &g_array_index(fds, int, i), 1) <
                    0)
                        _exit(1);
        }
        if (!last.good) {
                last.number = error->domain == ERROR_ERRNO ? error->code : EINVAL;
                g_strlcpy(last.text, error->message, sizeof last.text);
        }
        _exit(fd_send(socket_fd, &last, sizeof last, NULL, 0) < 0);
}

static bool collect(int socket_fd, GArray *fds, GError **error) {
        for (;;) {
                Message message;
                int fd = -1;
                size_t n_fds = 0;
                ssize_t n = fd_receive(socket_fd, &message, sizeof message, &fd, 1, &n_fds);
                if (n_fds == 1)
                        g_array_append_val(fds, fd);
                if (n != (ssize_t) sizeof message)
                        return error_set_errno(
                                        error, n < 0 ? (int) n : -EIO,
                                        "A process that mounts has ended");
                if (!message.is_last)
                        continue;
                message.text[sizeof message.text - 1] = '\0';
                return message.good ||
                       error_set(error, ERROR_ERRNO, message.number, "%s", message.text);
        }
}

bool apart_run(const char *place, ApartFunction function, void *data, GArray *fds, GError **error) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set_errno(error, errno, "Cannot make a socket pair");
        autofd int ours = pair[0];
        autofd int theirs = pair[1];
        pid_t pid = fork();
        if (pid == 0)
                run(place, function, data, theirs);
        if (pid < 0)
                return error_set_errno(error, errno, "Cannot start a process");
        fd_close(&theirs);
        bool good = collect(ours, fds, error);
        (void) waitpid(pid, NULL, 0); /* what it had to say was said */
        return good;
}
