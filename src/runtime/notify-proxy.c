/* SPDX-License-Identifier: Apache-2.0 */
/* A datagram socket in the container, a filter, and the manager's socket behind it. */
#include "runtime/notify-proxy.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"

#define NOTIFY_MESSAGE_MAX 4096

struct NotifyProxy {
        int fd;
};

char *notify_filter(const char *message, bool *ret_ready) {
        static const char *const exact[] = { "READY=1",    "RELOADING=1",      "STOPPING=1",
                                             "WATCHDOG=1", "WATCHDOG=trigger", NULL };
        static const char *const prefixes[] = { "STATUS=", "ERRNO=", "BUSERROR=", "MONOTONIC_USEC=",
                                                NULL };
        GString *out = g_string_new(NULL);
        g_auto(GStrv) lines = g_strsplit(message, "\n", -1);
        *ret_ready = false;
        for (char **line = lines; *line; line++) {
                bool pass = g_strv_contains(exact, *line);
                for (const char *const *prefix = prefixes; *prefix && !pass; prefix++)
                        pass = g_str_has_prefix(*line, *prefix);
                if (!pass)
                        continue;
                *ret_ready = *ret_ready || strcmp(*line, "READY=1") == 0;
                g_string_append_printf(out, "%s\n", *line);
        }
        return g_string_free(out, FALSE);
}

static int bind_socket(const char *path, const OciSpec *spec) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        if (strlen(path) >= sizeof address.sun_path)
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path); /* fits, see above */
        autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof address) < 0)
                return -errno;
        if (chown(path, spec->uid, spec->gid) < 0 || chmod(path, 0700) < 0)
                return -errno;
        return fd_steal(&fd);
}

NotifyProxy *notify_proxy_new(const char *run_path, OciSpec *spec, GError **error) {
        g_autofree char *dir = g_build_filename(run_path, "notify", NULL);
        g_autofree char *path = g_build_filename(dir, "notify.sock", NULL);
        if (mkdir(dir, 0755) < 0 && errno != EEXIST) {
                error_set_errno(error, errno, "Cannot create '%s'", dir);
                return NULL;
        }
        (void) unlink(path); /* of an earlier run */
        int fd = bind_socket(path, spec);
        if (fd < 0) {
                error_set_errno(error, fd, "Cannot bind '%s'", path);
                return NULL;
        }
        oci_spec_add_mount(spec, "/run/notify", "bind", dir, "bind,rprivate");
        spec->env = g_environ_setenv(spec->env, "NOTIFY_SOCKET", "/run/notify/notify.sock", TRUE);
        const char *watchdog = getenv("WATCHDOG_USEC");
        if (watchdog) {
                spec->env = g_environ_setenv(spec->env, "WATCHDOG_USEC", watchdog, TRUE);
                if (spec->namespaces[OCI_NAMESPACE_PID].present)
                        spec->env = g_environ_setenv(spec->env, "WATCHDOG_PID", "1", TRUE);
        }
        NotifyProxy *proxy = g_new0(NotifyProxy, 1);
        proxy->fd = fd;
        return proxy;
}

void notify_proxy_free(NotifyProxy *proxy) {
        if (!proxy)
                return;
        fd_close(&proxy->fd);
        g_free(proxy);
}

/* One message in, its permitted part out. Descriptors that come along are dropped with the buffer.
 */
static bool forward_one(NotifyProxy *proxy, bool *ret_ready) {
        char message[NOTIFY_MESSAGE_MAX + 1];
        size_t n_fds = 0;
        ssize_t n = fd_receive(proxy->fd, message, NOTIFY_MESSAGE_MAX, NULL, 0, &n_fds);
        *ret_ready = false;
        if (n < 0)
                return n == -EINTR || n == -EAGAIN;
        message[n] = '\0';
        g_autofree char *text = notify_filter(message, ret_ready);
        if (*text && sd_notify(0, text) < 0)
                log_debug("The service manager did not take a message of the container");
        return true;
}

bool notify_proxy_run(NotifyProxy *proxy, int pid_fd, GError **error) {
        bool stays = getenv("WATCHDOG_USEC");
        for (;;) {
                struct pollfd polled[] = { { .fd = proxy->fd, .events = POLLIN },
                                           { .fd = pid_fd, .events = POLLIN } };
                if (poll(polled, 2, -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return error_set_errno(
                                        error, errno, "Cannot wait for the container's readiness");
                }
                bool ready = false;
                if (polled[0].revents && !forward_one(proxy, &ready))
                        return error_set_invalid(
                                        error, "Cannot read the container's notify socket");
                if (ready && !stays)
                        return true;
                if (polled[1].revents && !polled[0].revents)
                        return true; /* the payload ended; the manager knows how */
        }
}
