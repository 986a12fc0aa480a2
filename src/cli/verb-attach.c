/* SPDX-License-Identifier: Apache-2.0 */
/* berth attach */
#include "base/error.h"
#include "cli/attach-session.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct VerbOptions {
        AttachOptions attach;
        bool latest;
} VerbOptions;

static const OptionRow rows[] = {
        { "no-stdin", 0, OPTION_BOOL, offsetof(VerbOptions, attach.no_stdin), NULL,
          "Our standard input is not the container's" },
        { "detach-keys", 0, OPTION_STRING, offsetof(VerbOptions, attach.detach_keys), "KEYS",
          "Leave a terminal by these: ctrl-p,ctrl-q if not given" },
        { "latest", 'l', OPTION_BOOL, offsetof(VerbOptions, latest), NULL, "The newest container" },
        { "sig-proxy", 0, OPTION_TRISTATE, offsetof(VerbOptions, attach.sig_proxy), NULL,
          "Signals go on to the container (the default)" },
        { NULL },
};

int verb_attach(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth attach [options] CONTAINER",
                .description = "Follow a running container: output, input, signals, exit status",
                .rows = rows,
                .operands_max = 1,
        };
        VerbOptions options = { .attach.sig_proxy = -1 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &status))
                return status;
        int code = EXIT_STATUS_ERROR;
        const Selection selection = { .names = names, .latest = options.latest };
        if (!names[0] && !options.latest)
                error_set_invalid(
                                &error, "\"berth attach\" requires a name, id, or the \"--latest\" "
                                        "flag");
        g_autoptr(GPtrArray) records =
                        error ? NULL : selection_resolve(&runtime, &selection, &error);
        if (records && records->len == 0)
                error_set(&error, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER,
                          "no containers exist: no such container");
        bool ok = !error &&
                  attach_running(&runtime, records->pdata[0], &options.attach, &code, &error);
        g_free(options.attach.detach_keys);
        return ok ? code : verb_fail(&error);
}
