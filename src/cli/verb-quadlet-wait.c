/* SPDX-License-Identifier: Apache-2.0 */
/* berth quadlet wait-network: what berth-user-wait-network-online.service runs. User units cannot
 * order themselves after units of the system, so this waits for network-online.target in their
 * place.
 *
 * Where nothing pulls that target in it never becomes active: once the system has finished booting
 * there is nothing to wait for, and services start. */
#include <string.h>
#include <unistd.h>

#include "cli/exit.h"
#include "cli/options.h"
#include "cli/systemctl.h"
#include "cli/verb.h"
#include "cli/verbs.h"

#define POLL_USEC 250000

static const OptionRow rows[] = {
        { NULL },
};

static bool says(const char *const *args, const char *const *words, GError **error) {
        int status = 0;
        g_autofree char *out = systemctl_read(false, args, &status, error);
        if (!out)
                return false;
        g_strstrip(out);
        return g_strv_contains(words, out);
}

static bool is_ready(GError **error) {
        static const char *const target[] = { "is-active", "network-online.target", NULL };
        static const char *const active[] = { "active", NULL };
        static const char *const system[] = { "is-system-running", NULL };
        static const char *const booted[] = { "running", "degraded", NULL };
        return says(target, active, error) || (!*error && says(system, booted, error));
}

int verb_quadlet_wait_network(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth quadlet wait-network",
                .description = "Wait until the system's network is online",
                .rows = rows,
        };
        int none = 0;
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &none, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        while (r == OPTION_RESULT_OK && !is_ready(&error) && !error)
                usleep(POLL_USEC); /* the unit's TimeoutStartSec= ends this */
        return error ? verb_fail(&error) : EXIT_STATUS_OK;
}
