/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle in the container's run directory, its root mounted in a mount namespace that only we and
 * the other runtime are in, so that nothing is left of it when we end. */
#include "runtime/external.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "base/text.h"
#include "runtime/event.h"
#include "runtime/launch.h"
#include "runtime/network.h"
#include "runtime/run.h"
#include "runtime/spec-build.h"
#include "runtime/syscall-filter.h"
#include "systemd/cgroup.h"
#include "systemd/notify.h"

#define HAND_OVER_TIMEOUT_USEC (30 * G_USEC_PER_SEC)

static char *find_program(const char *name, GError **error) {
        char *path = strchr(name, '/') ? g_canonicalize_filename(name, NULL)
                                       : g_find_program_in_path(name);
        if (!path)
                error_set_invalid(
                                error,
                                "default OCI runtime \"%s\" not found: invalid argument; install "
                                "it, or leave --runtime out",
                                name);
        return path;
}

/* linux.seccomp is what our own way keeps as a profile's name. */
static bool describe_seccomp(Container *c, GError **error) {
        const char *profile = g_hash_table_lookup(c->spec->annotations, SPEC_ANNOTATION_SECCOMP);
        if (g_strcmp0(profile, "unconfined") == 0)
                return true;
        const SyscallFilterRequest request = {
                .profile_path = profile,
                .bounding_capabilities = c->spec->capabilities[OCI_CAPABILITY_BOUNDING],
        };
        return syscall_filter_to_spec(&request, &c->spec->seccomp, error);
}

static bool describe_cgroup(Container *c, bool in_unit, GError **error) {
        if (!in_unit)
                return true; /* where the other runtime puts it */
        g_autofree char *own = cgroup_of(0, error);
        if (!own)
                return false;
        c->record->unit = cgroup_unit(own);
        c->record->cgroup = g_build_filename(own, "payload", NULL);
        c->spec->cgroups_path = g_strdup(c->record->cgroup);
        g_clear_pointer(&c->spec->resources, json_node_unref); /* the unit limits */
        return true;
}

static bool write_bundle(Container *c, const char *bundle, GError **error) {
        g_autofree char *root = g_build_filename(bundle, "rootfs", NULL);
        g_autofree char *path = g_build_filename(bundle, "config.json", NULL);
        if (!file_make_directories(AT_FDCWD, root, 0711, error))
                return false;
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return error_set_errno(error, errno, "Cannot make a mount namespace");
        int r = sys_move_mount(c->root_fd, "", AT_FDCWD, root, MOVE_MOUNT_F_EMPTY_PATH);
        if (r < 0)
                return error_set_errno(error, r, "Cannot mount the root on '%s'", root);
        g_free(c->spec->root_path);
        c->spec->root_path = g_steal_pointer(&root);
        g_autofree char *text = oci_spec_format(c->spec);
        return file_replace(AT_FDCWD, path, text, strlen(text), 0600, FILE_VOLATILE, error);
}

static bool call(const char *program, const char *const *arguments, GError **error) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_strv_builder_add(builder, program);
        g_strv_builder_addv(builder, (const char **) arguments);
        g_auto(GStrv) argv = g_strv_builder_end(builder);
        /* it would take the socket for the container's, and wait for what that says */
        g_auto(GStrv) environment = g_environ_unsetenv(g_get_environ(), "NOTIFY_SOCKET");
        pid_t pid;
        int status;
        int r = posix_spawn(&pid, program, NULL, NULL, argv, environment);
        if (r != 0)
                return error_set_errno(error, r, "Cannot run '%s'", program);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return error_set_errno(error, errno, "Cannot wait for '%s'", program);
        return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
               error_set_invalid(
                               error, "'%s %s' failed, its message stands above", program,
                               arguments[0]);
}

static bool
create(const char *program, const char *bundle, const char *id, Launch *launch, GError **error) {
        g_autofree char *pid_file = g_build_filename(bundle, "pid", NULL);
        const char *const arguments[] = { "create", "--bundle", bundle, "--pid-file",
                                          pid_file, id,         NULL };
        g_autofree char *text = NULL;
        uint64_t pid;
        if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
                return error_set_errno(error, errno, "Cannot adopt the container's process");
        if (!call(program, arguments, error) ||
            !file_read_text(AT_FDCWD, pid_file, 64, &text, error))
                return false;
        if (!text_parse_uint64(g_strstrip(text), INT32_MAX, &pid) || pid == 0)
                return error_set_invalid(error, "'%s' wrote no process id", program);
        launch->pid = (pid_t) pid;
        launch->pid_fd = sys_pidfd_open(launch->pid, 0);
        launch->is_child = true;
        return launch->pid_fd >= 0 ||
               error_set_errno(error, launch->pid_fd, "The container's process is gone");
}

static void block_signals(sigset_t *signals) {
        static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
        sigemptyset(signals);
        for (size_t i = 0; i < G_N_ELEMENTS(forwarded); i++)
                sigaddset(signals, forwarded[i]);
        (void) sigprocmask(SIG_BLOCK, signals, NULL);
}

/* Until it ends; what we are told to do, it is told. */
static int wait_payload(const Launch *launch, const sigset_t *signals) {
        autofd int signal_fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
        for (bool running = true; running;) {
                struct pollfd polled[] = {
                        { .fd = launch->pid_fd, .events = POLLIN },
                        { .fd = signal_fd, .events = POLLIN },
                };
                struct signalfd_siginfo info;
                if (poll(polled, G_N_ELEMENTS(polled), -1) < 0 && errno != EINTR)
                        break;
                if (polled[1].revents && read(signal_fd, &info, sizeof info) == sizeof info)
                        (void) sys_pidfd_send_signal(launch->pid_fd, (int) info.ssi_signo);
                running = !polled[0].revents;
        }
        siginfo_t info = { 0 };
        while (waitid(P_PIDFD, (id_t) launch->pid_fd, &info, WEXITED) < 0 && errno == EINTR)
                continue;
        return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static bool
start(Runtime *runtime,
      Container *c,
      const char *program,
      const Launch *launch,
      bool in_unit,
      GError **error) {
        const char *const arguments[] = { "start", c->record->id, NULL };
        return network_attach(runtime, c, launch, error) &&
               run_note_started(runtime, c, launch, error) && call(program, arguments, error) &&
               (!in_unit || notify_hand_over(getpid(), true, NULL, HAND_OVER_TIMEOUT_USEC, error));
}

bool container_run_external(
                Runtime *runtime,
                Container *c,
                const ExternalOptions *options,
                int *ret_status,
                GError **error) {
        g_autofree char *program = find_program(options->program, error);
        g_autofree char *run_path = record_run_path(runtime->records, c->record);
        g_autofree char *bundle = g_build_filename(run_path, "bundle", NULL);
        g_auto(Launch) launch = LAUNCH_EMPTY;
        sigset_t signals;
        if (!program)
                return false;
        if (c->spec->terminal)
                return error_set_invalid(error, "--tty with --runtime is not supported");
        if (!network_begin(runtime, c, error) ||
            !run_add_secrets(runtime, c->record, c->spec, error) || !describe_seccomp(c, error) ||
            !describe_cgroup(c, options->in_unit, error) || !write_bundle(c, bundle, error))
                return false;
        block_signals(&signals);
        bool ok = create(program, bundle, c->record->id, &launch, error) &&
                  start(runtime, c, program, &launch, options->in_unit, error);
        if (ok) {
                container_event(runtime, c->record, "init");
                container_event(runtime, c->record, "start");
                runtime_event_flush(runtime);
                *ret_status = wait_payload(&launch, &signals);
        }
        const char *const arguments[] = { "delete", "--force", c->record->id, NULL };
        GError *inner = NULL;
        if (!call(program, arguments, ok ? error : &inner))
                ok = false;
        g_clear_error(&inner); /* the first error is the one to tell */
        if (c->spec->root_path)
                (void) umount2(c->spec->root_path, MNT_DETACH); /* not there if it went wrong */
        return ok;
}
