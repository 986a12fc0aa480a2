/* SPDX-License-Identifier: Apache-2.0 */
/* berth quadlet fail: what the service of an unusable unit file runs. It puts the findings in the
 * journal and in the status line of the unit, and fails. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "cli/verbs.h"

static const OptionRow rows[] = {
        { NULL },
};

/* sd_notify(3) in a few lines: the verb has to work however little of the system does. */
static void send_status(const char *text) {
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof address.sun_path)
                return;
        size_t n = strlen(path);
        memcpy(address.sun_path, path, n);
        if (path[0] == '@')
                address.sun_path[0] = '\0';
        autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return;
        g_autofree char *message = g_strdup_printf("STATUS=%s", text);
        g_strdelimit(message, "\n", ' ');
        (void) sendto(fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *) &address,
                      (socklen_t) (offsetof(struct sockaddr_un, sun_path) + n));
}

int verb_quadlet_fail(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth quadlet fail -- MESSAGE...",
                .description = "Say why a unit file cannot be used, and fail",
                .rows = rows,
                .operands_min = 1,
                .operands_max = -1,
        };
        int none = 0;
        g_autoptr(GError) error = NULL;
        g_autofree char **messages = NULL;
        OptionResult r = options_parse(&table, argc, argv, &none, &messages, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR)
                return verb_fail(&error);
        /* <3>: sd-daemon(3), so that `journalctl -p err` finds them */
        for (char **m = messages; *m; m++)
                fprintf(stderr, "%s%s\n", getenv("JOURNAL_STREAM") ? "<3>" : "", *m);
        send_status(messages[0]);
        return EX_CONFIG; /* `systemctl status` spells it out: status=78/CONFIG */
}
