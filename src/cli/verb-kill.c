/* SPDX-License-Identifier: Apache-2.0 */
/* berth kill */
#include <signal.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/container-json.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/verbs.h"
#include "runtime/event.h"

typedef struct KillOptions {
        Selection selection;
        char *signal;
        int number;
} KillOptions;

static const OptionRow rows[] = {
        SELECTION_ROW_ALL(KillOptions, "All running containers"),
        SELECTION_ROW_CIDFILE(KillOptions),
        SELECTION_ROW_LATEST(KillOptions),
        { "signal", 's', OPTION_STRING, offsetof(KillOptions, signal), "SIGNAL",
          "KILL if not given" },
        { NULL },
};

static bool check(void *data, GError **error) {
        KillOptions *options = data;
        if (!options->signal)
                return true;
        options->number = text_parse_signal(options->signal);
        return options->number >= 0 ||
               error_set_invalid(error, "invalid signal: %s", options->signal);
}

static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const KillOptions *options = data;
        autofd int pid_fd = record_open_pidfd(record);
        if (pid_fd < 0)
                return error_set(
                                error, RUNTIME_ERROR, RUNTIME_ERROR_STATE,
                                "can only kill running containers. %s is in state %s: container "
                                "state improper",
                                record->id, container_state_text(record));
        int r = sys_pidfd_send_signal(pid_fd, options->number);
        if (r < 0)
                return error_set_errno(error, r, "Cannot signal container '%s'", record->name);
        container_event(runtime, record, "kill");
        return true;
}

int verb_kill(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth kill [options] CONTAINER...",
                .description = "Send a signal to the first process of containers",
                .rows = rows,
                .operands_max = -1,
        };
        KillOptions options = { .number = SIGKILL };
        options.selection.running_only = true;
        int status = selection_verb(
                        &table, argc, argv, &options, &options.selection, check, true, act);
        selection_clear(&options.selection);
        g_free(options.signal);
        return status;
}
