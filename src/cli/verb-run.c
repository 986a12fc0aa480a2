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
#include "cli/container-mounts.h"
#include "cli/exit.h"
#include "cli/health-timer.h"
#include "cli/pod-select.h"
#include "cli/start.h"
#include "cli/transient.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "cli/volume-snapshot.h"
#include "runtime/external.h"
#include "runtime/network.h"
#include "runtime/pin.h"
#include "runtime/pod-new.h"
#include "systemd/notify.h"

static OptionResult
parse(const OptionTable *table, int argc, char **argv, ContainerOptions *options, GError **error) {
        container_options_init(options);
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(table, argc, argv, options, &operands, error);
        if (r != OPTION_RESULT_OK)
                return r;
        options->command = g_strdupv(operands);
        options->create_command = g_strdupv((char **) global_options()->argv);
        if (!options->rootfs && !options->command[0]) {
                error_set_invalid(error, "requires at least 1 arg(s), only received 0");
                return OPTION_RESULT_ERROR;
        }
        if (!transient_check_restart(options->restart, error))
                return OPTION_RESULT_ERROR;
        return OPTION_RESULT_OK;
}

/* --volumes-from: what the other container was given, as --volume would have it. */
static bool expand_volumes_from(Runtime *runtime, ContainerOptions *options, GError **error) {
        for (guint i = 0; options->volumes_from && i < options->volumes_from->len; i++) {
                g_auto(GStrv) parts = g_strsplit(options->volumes_from->pdata[i], ":", 2);
                g_autoptr(ContainerRecord) other = record_find(runtime->records, parts[0], error);
                g_autoptr(GPtrArray) mounts =
                                other ? container_mounts(runtime, other, error) : NULL;
                if (!mounts)
                        return false;
                if (!options->volume)
                        options->volume = g_ptr_array_new_with_free_func(g_free);
                for (guint k = 0; k < mounts->len; k++) {
                        const ContainerMount *m = mounts->pdata[k];
                        bool read_only = m->read_only || g_strcmp0(parts[1], "ro") == 0;
                        g_ptr_array_add(options->volume,
                                        g_strdup_printf("%s:%s:%s", m->name ? m->name : m->source,
                                                        m->destination, read_only ? "ro" : "rw"));
                }
        }
        return true;
}

/* --pod new: makes one, whose are then the container's ports and networks. */
static Pod *make_pod(Runtime *runtime, ContainerOptions *o, GError **error) {
        const PodFlags flags = {
                .name = o->pod + strlen("new:"),
                .publish = o->publish,
                .network = o->network,
                .create_command = global_options()->argv,
        };
        Pod *pod = pod_new_from_flags(runtime, &flags, error);
        if (pod) {
                g_clear_pointer(&o->publish, g_ptr_array_unref);
                g_clear_pointer(&o->network, g_ptr_array_unref);
        }
        return pod;
}

/* The pod that --pod or --pod-id-file mean, by its id, and its volumes. */
static bool settle_pod(Runtime *runtime, ContainerOptions *o, GError **error) {
        if (o->pod_id_file && *o->pod_id_file) {
                if (o->pod && *o->pod)
                        return error_set_invalid(
                                        error, "cannot specify both --pod and --pod-id-file");
                g_free(o->pod);
                o->pod = pod_read_id_file(o->pod_id_file, error);
                if (!o->pod)
                        return false;
        }
        if (!o->pod || !*o->pod)
                return true;
        g_autoptr(Pod) pod = g_str_has_prefix(o->pod, "new:")
                                             ? make_pod(runtime, o, error)
                                             : pod_find(runtime->records, o->pod, error);
        if (!pod)
                return false;
        g_free(o->pod);
        o->pod = g_strdup(pod->id);
        if (!o->volume)
                o->volume = g_ptr_array_new_with_free_func(g_free);
        for (char **volume = pod->volumes; volume && *volume; volume++)
                g_ptr_array_add(o->volume, g_strdup(*volume));
        return true;
}

/* create() may fail after an image came: nothing to undo there. */
static bool
prepare(Runtime *runtime, ContainerOptions *options, Container *container, GError **error) {
        if (!network_enter(runtime, options, error) || !ensure_image(runtime, options, error) ||
            !expand_volumes_from(runtime, options, error) || !settle_pod(runtime, options, error) ||
            !volume_snapshot_before_update(runtime, options, error))
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

/* --runtime: we stay and wait, in a unit as its main process. */
static int run_external(Runtime *runtime, Container *c, bool in_unit, GError **error) {
        const ExternalOptions external = { .program = global_options()->runtime,
                                           .in_unit = in_unit };
        int status = EXIT_STATUS_ERROR;
        if (!container_run_external(runtime, c, &external, &status, error))
                return fail_started(runtime, c, error);
        if (!in_unit && !container_finish(runtime, c->record, status, error))
                return run_fail(error);
        return status;
}

static int
run_supervised(Runtime *runtime, Container *c, const ContainerOptions *options, GError **error) {
        ContainerNotify notify;
        if (global_options()->runtime)
                return run_external(runtime, c, true, error);
        if (!container_notify_from_text(options->sdnotify, &notify, error) ||
            !container_run_supervised(runtime, c, notify, error))
                return fail_started(runtime, c, error);
        /* the payload is the manager's now: without its checks it is still there */
        if (!health_timer_start(c->record, true, error))
                return run_fail(error);
        return EXIT_STATUS_OK;
}

/* The main process of a unit (Type=oneshot): what the unit limits is limited. */
static bool is_main_process(void) {
        uint64_t pid;
        const char *text = getenv("SYSTEMD_EXEC_PID");
        return text && text_parse_uint64(text, INT32_MAX, &pid) && (pid_t) pid == getpid();
}

/* --attach: the streams that are shown; --preserve-fds: how many of ours go along. */
static bool
read_foreground(const ContainerOptions *options, ForegroundOptions *foreground, GError **error) {
        uint64_t n = 0;
        if (options->preserve_fds && !text_parse_uint64(options->preserve_fds, 1024, &n))
                return error_set_invalid(
                                error, "invalid --preserve-fds '%s'", options->preserve_fds);
        for (unsigned int fd = 3; fd < 3 + n; fd++)
                if (fcntl((int) fd, F_GETFD) < 0)
                        return error_set_invalid(
                                        error,
                                        "file descriptor %u is not available - the preserve-fds "
                                        "option requires that file descriptors must be passed",
                                        fd);
        foreground->n_preserved_fds = (unsigned int) n;
        foreground->hides_output = foreground->hides_errors = options->attach != NULL;
        for (guint i = 0; options->attach && i < options->attach->len; i++) {
                g_autofree char *name = g_ascii_strdown(options->attach->pdata[i], -1);
                if (strcmp(name, "stdout") == 0)
                        foreground->hides_output = false;
                else if (strcmp(name, "stderr") == 0)
                        foreground->hides_errors = false;
                else if (strcmp(name, "stdin") == 0)
                        foreground->interactive = true;
                else
                        return error_set_invalid(
                                        error,
                                        "invalid stream \"%s\" for --attach - must be one of "
                                        "stdin, "
                                        "stdout, or stderr",
                                        (char *) options->attach->pdata[i]);
        }
        return true;
}

static int
run_foreground(Runtime *runtime, Container *c, const ContainerOptions *options, GError **error) {
        ForegroundOptions foreground = { .interactive = options->interactive,
                                         .keeps_signals = options->sig_proxy == 0,
                                         .in_unit = is_main_process() };
        int status = EXIT_STATUS_ERROR;
        if (global_options()->runtime)
                return run_external(runtime, c, false, error);
        if (!read_foreground(options, &foreground, error) ||
            !health_timer_start(c->record, false, error) ||
            !container_run_foreground(runtime, c, &foreground, &status, error))
                return fail_started(runtime, c, error);
        if (!container_finish(runtime, c->record, status, error))
                return run_fail(error);
        return status;
}

static int run_as_service(Runtime *runtime, Container *c, GError **error) {
        container_forget_root(
                        c); /* the service mounts it again; two mounts of one upper must not meet */
        if (!transient_start(runtime, c->record, error))
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
        if (begin(&table, argc, argv, &options, &runtime, &container, &status)) {
                pin_image(&runtime, container.record);
                printf("%s\n", container.record->id);
        }
        return status;
}
