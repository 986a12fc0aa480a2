/* SPDX-License-Identifier: Apache-2.0 */
/* Shared steps of running a container, and the supervised way in their order. */
#include "runtime/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "runtime/cgroup-manager.h"
#include "runtime/event.h"
#include "runtime/hardening.h"
#include "runtime/health.h"
#include "runtime/idmap.h"
#include "runtime/log-file.h"
#include "runtime/network.h"
#include "runtime/notify-proxy.h"
#include "runtime/pin.h"
#include "runtime/spec-build.h"
#include "runtime/spec-secret.h"
#include "runtime/syscall-filter.h"
#include "systemd/cgroup.h"
#include "systemd/notify.h"
#include "systemd/relay-client.h"

#define HAND_OVER_TIMEOUT_USEC (30 * G_USEC_PER_SEC)
#define LISTEN_FDS_MAX         1024

static bool load_filter(Runtime *runtime, Container *c, GBytes **ret_filter, GError **error) {
        const char *profile = g_hash_table_lookup(c->spec->annotations, SPEC_ANNOTATION_SECCOMP);
        *ret_filter = NULL;
        if (g_strcmp0(profile, "unconfined") == 0)
                return true;
        g_autofree char *cache = g_build_filename(records_run_dir(runtime->records), "cache", NULL);
        const SyscallFilterRequest request = {
                .profile_path = profile,
                .bounding_capabilities = c->spec->capabilities[OCI_CAPABILITY_BOUNDING],
                .cache_dir = cache,
        };
        return syscall_filter_load(&request, ret_filter, error);
}

bool run_add_secrets(
                Runtime *runtime, const ContainerRecord *record, OciSpec *spec, GError **error) {
        g_autofree char *secrets =
                        g_build_filename(store_graph_root(runtime->store), "secrets", NULL);
        return spec_add_secret_variables(secrets, record, spec, error);
}

RuntimePlan *run_plan(Runtime *runtime, Container *c, unsigned int n_listen_fds, GError **error) {
        if (c->record && !run_add_secrets(runtime, c->record, c->spec, error))
                return NULL;
        g_autoptr(GBytes) filter = NULL;
        if (!load_filter(runtime, c, &filter, error))
                return NULL;
        g_autofree char *attach =
                        g_build_filename(records_run_dir(runtime->records), "rootfs", NULL);
        const PlanRequest request = {
                .spec = c->spec,
                .root_fd = c->root_fd,
                .attach_path = attach,
                .filter = filter,
                .hardening = c->unit_filters,
                .n_listen_fds = n_listen_fds,
                .console = c->spec->terminal,
                .userns_fd = c->userns_fd,
                .is_join = c->root_fd < 0,
                .keyring = c->record ? c->record->id : NULL,
        };
        return runtime_plan_new(&request, error);
}

/* podman-run(1) --pidfile: the number alone. */
static bool write_pid_file(const char *path, pid_t pid, GError **error) {
        char text[16];
        int n = snprintf(text, sizeof text, "%d", (int) pid);
        return !path || file_replace(AT_FDCWD, path, text, (size_t) n, 0644, FILE_VOLATILE, error);
}

bool run_note_started(Runtime *runtime, Container *c, const Launch *launch, GError **error) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        if (!record_set_pid(c->record, launch->pid, error))
                return false;
        c->record->started_nsec = (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
        c->record->finished_nsec = 0;
        c->record->has_exit_code = false;
        c->record->initialized = false;
        if (!write_pid_file(c->record->pid_file, launch->pid, error) ||
            !write_pid_file(c->record->conmon_pid_file, launch->pid, error))
                return false;
        return record_save(runtime->records, c->record, error);
}

void run_host_ids(const OciSpec *spec, uid_t *ret_uid, gid_t *ret_gid) {
        uint32_t uid = spec->uid, gid = spec->gid;
        if (spec->uid_mappings->len > 0)
                (void) id_map_to_host(spec->uid_mappings, spec->uid, &uid);
        if (spec->gid_mappings->len > 0)
                (void) id_map_to_host(spec->gid_mappings, spec->gid, &gid);
        *ret_uid = uid; /* an id that the map lacks fails in the child, with a better message */
        *ret_gid = gid;
}

bool run_output_pipe(uid_t uid, gid_t gid, int *ret_read_fd, int *ret_write_fd, GError **error) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot create a pipe");
        autofd int read_end = ends[0];
        autofd int write_end = ends[1];
        /* an id that is not ours to give: as nobody finds a pipe but through a /proc/PID/fd that
         * they may enter anyway, its mode serves as well */
        if (fchown(write_end, uid, gid) < 0 && fchmod(write_end, 0666) < 0)
                return error_set_errno(
                                error, errno, "Cannot give the output to the container's user");
        *ret_read_fd = fd_steal(&read_end);
        *ret_write_fd = fd_steal(&write_end);
        return true;
}

/* What the payload gets as 0, 1 and 2 in a unit. owned[] are closed when the child has them. */
typedef struct UnitStdio {
        int fds[3];
        int owned[3];
} UnitStdio;

static void unit_stdio_clear(UnitStdio *s) {
        for (int i = 0; i < 3; i++)
                fd_close(&s->owned[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UnitStdio, unit_stdio_clear)

/* The fields of the lines, and for the relay alone how large their file may get. Caller frees. */
char *run_log_fields(const ContainerRecord *r, const char *unit) {
        g_autofree char *fields = relay_fields(r->id, r->name, r->log_tag, r->image, unit);
        return r->log_size_max > 0 ? g_strdup_printf("%sLOG_FILE_MAX=%" G_GINT64_FORMAT "\n",
                                                     fields, (gint64) r->log_size_max)
                                   : g_steal_pointer(&fields);
}

/* fds: room for one more, the log file. */
static bool
hand_to_relay(Runtime *runtime, const ContainerRecord *r, int *fds, size_t n_fds, GError **error) {
        autofd int file_fd = -1;
        if (!log_file_open(runtime, r, &file_fd, error))
                return false;
        if (file_fd >= 0)
                fds[n_fds++] = file_fd;
        g_autofree char *fields = run_log_fields(r, r->unit);
        g_autofree char *path =
                        g_build_filename(records_run_dir(runtime->records), "relay.sock", NULL);
        return relay_attach(path, fields, fds, n_fds, error);
}

/* -t: the relay keeps the master, or the terminal would hang up with us, pty(7). */
static bool
keep_console(Runtime *runtime, const ContainerRecord *r, int console_fd, GError **error) {
        int fds[2] = { console_fd };
        if (console_fd < 0 || strcmp(r->log_driver, "none") == 0)
                return true;
        GError *inner = NULL;
        if (hand_to_relay(runtime, r, fds, 1, &inner))
                return true;
        g_propagate_prefixed_error(error, inner, "-t without a client needs the relay: ");
        return false;
}

static bool connect_relay(Runtime *runtime, Container *c, UnitStdio *s, GError **error) {
        autofd int out_read = -1;
        autofd int err_read = -1;
        uid_t uid;
        gid_t gid;
        run_host_ids(c->spec, &uid, &gid);
        if (!run_output_pipe(uid, gid, &out_read, &s->owned[1], error) ||
            !run_output_pipe(uid, gid, &err_read, &s->owned[2], error))
                return false;
        int fds[4] = { out_read, err_read };
        size_t n_fds = 2;
        autofd int in_read = -1;
        autofd int in_write = -1;
        if (c->record->interactive) { /* for `berth attach` */
                if (!run_output_pipe(uid, gid, &in_read, &in_write, error))
                        return false;
                fds[n_fds++] = in_write;
        }
        if (!hand_to_relay(runtime, c->record, fds, n_fds, error))
                return false;
        if (in_read >= 0) {
                fd_close(&s->owned[0]);
                s->fds[0] = s->owned[0] = fd_steal(&in_read);
        }
        s->fds[1] = s->owned[1];
        s->fds[2] = s->owned[2];
        return true;
}

static bool open_unit_stdio(Runtime *runtime, Container *c, UnitStdio *s, GError **error) {
        s->owned[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (s->owned[0] < 0)
                return error_set_errno(error, errno, "Cannot open '/dev/null'");
        s->fds[0] = s->owned[0];
        s->fds[1] = STDOUT_FILENO;
        s->fds[2] = STDERR_FILENO;
        const char *driver = c->record->log_driver;
        if (strcmp(driver, "none") == 0 || c->spec->terminal) {
                s->fds[1] = s->fds[2] = s->owned[0];
                return true;
        }
        if (g_str_has_prefix(driver, "passthrough"))
                return true;
        GError *inner = NULL;
        if (connect_relay(runtime, c, s, &inner))
                return true;
        bool absent = !log_file_is_used(c->record) &&
                      (g_error_matches(inner, ERROR_ERRNO, ENOENT) ||
                       g_error_matches(inner, ERROR_ERRNO, ECONNREFUSED));
        if (!absent) {
                g_propagate_error(error, inner);
                return false;
        }
        /* no relay on this host (units/berth-relay.socket is off): the journal's own stream serves,
         * only that /dev/stdout cannot be reopened then */
        log_warning("%s; the output goes to the unit's own stream", inner->message);
        g_error_free(inner);
        return true;
}

/* sd_listen_fds(3): the descriptors 3… are the payload's, which is PID 1 of its own namespace. */
static unsigned int take_listen_fds(OciSpec *spec) {
        uint64_t pid, n;
        const char *pid_text = getenv("LISTEN_PID");
        const char *count = getenv("LISTEN_FDS");
        if (!pid_text || !count || !text_parse_uint64(pid_text, INT32_MAX, &pid) ||
            (pid_t) pid != getpid() || !text_parse_uint64(count, LISTEN_FDS_MAX, &n) || n == 0)
                return 0;
        bool own = spec->namespaces[OCI_NAMESPACE_PID].present;
        spec->env = g_environ_setenv(spec->env, "LISTEN_FDS", count, TRUE);
        if (own)
                spec->env = g_environ_setenv(spec->env, "LISTEN_PID", "1", TRUE);
        const char *names = getenv("LISTEN_FDNAMES");
        if (names)
                spec->env = g_environ_setenv(spec->env, "LISTEN_FDNAMES", names, TRUE);
        return (unsigned int) n;
}

/* cgroups(7), "Delegation": the root of the container's user namespace may make cgroups below its
 * own and move its processes there; limits stay ours. */
static bool give_cgroup(const OciSpec *spec, int cgroup_fd, GError **error) {
        static const char *const files[] = { ".", "cgroup.procs", "cgroup.subtree_control",
                                             "cgroup.threads" };
        uint32_t uid, gid;
        if (!id_map_to_host(spec->uid_mappings, 0, &uid) ||
            !id_map_to_host(spec->gid_mappings, 0, &gid))
                return true;
        for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
                if (fchownat(cgroup_fd, files[i], uid, gid, 0) < 0)
                        return error_set_errno(
                                        error, errno,
                                        "Cannot give the container's root its cgroup (%s)",
                                        files[i]);
        return true;
}

bool run_may_use_all_devices(const OciSpec *spec) {
        const uint64_t all = (UINT64_C(1) << oci_capability_count()) - 1;
        return !spec->masked_paths[0] && spec->capabilities[OCI_CAPABILITY_BOUNDING] == all;
}

/* Our own cgroup is the unit's; the payload is born in a sub-cgroup of it, so that limits of the
 * unit count and the unit's root stays free of processes, cgroups(7) "no internal processes". */
static bool make_payload_cgroup(Container *c, int *ret_fd, GError **error) {
        g_autofree char *own = cgroup_of(0, error);
        if (!own)
                return false;
        c->record->unit = cgroup_unit(own);
        return cgroup_make(own, "payload", &c->record->cgroup, ret_fd, error) &&
               (run_may_use_all_devices(c->spec) ||
                cgroup_limit_devices(*ret_fd, c->spec, error)) &&
               give_cgroup(c->spec, *ret_fd, error) &&
               (!c->spec->resources ||
                cgroup_write_rest(c->record->cgroup, c->spec->resources, error));
}

/* A start period is part of the start: the manager waits for as long as the check may need to come
 * to a verdict. NULL: the unit's own limit is right. Caller frees. */
static char *extend_start(const ContainerRecord *record, ContainerNotify notify) {
        g_autoptr(HealthConfig) health =
                        notify == CONTAINER_NOTIFY_HEALTHY ? health_config(record, NULL) : NULL;
        if (!health || health->start_period_usec == 0)
                return NULL;
        uint64_t tries = (uint64_t) MAX(health->check.retries, 1);
        uint64_t usec = health->start_period_usec +
                        tries * (health->check.interval_usec + health->check.timeout_usec);
        return g_strdup_printf("EXTEND_TIMEOUT_USEC=%" G_GUINT64_FORMAT, (guint64) usec);
}

static bool
hand_over(const ContainerRecord *record,
          ContainerNotify notify,
          RuntimePlan *plan,
          Launch *launch,
          GError **error) {
        bool ready = notify == CONTAINER_NOTIFY_STARTED || notify == CONTAINER_NOTIFY_IGNORE;
        g_autofree char *more = extend_start(record, notify);
        if (!notify_hand_over(launch->pid, ready, more, HAND_OVER_TIMEOUT_USEC, error))
                return false;
        return launch_release(plan, launch, error);
}

bool container_notify_from_text(const char *text, ContainerNotify *ret_notify, GError **error) {
        if (!text || strcmp(text, "conmon") == 0)
                *ret_notify = CONTAINER_NOTIFY_STARTED;
        else if (strcmp(text, "container") == 0)
                *ret_notify = CONTAINER_NOTIFY_CONTAINER;
        else if (strcmp(text, "ignore") == 0)
                *ret_notify = CONTAINER_NOTIFY_IGNORE;
        else if (strcmp(text, "healthy") == 0)
                *ret_notify = CONTAINER_NOTIFY_HEALTHY;
        else
                return error_set_invalid(
                                error,
                                "--sdnotify '%s' is not supported, use conmon, container, healthy "
                                "or ignore",
                                text);
        return true;
}

bool container_run_supervised(
                Runtime *runtime, Container *c, ContainerNotify notify, GError **error) {
        autofd int cgroup_fd = -1;
        g_auto(UnitStdio) stdio = { { 0, 1, 2 }, { -1, -1, -1 } };
        g_auto(Launch) launch = LAUNCH_EMPTY;
        g_autoptr(NotifyProxy) proxy = NULL;

        unsigned int n_listen_fds = take_listen_fds(c->spec);
        if (!network_begin(runtime, c, error) || !make_payload_cgroup(c, &cgroup_fd, error) ||
            (c->record->unit &&
             !hardening_apply(c->record->unit, c->spec, &c->unit_filters, error)) ||
            !open_unit_stdio(runtime, c, &stdio, error))
                return false;
        if (notify == CONTAINER_NOTIFY_CONTAINER) {
                g_autofree char *run_path = record_run_path(runtime->records, c->record);
                proxy = notify_proxy_new(run_path, c->spec, error);
                if (!proxy)
                        return false;
        }
        g_autoptr(RuntimePlan) plan = run_plan(runtime, c, n_listen_fds, error);
        if (!plan || !launch_prepare(plan, stdio.fds, cgroup_fd, true, &launch, error))
                return false;
        unit_stdio_clear(&stdio);
        if (!keep_console(runtime, c->record, launch.console_fd, error) ||
            !network_attach(runtime, c, &launch, error) ||
            !run_note_started(runtime, c, &launch, error) ||
            !hand_over(c->record, notify, plan, &launch, error))
                return false;
        container_event(runtime, c->record, "init");
        container_event(runtime, c->record, "start");
        runtime_event_flush(runtime);
        pin_image(runtime, c->record);
        return proxy ? notify_proxy_run(proxy, launch.pid_fd, error) : true;
}
