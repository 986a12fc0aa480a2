/* SPDX-License-Identifier: Apache-2.0 */
/* create and start (runtime.md, "Lifecycle"). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "base/user.h"
#include "runtime/cgroup-manager.h"
#include "runtime/hooks.h"
#include "runtime/oci-container.h"
#include "runtime/record.h"
#include "runtime/rootfs.h"
#include "runtime/run.h"
#include "runtime/syscall-filter.h"
#include "runtime/user.h"

#define START_SOCKET "start"

void oci_container_clear(OciContainer *container) {
        g_clear_pointer(&container->state, oci_state_free);
        g_clear_pointer(&container->plan, runtime_plan_free);
        g_clear_pointer(&container->spec, oci_spec_free);
        launch_clear(&container->launch);
}

static bool load_bundle(const char *bundle, OciSpec **ret_spec, GError **error) {
        g_autofree char *path = g_build_filename(bundle, "config.json", NULL);
        g_autoptr(GBytes) bytes = NULL;
        if (!file_read(AT_FDCWD, path, OCI_SPEC_SIZE_MAX, &bytes, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        g_autoptr(OciSpec) spec = oci_spec_parse(text, size, error);
        if (!spec)
                return false;
        if (!spec->root_path || !*spec->root_path)
                return error_set_invalid(error, "config.json: root.path is missing");
        if (!spec->args || !spec->args[0])
                return error_set_invalid(error, "config.json: process.args is missing");
        if (!spec->cwd || spec->cwd[0] != '/')
                return error_set_invalid(
                                error, "config.json: process.cwd must be an absolute path");
        if (!spec->namespaces[OCI_NAMESPACE_MOUNT].present)
                return error_set_invalid(
                                error, "config.json: a container without a mount namespace is not "
                                       "supported");
        if (spec->hostname && !spec->namespaces[OCI_NAMESPACE_UTS].present)
                return error_set_invalid(error, "config.json: hostname needs a uts namespace");
        *ret_spec = g_steal_pointer(&spec);
        return true;
}

bool oci_add_home(OciSpec *spec, int root_fd, GError **error) {
        if (g_environ_getenv(spec->env, "HOME"))
                return true;
        g_auto(ContainerUser) user = { 0 };
        g_autofree char *id = g_strdup_printf("%u", (unsigned int) spec->uid);
        if (!user_resolve(root_fd, id, &user, error))
                return false;
        spec->env = g_environ_setenv(spec->env, "HOME", user.home, FALSE);
        return true;
}

static OciState *describe(const OciCreateRequest *request, const OciSpec *spec) {
        OciState *state = oci_state_new(request->id);
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        state->bundle = g_canonicalize_filename(request->bundle, NULL);
        state->rootfs = g_canonicalize_filename(spec->root_path, state->bundle);
        state->created = text_format_time((int64_t) now.tv_sec * 1000000000 + now.tv_nsec);
        state->owner = geteuid();
        return state;
}

/* A socket below the state's directory, named through its descriptor: sun_path is short, unix(7).
 */
static bool start_address(int dir_fd, struct sockaddr_un *address) {
        *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
        char name[32];
        int n =
                        snprintf(address->sun_path, sizeof address->sun_path, "%s/" START_SOCKET,
                                 fd_path(dir_fd, name));
        return n > 0 && (size_t) n < sizeof address->sun_path;
}

static int open_state_directory(const char *root, const char *id) {
        g_autofree char *path = g_build_filename(root, id, NULL);
        return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int listen_for_start(const char *root, const char *id, GError **error) {
        struct sockaddr_un address;
        autofd int dir_fd = open_state_directory(root, id);
        autofd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        bool ok = dir_fd >= 0 && fd >= 0 && start_address(dir_fd, &address);
        mode_t before = umask(0177); /* for whoever may start it, and no one else, unix(7) */
        ok = ok && bind(fd, (const struct sockaddr *) &address, sizeof address) == 0;
        (void) umask(before);
        if (!ok || listen(fd, 8) < 0) {
                error_set_errno(error, errno, "Cannot listen for the start of '%s'", id);
                return -1;
        }
        return fd_steal(&fd);
}

bool oci_send_console(const char *path, const Launch *launch, const OciSpec *spec, GError **error) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        static const char name[] = "/dev/ptmx"; /* some name must come along */
        if (spec->console_height > 0 && spec->console_width > 0) {
                const struct winsize size = {
                        .ws_row = (unsigned short) spec->console_height,
                        .ws_col = (unsigned short) spec->console_width,
                };
                if (ioctl(launch->console_fd, TIOCSWINSZ, &size) < 0)
                        return error_set_errno(error, errno, "Cannot set the terminal's size");
        }
        if (strlen(path) >= sizeof address.sun_path)
                return error_set_errno(error, ENAMETOOLONG, "Cannot use console socket '%s'", path);
        memcpy(address.sun_path, path, strlen(path) + 1);
        autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (const struct sockaddr *) &address, sizeof address) < 0)
                return error_set_errno(error, errno, "Cannot connect to console socket '%s'", path);
        int r = fd_send(fd, name, sizeof name - 1, &launch->console_fd, 1);
        return r >= 0 || error_set_errno(error, r, "Cannot send the terminal to '%s'", path);
}

/* linux.seccomp.listenerPath gets the state and the descriptor (config-linux.md, "seccompFd"). */
static bool send_listener(Launch *launch, void *data, GError **error) {
        const OciContainer *c = data;
        JsonObject *seccomp = json_node_get_object(c->spec->seccomp);
        const char *path, *metadata;
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        if (!json_get_string(seccomp, "listenerPath", &path, error) ||
            !json_get_string(seccomp, "listenerMetadata", &metadata, error))
                return false;
        if (!path || strlen(path) >= sizeof address.sun_path)
                return error_set_invalid(
                                error, "linux.seccomp: SCMP_ACT_NOTIFY needs a listenerPath");
        g_autofree char *state = oci_state_format(c->state, c->spec, OCI_STATUS_CREATING, false);
        g_autoptr(JsonNode) node = NULL;
        JsonObject *inner;
        if (!json_parse_object(state, strlen(state), 1 << 20, "state", &node, &inner, error))
                return false;
        g_autoptr(JsonObject) object = json_object_new();
        static const char *const fds[] = { "seccompFd", NULL };
        json_object_set_string_member(object, "ociVersion", OCI_SPEC_VERSION);
        json_set_strings(object, "fds", fds);
        json_object_set_int_member(object, "pid", launch->pid);
        if (metadata)
                json_object_set_string_member(object, "metadata", metadata);
        json_object_set_object_member(object, "state", json_object_ref(inner));
        g_autofree char *text = json_format_object(object, false);
        memcpy(address.sun_path, path, strlen(path) + 1);
        autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (const struct sockaddr *) &address, sizeof address) < 0)
                return error_set_errno(
                                error, errno, "Cannot connect to seccomp listener '%s'", path);
        int r = fd_send(fd, text, strlen(text), &launch->listener_fd, 1);
        return r >= 0 || error_set_errno(error, r, "Cannot send to seccomp listener '%s'", path);
}

int oci_namespaces(const OciSpec *spec, pid_t pid) {
        int flags = 0;
        for (int type = 0; type < OCI_NAMESPACE_MAX; type++) {
                char path[48], own[48];
                struct stat theirs, ours;
                const char *name = oci_namespace_proc_name(type);
                snprintf(path, sizeof path, "/proc/%d/ns/%s", (int) pid, name);
                snprintf(own, sizeof own, "/proc/self/ns/%s", name);
                if (stat(path, &theirs) == 0 && stat(own, &ours) == 0 &&
                    theirs.st_ino != ours.st_ino)
                        flags |= oci_namespace_clone_flag(type);
        }
        return flags;
}

static bool
run_hooks(const OciContainer *c,
          OciHookKind kind,
          OciStatus status,
          bool inside,
          const Launch *launch,
          GError **error) {
        if (!hooks_exist(c->spec, kind))
                return true;
        g_autofree char *state = oci_state_format(c->state, c->spec, status, false);
        const HookRequest request = {
                .spec = c->spec,
                .kind = kind,
                .state = state,
                .pid_fd = inside ? launch->pid_fd : -1,
                .namespaces = inside ? oci_namespaces(c->spec, c->state->pid) : 0,
        };
        return hooks_run(&request, error);
}

/* config.md: prestart and createRuntime see the runtime's namespaces, createContainer the
 * container's; all before pivot_root. */
static bool on_mounted(Launch *launch, void *data, GError **error) {
        OciContainer *c = data;
        c->state->pid = launch->pid;
        return run_hooks(c, OCI_HOOK_PRESTART, OCI_STATUS_CREATING, false, launch, error) &&
               run_hooks(c, OCI_HOOK_CREATE_RUNTIME, OCI_STATUS_CREATING, false, launch, error) &&
               run_hooks(c, OCI_HOOK_CREATE_CONTAINER, OCI_STATUS_CREATING, true, launch, error);
}

static bool note_pid(OciState *state, const Launch *launch, GError **error) {
        ContainerRecord record = { 0 };
        if (!record_set_pid(&record, launch->pid, error))
                return false;
        state->pid = record.pid;
        state->pid_start_ticks = record.pid_start_ticks;
        return true;
}

/* Streams that the payload may reopen by /dev/stdout; terminals and /dev/null stay whose they are.
 */
static void give_stdio(const OciSpec *spec, const int stdio[3]) {
        uid_t uid;
        gid_t gid;
        struct stat st;
        run_host_ids(spec, &uid, &gid);
        for (int i = 0; i < 3; i++)
                if (fstat(stdio[i], &st) == 0 && S_ISFIFO(st.st_mode) && st.st_uid != uid &&
                    fchown(stdio[i], uid, (gid_t) -1) < 0)
                        log_debug("stdio %d is not ours to give: it stays as it is", i);
}

static bool
make_plan(const OciCreateRequest *request,
          OciContainer *c,
          int root_fd,
          int start_fd,
          GError **error) {
        g_autoptr(GBytes) filter = NULL;
        unsigned int flags = 0;
        bool notifies = false;
        g_autofree char *attach = g_build_filename(request->root, request->id, NULL);
        if (c->spec->seccomp &&
            !syscall_filter_compile_spec(c->spec->seccomp, &filter, &flags, &notifies, error))
                return false;
        const PlanRequest plan = {
                .spec = c->spec,
                .root_fd = root_fd,
                .attach_path = attach,
                .filter = filter,
                .filter_flags = flags,
                .n_listen_fds = request->n_preserved_fds,
                .console = c->spec->terminal,
                .start_fd = start_fd,
                .has_create_hooks = hooks_exist(c->spec, OCI_HOOK_PRESTART) ||
                                    hooks_exist(c->spec, OCI_HOOK_CREATE_RUNTIME) ||
                                    hooks_exist(c->spec, OCI_HOOK_CREATE_CONTAINER),
                .keyring = request->no_new_keyring ? NULL : request->id,
                .userns_fd = -1,
        };
        c->plan = runtime_plan_new(&plan, error);
        return c->plan;
}

static bool
make_cgroup(const OciCreateRequest *request,
            OciContainer *c,
            int *ret_fd,
            pid_t *ret_holder,
            GError **error) {
        const CgroupRequest cgroup = {
                .path = c->spec->cgroups_path,
                .id = request->id,
                .resources = c->spec->resources,
                .use_systemd = request->use_systemd_cgroup,
        };
        if (request->no_cgroup)
                return true;
        if (cgroup_create(&cgroup, &c->state->cgroup, &c->state->scope, ret_fd, ret_holder, error))
                return cgroup_set_devices(*ret_fd, c->spec->resources, error);
        /* without the right to make one, and with nothing asked for, ours serves (rootless) */
        if (user_in_initial_namespace() && user_is_root())
                return false;
        g_clear_error(error);
        return true;
}

static bool launch_container(
                const OciCreateRequest *request,
                const int stdio[3],
                OciContainer *c,
                GError **error) {
        autofd int root_fd = -1;
        autofd int cgroup_fd = -1;
        pid_t holder = 0;
        if (!rootfs_mount_directory(c->state->rootfs, &root_fd, error) ||
            !oci_add_home(c->spec, root_fd, error))
                return false;
        autofd int start_fd = listen_for_start(request->root, request->id, error);
        if (start_fd < 0 || !make_plan(request, c, root_fd, start_fd, error) ||
            !make_cgroup(request, c, &cgroup_fd, &holder, error))
                return false;
        if (!c->spec->terminal)
                give_stdio(c->spec, stdio);
        bool ok = launch_prepare_with_hooks(
                        c->plan, stdio, cgroup_fd, false, on_mounted, c, &c->launch, error);
        cgroup_release_holder(holder);
        return ok && note_pid(c->state, &c->launch, error);
}

static bool publish(const OciCreateRequest *request, OciContainer *c, GError **error) {
        if (request->pid_file) {
                char text[16];
                snprintf(text, sizeof text, "%d", (int) c->state->pid);
                if (!file_replace(AT_FDCWD, request->pid_file, text, strlen(text), 0644,
                                  FILE_VOLATILE, error))
                        return false;
        }
        if (c->spec->terminal && request->console_socket &&
            !oci_send_console(request->console_socket, &c->launch, c->spec, error))
                return false;
        return oci_state_save(request->root, c->state, error);
}

static void undo(const OciCreateRequest *request, OciContainer *c) {
        if (c->launch.pid_fd >= 0)
                (void) sys_pidfd_send_signal(c->launch.pid_fd, SIGKILL);
        /* the first error is the one to tell */
        (void) cgroup_destroy(c->state->cgroup, c->state->scope, NULL);
        (void) oci_state_remove(request->root, request->id, NULL);
}

bool oci_create(const OciCreateRequest *request,
                const int stdio[3],
                OciContainer *ret_container,
                GError **error) {
        static const int own[3] = { 0, 1, 2 };
        g_auto(OciContainer) c = { .launch = LAUNCH_EMPTY };
        if (!load_bundle(request->bundle, &c.spec, error))
                return false;
        if (!oci_state_claim(request->root, request->id, error))
                return false;
        c.state = describe(request, c.spec);
        if (!oci_state_save_spec(request->root, request->id, c.spec, error) ||
            !oci_state_save(request->root, c.state, error) ||
            !launch_container(request, stdio ? stdio : own, &c, error) ||
            !publish(request, &c, error)) {
                undo(request, &c);
                return false;
        }
        *ret_container = c;
        c = (OciContainer){ .launch = LAUNCH_EMPTY };
        return true;
}

bool oci_create_finish(const char *root, OciContainer *container, GError **error) {
        return launch_detach(&container->launch, error);
}

bool oci_release(const char *root, OciContainer *c, GError **error) {
        c->launch.on_listener = send_listener;
        c->launch.on_listener_data = c;
        if (!run_hooks(c, OCI_HOOK_START_CONTAINER, OCI_STATUS_CREATED, true, &c->launch, error))
                return false;
        c->state->is_started = true; /* noted before: it may be over at once */
        if (!oci_state_save(root, c->state, error) || !launch_release(c->plan, &c->launch, error))
                return false;
        /* config.md: a poststart hook that fails stops and deletes the container */
        return run_hooks(c, OCI_HOOK_POSTSTART, OCI_STATUS_RUNNING, false, &c->launch, error);
}

/* The waiting process takes the connection as its launcher's. */
static bool connect_start(const char *root, OciContainer *c, GError **error) {
        struct sockaddr_un address;
        autofd int dir_fd = open_state_directory(root, c->state->id);
        autofd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (dir_fd < 0 || fd < 0 || !start_address(dir_fd, &address) ||
            connect(fd, (const struct sockaddr *) &address, sizeof address) < 0)
                return error_set_errno(
                                error, errno, "Cannot reach the process of container '%s'",
                                c->state->id);
        c->launch.socket_fd = fd_steal(&fd);
        c->launch.pid_fd = oci_state_open_pidfd(c->state);
        c->launch.pid = c->state->pid;
        return true;
}

bool oci_start(const char *root, const char *id, GError **error) {
        g_auto(OciContainer) c = { .launch = LAUNCH_EMPTY };
        c.state = oci_state_load(root, id, error);
        if (!c.state || !(c.spec = oci_state_load_spec(root, id, error)))
                return false;
        OciStatus status = oci_state_status(c.state);
        if (status != OCI_STATUS_CREATED)
                return error_set_invalid(
                                error, "cannot start container \"%s\" in the %s state", id,
                                oci_status_to_text(status));
        const PlanRequest request = {
                .spec = c.spec, .attach_path = "/", .root_fd = -1, .userns_fd = -1, .is_join = true
        };
        c.plan = runtime_plan_new(&request, error);
        return c.plan && connect_start(root, &c, error) && oci_release(root, &c, error);
}
