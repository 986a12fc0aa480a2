/* SPDX-License-Identifier: Apache-2.0 */
/* The launcher's side of the relay's socket. */
#include "systemd/relay-client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/user.h"

static int connect_relay(const char *socket_path, GError **error) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        if (strlen(socket_path) >= sizeof address.sun_path) {
                error_set_errno(error, ENAMETOOLONG, "Cannot connect to '%s'", socket_path);
                return -1;
        }
        strcpy(address.sun_path, socket_path); /* fits, see above */
        autofd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof address) < 0) {
                error_set_errno(error, errno, "Cannot connect to the log relay '%s'", socket_path);
                return -1;
        }
        return fd_steal(&fd);
}

static bool await_answer(int fd, GError **error) {
        char answer[128];
        ssize_t n;
        do
                n = recv(fd, answer, sizeof answer - 1, 0);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
                return error_set_errno(
                                error, n < 0 ? errno : ECONNRESET, "The log relay did not answer");
        answer[n] = '\0';
        if (strcmp(answer, "OK") != 0)
                return error_set_invalid(error, "The log relay refused: %s", answer);
        return true;
}

bool relay_attach(
                const char *socket_path,
                const char *fields,
                const int *fds,
                size_t n_fds,
                GError **error) {
        autofd int fd = connect_relay(socket_path, error);
        if (fd < 0)
                return false;
        int r = fd_send(fd, fields, strlen(fields), fds, n_fds);
        if (r < 0)
                return error_set_errno(error, r, "Cannot hand the output to the log relay");
        return await_answer(fd, error);
}

bool relay_attach_client(
                const char *socket_path,
                const char *container_id,
                int show_fd,
                int *ret_fd,
                GError **error) {
        autofd int fd = connect_relay(socket_path, error);
        g_autofree char *message = g_strconcat("ATTACH=", container_id, NULL);
        if (fd < 0)
                return false;
        int r = fd_send(fd, message, strlen(message), &show_fd, 1);
        if (r < 0)
                return error_set_errno(error, r, "Cannot ask the log relay");
        char answer[128];
        size_t n_fds = 0;
        autofd int input = -1;
        ssize_t n = fd_receive(fd, answer, sizeof answer, &input, 1, &n_fds);
        if (n < 0)
                return error_set_errno(error, (int) n, "The log relay did not answer");
        if (n_fds != 1)
                return error_set_errno(error, ENOENT, "Nobody holds the container's input");
        *ret_fd = fd_steal(&input);
        return true;
}

bool relay_close_input(const char *socket_path, const char *container_id, GError **error) {
        autofd int fd = connect_relay(socket_path, error);
        g_autofree char *message = g_strconcat("CLOSE=", container_id, NULL);
        if (fd < 0)
                return false;
        int r = fd_send(fd, message, strlen(message), NULL, 0);
        if (r < 0)
                return error_set_errno(error, r, "Cannot ask the log relay");
        return await_answer(fd, error);
}

static void add_field(GString *fields, const char *name, const char *value) {
        g_autofree char *line = g_strdup(value);
        g_strdelimit(line, "\n", ' ');
        g_string_append_printf(fields, "%s=%s\n", name, line);
}

char *
relay_fields(const char *id,
             const char *name,
             const char *tag,
             const char *image,
             const char *unit) {
        GString *fields = g_string_new(NULL);
        g_autofree char *short_id = g_strndup(id, 12);
        add_field(fields, "CONTAINER_ID", short_id);
        add_field(fields, "CONTAINER_ID_FULL", id);
        add_field(fields, "CONTAINER_NAME", name);
        if (tag)
                add_field(fields, "CONTAINER_TAG", tag);
        if (image)
                add_field(fields, "IMAGE_NAME", image);
        add_field(fields, "SYSLOG_IDENTIFIER", tag ? tag : name);
        if (unit)
                add_field(fields, user_is_root() ? "OBJECT_SYSTEMD_UNIT" : "USER_UNIT", unit);
        return g_string_free(fields, FALSE);
}
