/* SPDX-License-Identifier: Apache-2.0 */
/* berth-oci create, start, run, exec. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "cli/exit.h"
#include "cli/oci.h"
#include "runtime/oci-container.h"
#include "runtime/session.h"

typedef struct CreateFlags {
        char *bundle, *pid_file, *console_socket;
        int64_t preserve_fds;
        bool no_pivot, no_new_keyring, no_subreaper, detach, keep;
} CreateFlags;

#define AT(member) offsetof(CreateFlags, member)
#define CREATE_ROWS                                                                                \
        { "bundle", 'b', OPTION_STRING, AT(bundle), "DIR", "Folder with config.json" },            \
                        { "pid-file",   0,      OPTION_STRING,                                     \
                          AT(pid_file), "FILE", "Write the process id to a file" },                \
                        { "console-socket",   0,      OPTION_STRING,                               \
                          AT(console_socket), "PATH", "Socket that takes the terminal" },          \
                        { "preserve-fds",   0,   OPTION_INT,                                       \
                          AT(preserve_fds), "N", "Pass N descriptors from 3 on" },                 \
                        { "no-pivot",   0,    OPTION_BOOL,                                         \
                          AT(no_pivot), NULL, "Not supported: pivot_root always works here" },     \
        {                                                                                          \
                "no-new-keyring", 0, OPTION_BOOL, AT(no_new_keyring), NULL,                        \
                                "Keep the caller's session keyring"                                \
        }

static bool
fill(const CreateFlags *flags, const char *id, OciCreateRequest *request, GError **error) {
        const OciGlobal *global = oci_global();
        if (flags->no_pivot)
                return error_set_invalid(error, "--no-pivot is not supported");
        if (flags->preserve_fds < 0 || flags->preserve_fds > 1024)
                return error_set_invalid(error, "--preserve-fds is out of range");
        *request = (OciCreateRequest){
                .root = global->root,
                .id = id,
                .bundle = flags->bundle ? flags->bundle : ".",
                .pid_file = flags->pid_file,
                .console_socket = flags->console_socket,
                .n_preserved_fds = (unsigned int) flags->preserve_fds,
                .use_systemd_cgroup = global->use_systemd_cgroup,
                .no_cgroup = global->no_cgroup,
                .no_new_keyring = flags->no_new_keyring,
        };
        return true;
}

static bool check_console(const OciContainer *c, const char *socket, GError **error) {
        if (c->spec->terminal && !socket)
                return error_set_invalid(
                                error, "process.terminal is true: --console-socket is needed");
        if (!c->spec->terminal && socket)
                return error_set_invalid(
                                error, "--console-socket is given, but process.terminal is false");
        return true;
}

int oci_verb_create(int argc, char **argv) {
        static const OptionRow rows[] = { CREATE_ROWS, { NULL } };
        static const OptionTable table = {
                .usage = "berth-oci create [options] ID",
                .description = "Create a container from a bundle",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        CreateFlags flags = { 0 };
        OciCreateRequest request;
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        g_auto(OciContainer) c = { .launch = LAUNCH_EMPTY };
        int status;
        if (!oci_begin(&table, argc, argv, &flags, &operands, &status))
                return status;
        if (!fill(&flags, operands[0], &request, &error) || !oci_create(&request, NULL, &c, &error))
                return oci_fail(&error);
        if (!check_console(&c, flags.console_socket, &error) ||
            !oci_create_finish(request.root, &c, &error)) {
                (void) oci_delete(request.root, operands[0], true, NULL);
                return oci_fail(&error);
        }
        return EXIT_STATUS_OK;
}

int oci_verb_start(int argc, char **argv) {
        g_autoptr(GError) error = NULL;
        const char *id;
        int status;
        if (!oci_begin_id("berth-oci start ID", "Start a created container", argc, argv, &id,
                          &status))
                return status;
        return oci_start(oci_global()->root, id, &error) ? EXIT_STATUS_OK : oci_fail(&error);
}

/* Waits for our child and passes signals on; its streams are ours. */
static int wait_plain(Launch *launch, const sigset_t *signals) {
        autofd int signal_fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
        for (;;) {
                struct pollfd polled[] = {
                        { .fd = launch->pid_fd, .events = POLLIN },
                        { .fd = signal_fd, .events = POLLIN },
                };
                if (poll(polled, G_N_ELEMENTS(polled), -1) < 0 && errno != EINTR)
                        break;
                struct signalfd_siginfo info;
                if (polled[1].revents && read(signal_fd, &info, sizeof info) == sizeof info &&
                    info.ssi_signo != SIGCHLD)
                        (void) sys_pidfd_send_signal(launch->pid_fd, (int) info.ssi_signo);
                if (polled[0].revents)
                        break;
        }
        int status = 0;
        while (waitpid(launch->pid, &status, 0) < 0 && errno == EINTR)
                continue;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void block_signals(sigset_t *signals) {
        static const int forwarded[] = { SIGINT,  SIGTERM, SIGHUP,   SIGQUIT, SIGUSR1,
                                         SIGUSR2, SIGCHLD, SIGWINCH, SIGCONT };
        sigemptyset(signals);
        for (size_t i = 0; i < G_N_ELEMENTS(forwarded); i++)
                sigaddset(signals, forwarded[i]);
        (void) sigprocmask(SIG_BLOCK, signals, NULL);
}

static bool wait_console(Launch *launch, int *ret_status, GError **error) {
        const SessionRequest request = { .terminal = true, .interactive = true };
        g_autoptr(Session) session = session_new(&request, error);
        if (!session)
                return false;
        session_started(session, launch);
        return session_run(session, ret_status, error);
}

static bool
run_foreground(const OciCreateRequest *request, OciContainer *c, int *ret_status, GError **error) {
        sigset_t signals;
        block_signals(&signals);
        if (!oci_release(request->root, c, error))
                return false;
        if (c->spec->terminal && !request->console_socket)
                return wait_console(&c->launch, ret_status, error);
        *ret_status = wait_plain(&c->launch, &signals);
        return true;
}

int oci_verb_run(int argc, char **argv) {
        static const OptionRow rows[] = {
                CREATE_ROWS,
                { "detach", 'd', OPTION_BOOL, AT(detach), NULL, "Do not wait for the container" },
                { "keep", 0, OPTION_BOOL, AT(keep), NULL, "Leave its state when it ends" },
                { "no-subreaper", 0, OPTION_BOOL, AT(no_subreaper), NULL, NULL },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth-oci run [options] ID",
                .description = "Create and start a container",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        CreateFlags flags = { 0 };
        OciCreateRequest request;
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        g_auto(OciContainer) c = { .launch = LAUNCH_EMPTY };
        int status = EXIT_STATUS_OK;
        if (!oci_begin(&table, argc, argv, &flags, &operands, &status))
                return status;
        if (!fill(&flags, operands[0], &request, &error) || !oci_create(&request, NULL, &c, &error))
                return oci_fail(&error);
        bool ok = !flags.detach || check_console(&c, flags.console_socket, &error);
        ok = ok && (flags.detach ? oci_release(request.root, &c, &error)
                                 : run_foreground(&request, &c, &status, &error));
        if (!ok || (!flags.detach && !flags.keep)) {
                GError *inner = NULL;
                if (!oci_delete(request.root, operands[0], true, ok ? &error : &inner))
                        ok = false;
                g_clear_error(&inner); /* the first error is the one to tell */
        }
        return ok ? status : oci_fail(&error);
}

typedef struct ExecFlags {
        char *process, *pid_file, *console_socket, *cwd, *user, *apparmor, *label, *cgroup;
        GPtrArray *env, *caps;
        int64_t preserve_fds;
        bool detach, tty, no_new_privileges, ignore_paused;
} ExecFlags;

#undef AT
#define AT(member) offsetof(ExecFlags, member)

static bool start_exec(const ExecFlags *flags, char **operands, Launch *launch, GError **error) {
        if (!flags->process && !operands[1])
                return error_set_invalid(error, "a command, or --process, is needed");
        if (flags->preserve_fds < 0 || flags->preserve_fds > 1024)
                return error_set_invalid(error, "--preserve-fds is out of range");
        g_autofree char **env = option_list_strv(flags->env);
        g_autofree char **caps = option_list_strv(flags->caps);
        const OciExecRequest request = {
                .root = oci_global()->root,
                .id = operands[0],
                .process = flags->process,
                .args = operands + 1,
                .env = env,
                .cwd = flags->cwd,
                .user = flags->user,
                .apparmor = flags->apparmor,
                .label = flags->label,
                .cgroup = flags->cgroup,
                .caps = caps,
                .pid_file = flags->pid_file,
                .console_socket = flags->console_socket,
                .n_preserved_fds = (unsigned int) flags->preserve_fds,
                .terminal = flags->tty,
                .no_new_privileges = flags->no_new_privileges,
                .ignore_paused = flags->ignore_paused,
        };
        return oci_exec(&request, NULL, launch, error);
}

int oci_verb_exec(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "process", 'p', OPTION_STRING, AT(process), "FILE", "JSON of the process" },
                { "pid-file", 0, OPTION_STRING, AT(pid_file), "FILE", "Write the process id" },
                { "console-socket", 0, OPTION_STRING, AT(console_socket), "PATH",
                  "Socket that takes the terminal" },
                { "detach", 'd', OPTION_BOOL, AT(detach), NULL, "Do not wait" },
                { "preserve-fds", 0, OPTION_INT, AT(preserve_fds), "N", "Pass N descriptors" },
                { "cgroup", 0, OPTION_STRING, AT(cgroup), "SUB", "A cgroup below the container's" },
                { "tty", 't', OPTION_BOOL, AT(tty), NULL, "Give it a terminal" },
                { "cwd", 0, OPTION_STRING, AT(cwd), "DIR", "Working directory" },
                { "user", 'u', OPTION_STRING, AT(user), "UID[:GID]", "User" },
                { "env", 'e', OPTION_LIST, AT(env), "NAME=VALUE", "Environment variable" },
                { "cap", 'c', OPTION_LIST, AT(caps), "CAPABILITY", "Add a capability" },
                { "apparmor", 0, OPTION_STRING, AT(apparmor), "PROFILE", "AppArmor profile" },
                { "process-label", 0, OPTION_STRING, AT(label), "LABEL", "SELinux label" },
                { "no-new-privs", 0, OPTION_BOOL, AT(no_new_privileges), NULL,
                  "No new privileges" },
                { "ignore-paused", 0, OPTION_BOOL, AT(ignore_paused), NULL,
                  "Also in a paused container" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth-oci exec [options] ID [COMMAND...]",
                .description = "Run one more process in a container",
                .rows = rows,
                .stop_at_operand = true,
                .operands_min = 1,
                .operands_max = -1,
        };
        ExecFlags flags = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        g_auto(Launch) launch = LAUNCH_EMPTY;
        int status = EXIT_STATUS_OK;
        if (!oci_begin(&table, argc, argv, &flags, &operands, &status))
                return status;
        sigset_t signals;
        if (!flags.detach)
                block_signals(&signals);
        bool ok = start_exec(&flags, operands, &launch, &error);
        if (ok && !flags.detach) {
                if (launch.console_fd >= 0 && !flags.console_socket)
                        ok = wait_console(&launch, &status, &error);
                else
                        status = wait_plain(&launch, &signals);
        }
        if (flags.env)
                g_ptr_array_unref(flags.env);
        if (flags.caps)
                g_ptr_array_unref(flags.caps);
        return ok ? status : oci_fail(&error);
}
