/* SPDX-License-Identifier: Apache-2.0 */
/* berth network hold: the start of berth-rootless-netns.service. */
#include "base/error.h"
#include "cli/exit.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/rootless-network.h"

int verb_network_hold(int argc, char **argv) {
        (void) argv;
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        if (argc != 1)
                error_set_invalid(&error, "network hold takes no arguments");
        else if (cli_runtime_open(&runtime, &error) && rootless_network_hold(&runtime, &error))
                return EXIT_STATUS_OK;
        return verb_fail(&error);
}
