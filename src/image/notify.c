/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams to $NOTIFY_SOCKET. Without libsystemd: berth-image needs nothing else of it. */
#include "image/notify.h"

#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"

bool notify_is_wanted(void) {
        const char *path = g_getenv("NOTIFY_SOCKET");
        return path && (*path == '/' || *path == '@');
}

void notify_status(const char *text, uint64_t extend_usec) {
        const char *path = g_getenv("NOTIFY_SOCKET");
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        if (!notify_is_wanted() || strlen(path) >= sizeof address.sun_path)
                return;
        memcpy(address.sun_path, path, strlen(path));
        if (*path == '@') /* the abstract name space, unix(7) */
                address.sun_path[0] = '\0';
        g_autofree char *extend = extend_usec > 0 ? g_strdup_printf("\nEXTEND_TIMEOUT_USEC="
                                                                    "%" G_GUINT64_FORMAT,
                                                                    extend_usec)
                                                  : g_strdup("");
        g_autofree char *message = g_strconcat("STATUS=", text, extend, NULL);
        autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        socklen_t n = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(path));
        if (fd >= 0)
                (void) sendto(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
                              (struct sockaddr *) &address, n);
}
