/* SPDX-License-Identifier: Apache-2.0 */
/* berth run, create: by who asks, a unit's main process, a child of the shell, or a new service. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/container-flags.h"
#include "cli/exit.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "systemd/notify.h"

static OptionResult
parse(const OptionTable *table, int argc, char **argv, ContainerOptions *options, GError **error) {
        container_options_init(options);
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(table, argc, argv, options, &operands, error);
        if (r != OPTION_RESULT_OK)
                return r;
        options->command = g_strdupv(operands);
        if (!options->rootfs && !options->command[0]) {
                error_set_invalid(error, "requires at least 1 arg(s), only received 0");
                return OPTION_RESULT_ERROR;
        }
        return OPTION_RESULT_OK;
}

/* create() may fail after an image came: nothing to undo there. */
static bool
prepare(Runtime *runtime, const ContainerOptions *options, Container *container, GError **error) {
        if (!ensure_image(runtime, options, error))
                return false;
        if (!container_create(runtime, options, container, error))
                return false;
        if (options->cidfile && !file_replace(AT_FDCWD, options->cidfile, container->record->id, 64,
                                              0644, FILE_VOLATILE, error)) {
                (void) container_remove(runtime, container->record, true, true, 0, NULL);
                return false;
        }
        return true;
}

/* A start that failed leaves nothing of a --rm container; another stays "created", as in Podman. */
static int fail_started(Runtime *runtime, Container *container, GError **error) {
        if (container->record->remove)
                (void) container_remove(runtime, container->record, true, true, 0, NULL);
        return run_fail(error);
}

static int
run_supervised(Runtime *runtime, Container *c, const ContainerOptions *options, GError **error) {
        ContainerNotify notify;
        if (!container_notify_from_text(options->sdnotify, &notify, error) ||
            !container_run_supervised(runtime, c, notify, error))
                return fail_started(runtime, c, error);
        return EXIT_STATUS_OK;
}

/* Limits are properties of a unit. As the main process of one (Type=oneshot) we are in it; from a
 * shell there is none, and a limit that limits nothing must not look as if it did. */
static bool check_limits(const Container *c, GError **error) {
        uint64_t pid;
        const char *text = getenv("SYSTEMD_EXEC_PID");
        bool in_unit = text && text_parse_uint64(text, INT32_MAX, &pid) && (pid_t) pid == getpid();
        if (in_unit || !c->spec->resources)
                return true;
        return error_set_invalid(
                        error, "--memory and --pids-limit need a service: add -d, or write a unit "
                               "file with Memory= or PidsLimit=");
}

static int
run_foreground(Runtime *runtime, Container *c, const ContainerOptions *options, GError **error) {
        const ForegroundOptions foreground = { .interactive = options->interactive };
        int status = EXIT_STATUS_ERROR;
        if (!check_limits(c, error) ||
            !container_run_foreground(runtime, c, &foreground, &status, error))
                return fail_started(runtime, c, error);
        if (!container_finish(runtime, c->record, status, error))
                return run_fail(error);
        return status;
}

static int run_as_service(Runtime *runtime, Container *c, GError **error) {
        container_forget_root(
                        c); /* the service mounts it again; two mounts of one upper must not meet */
        if (!start_as_service(runtime, c->record, error))
                return fail_started(runtime, c, error);
        printf("%s\n", c->record->id);
        return EXIT_STATUS_OK;
}

/* Flags to a described container; false when the verb is over, with its exit status. */
static bool
begin(const OptionTable *table,
      int argc,
      char **argv,
      ContainerOptions *options,
      Runtime *runtime,
      Container *container,
      int *ret_status) {
        g_autoptr(GError) error = NULL;
        OptionResult r = parse(table, argc, argv, options, &error);
        *ret_status = EXIT_STATUS_OK;
        if (r == OPTION_RESULT_HELP)
                return false;
        if (r == OPTION_RESULT_OK && cli_runtime_open(runtime, &error) &&
            prepare(runtime, options, container, &error))
                return true;
        *ret_status = run_fail(&error);
        return false;
}

int verb_run(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth run [options] IMAGE [COMMAND [ARG...]]",
                .description = "Run a command in a new container",
                .rows = container_flag_rows,
                .stop_at_operand = true,
                .operands_max = -1,
        };
        g_auto(ContainerOptions) options;
        g_auto(Runtime) runtime = { 0 };
        g_auto(Container) container = { .root_fd = -1, .userns_fd = -1 };
        g_autoptr(GError) error = NULL;
        int status;
        if (!begin(&table, argc, argv, &options, &runtime, &container, &status))
                return status;
        if (!options.detach)
                return run_foreground(&runtime, &container, &options, &error);
        if (notify_is_supervised())
                return run_supervised(&runtime, &container, &options, &error);
        return run_as_service(&runtime, &container, &error);
}

int verb_create(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth create [options] IMAGE [COMMAND [ARG...]]",
                .description = "Create a container without starting it",
                .rows = container_flag_rows,
                .stop_at_operand = true,
                .operands_max = -1,
        };
        g_auto(ContainerOptions) options;
        g_auto(Runtime) runtime = { 0 };
        g_auto(Container) container = { .root_fd = -1, .userns_fd = -1 };
        int status;
        if (begin(&table, argc, argv, &options, &runtime, &container, &status))
                printf("%s\n", container.record->id);
        return status;
}
