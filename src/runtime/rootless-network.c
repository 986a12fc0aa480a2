/* SPDX-License-Identifier: Apache-2.0 */
/* The containers' side: finding the unit's namespaces, and work inside of them. */
#include "runtime/rootless-network.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/process.h"
#include "base/sys.h"
#include "base/text.h"
#include "base/user.h"
#include "config/storage-conf.h"
#include "network/dns.h"
#include "network/publish.h"
#include "network/reclaim.h"
#include "runtime/network.h"
#include "runtime/publisher.h"
#include "runtime/rootless.h"
#include "systemd/bus.h"

#define UNIT            "berth-rootless-netns.service"
#define REPLY_SIZE_MAX  (1u << 20)
#define HOLDER_SIZE_MAX 128

struct RootlessNetwork {
        char *directory;
        int lock_fd; /* held shared from before the unit is needed until a container is noted */
        int user_fd, net_fd;
};

void rootless_network_free(RootlessNetwork *network) {
        if (!network)
                return;
        fd_close(&network->lock_fd);
        fd_close(&network->user_fd);
        fd_close(&network->net_fd);
        g_free(network->directory);
        g_free(network);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RootlessNetwork, rootless_network_free)

char *rootless_network_directory(void) {
        g_autofree char *containers = config_user_runtime_directory();
        g_autofree char *run = g_path_get_dirname(containers);
        return g_build_filename(run, "berth-netns", NULL);
}

/* "PID TICKS": whether that process is still there. */
static bool read_owner(const char *path, pid_t *ret_pid) {
        g_autofree char *text = NULL;
        uint64_t pid, ticks;
        if (!file_read_text(AT_FDCWD, path, HOLDER_SIZE_MAX, &text, NULL))
                return false;
        g_auto(GStrv) words = g_strsplit(g_strstrip(text), " ", 2);
        if (!words[0] || !words[1] || !text_parse_uint64(words[0], INT32_MAX, &pid) || pid < 2 ||
            !text_parse_uint64(words[1], INT64_MAX, &ticks) ||
            process_start_ticks((pid_t) pid) != ticks)
                return false;
        *ret_pid = (pid_t) pid;
        return true;
}

static int open_of(pid_t pid, const char *name) {
        g_autofree char *path = g_strdup_printf("/proc/%d/ns/%s", (int) pid, name);
        return open(path, O_RDONLY | O_CLOEXEC);
}

/* False: the unit does not run. */
static bool find_namespaces(RootlessNetwork *network) {
        g_autofree char *path = g_build_filename(network->directory, "holder", NULL);
        pid_t pid, again;
        if (!read_owner(path, &pid))
                return false;
        network->user_fd = open_of(pid, "user");
        network->net_fd = open_of(pid, "net");
        if (network->user_fd >= 0 && network->net_fd >= 0 && read_owner(path, &again) &&
            again == pid)
                return true;
        fd_close(&network->user_fd);
        fd_close(&network->net_fd);
        return false;
}

static RootlessNetwork *new_network(GError **error) {
        g_autoptr(RootlessNetwork) network = g_new0(RootlessNetwork, 1);
        network->lock_fd = network->user_fd = network->net_fd = -1;
        network->directory = rootless_network_directory();
        g_autofree char *users = g_build_filename(network->directory, "users", NULL);
        g_autofree char *lock = g_build_filename(network->directory, "lock", NULL);
        if (!file_make_directories(AT_FDCWD, users, 0700, error))
                return NULL;
        network->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (network->lock_fd < 0) {
                error_set_errno(error, errno, "Cannot open '%s'", lock);
                return NULL;
        }
        return g_steal_pointer(&network);
}

static bool start_unit(RootlessNetwork *network, GError **error) {
        GError *inner = NULL;
        g_autoptr(Bus) bus = bus_open(&inner);
        if (!bus || !bus_start_unit(bus, UNIT, &inner)) {
                error_set_invalid(
                                error,
                                "Cannot start " UNIT " of your service manager, which bridge "
                                "networks need: %s",
                                inner->message);
                g_error_free(inner);
                return false;
        }
        return find_namespaces(network) || error_set_invalid(
                                                           error,
                                                           "%s has started and its "
                                                           "namespaces are not there: see "
                                                           "journalctl --user -u " UNIT,
                                                           UNIT);
}

/* The unit that runs, or NULL without an error. */
static RootlessNetwork *find_running(Runtime *runtime, GError **error) {
        if (runtime->rootless_network)
                return runtime->rootless_network;
        g_autoptr(RootlessNetwork) network = new_network(error);
        if (network && find_namespaces(network))
                runtime->rootless_network = g_steal_pointer(&network);
        return runtime->rootless_network;
}

bool rootless_network_enter(Runtime *runtime, GError **error) {
        if (user_is_root() || runtime->rootless_network)
                return true;
        g_autoptr(RootlessNetwork) network = new_network(error);
        if (!network)
                return false;
        if (flock(network->lock_fd, LOCK_SH) < 0)
                return error_set_errno(error, errno, "Cannot lock '%s'", network->directory);
        if (!find_namespaces(network) && !start_unit(network, error))
                return false;
        runtime->rootless_network = g_steal_pointer(&network);
        return geteuid() == 0 || rootless_join(runtime->rootless_network->user_fd, error);
}

/* One piece of work inside. */
typedef struct Call {
        Runtime *runtime;
        const NetworkContainer *container;
        const NetworkAttachment *attachment;
        const NetworkStatus *status;
        const NetworkInterface *interface;
        const NetworkRequest *request;
        const Network *network;
        const char *id;
        const GArray *listeners; /* to be served */
        int cgroup_fd;           /* by a process there; or -1 */
        int pid_fd;
        int reply_fd; /* JSON of a NetworkStatus, from inside */
        guint *count; /* shared with the process inside */
} Call;

static bool reply(const Call *call, const NetworkStatus *status, GError **error) {
        g_autoptr(JsonObject) object = network_status_to_json(status);
        g_autofree char *text = json_format_object(object, false);
        int r = fd_write_all(call->reply_fd, text, strlen(text));
        return r >= 0 || error_set_errno(error, r, "Cannot send the addresses");
}

static NetworkStatus *take_reply(const Call *call, GError **error) {
        g_autofree char *text = g_malloc(REPLY_SIZE_MAX);
        ssize_t n = lseek(call->reply_fd, 0, SEEK_SET) < 0
                                    ? -errno
                                    : fd_read_full(call->reply_fd, text, REPLY_SIZE_MAX);
        if (n < 0) {
                error_set_errno(error, (int) n, "Cannot read the addresses");
                return NULL;
        }
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object;
        return json_parse_object(
                               text, (size_t) n, REPLY_SIZE_MAX, "the addresses", &root, &object,
                               error)
                               ? network_status_from_json(object, error)
                               : NULL;
}

/* Names outside are asked of pasta, which knows the host's servers: those themselves may be on a
 * loopback address that is not ours. */
static bool set_resolver(const Runtime *runtime, GError **error) {
        g_autofree char *path =
                        g_build_filename(runtime->rootless_network->directory, "resolv.conf", NULL);
        return (unshare(CLONE_NEWNS) == 0 &&
                mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL) == 0) ||
               error_set_errno(error, errno, "Cannot mount '%s' on '/etc/resolv.conf'", path);
}

static bool start_publishing(const Call *call, const NetworkStatus *status, GError **error) {
        PublishTarget target = { .pid_fd = call->pid_fd };
        const NetworkInterface *first =
                        status->interfaces->len > 0 ? status->interfaces->pdata[0] : NULL;
        for (guint i = 0; first && i < first->addresses->len; i++) {
                const NetworkAddress *a = &g_array_index(first->addresses, NetworkAddress, i);
                IpAddress *at = &target.address[a->address.family == AF_INET6];
                if (!at->family)
                        *at = a->address;
        }
        return publisher_start(call->listeners, &target, call->cgroup_fd, -1, error);
}

static bool setup_inside(void *data, GError **error) {
        Call *call = data;
        g_autoptr(NetworkStatus) status = NULL;
        if (!set_resolver(call->runtime, error) ||
            !network_setup(call->runtime->networks, call->container, &status, error) ||
            !reply(call, status, error))
                return false;
        return call->listeners->len == 0 || start_publishing(call, status, error);
}

static bool call_inside(Call *call, RootlessAction action, GError **error) {
        const RootlessNetwork *network = call->runtime->rootless_network;
        return rootless_call_inside(network->user_fd, network->net_fd, action, call, error);
}

static char *user_path(const RootlessNetwork *network, const char *id) {
        return g_build_filename(network->directory, "users", id, NULL);
}

/* From now on the unit is needed by it, and the lock is not. */
static bool note_user(RootlessNetwork *network, const NetworkContainer *c, GError **error) {
        g_autofree char *path = user_path(network, c->id);
        g_autofree char *text =
                        g_strdup_printf("%d %" G_GUINT64_FORMAT, (int) c->owner.pid,
                                        (guint64) c->owner.start_ticks);
        return file_replace(AT_FDCWD, path, text, strlen(text), 0600, FILE_VOLATILE, error);
}

bool rootless_network_setup(
                Runtime *runtime,
                const ContainerRecord *record,
                const NetworkContainer *container,
                NetworkStatus **ret_status,
                GError **error) {
        if (user_is_root())
                return network_setup(runtime->networks, container, ret_status, error);
        if (!rootless_network_enter(runtime, error))
                return false;
        g_autoptr(GArray) listeners = publish_bind(container->request->ports, error);
        autofd int reply_fd = memfd_create("addresses", MFD_CLOEXEC);
        autofd int pid_fd = sys_pidfd_open(container->owner.pid, 0);
        autofd int cgroup_fd = publisher_cgroup(record);
        if (!listeners)
                return false;
        if (reply_fd < 0 || pid_fd < 0)
                return error_set_errno(error, errno, "Cannot watch the container");
        Call call = {
                .runtime = runtime,
                .container = container,
                .listeners = listeners,
                .cgroup_fd = cgroup_fd,
                .pid_fd = pid_fd,
                .reply_fd = reply_fd,
        };
        if (!call_inside(&call, setup_inside, error))
                return false;
        *ret_status = take_reply(&call, error);
        if (!*ret_status || !note_user(runtime->rootless_network, container, error))
                return false;
        (void) flock(runtime->rootless_network->lock_fd, LOCK_UN); /* ours, and held: cannot fail */
        return true;
}

static bool is_used(const RootlessNetwork *network) {
        g_autofree char *path = g_build_filename(network->directory, "users", NULL);
        DIR *dir = opendir(path);
        bool used = false;
        for (struct dirent *e; dir && (e = readdir(dir)) && !used;) {
                g_autofree char *file = user_path(network, e->d_name);
                pid_t pid;
                if (e->d_name[0] == '.')
                        continue;
                used = read_owner(file, &pid);
                if (!used)
                        (void) unlink(file); /* what a killed launcher left */
        }
        if (dir)
                closedir(dir);
        return used;
}

/* Nobody is about to need it: they would hold the lock. */
static bool stop_unused(const Runtime *runtime, const RootlessNetwork *network, GError **error) {
        g_autofree char *job = NULL;
        if (flock(network->lock_fd, LOCK_EX | LOCK_NB) < 0 || is_used(network))
                return true;
        g_autoptr(Bus) bus = bus_open(error);
        bool ok = bus && bus_stop_unit_begin(bus, UNIT, &job, error) &&
                  bus_stop_unit_wait(bus, UNIT, job, error);
        if (ok)
                dns_reset(runtime->networks);
        (void) flock(network->lock_fd, LOCK_UN); /* as above */
        return ok;
}

static bool teardown_inside(void *data, GError **error) {
        Call *call = data;
        return network_teardown(call->runtime->networks, call->id, call->request, error);
}

bool rootless_network_teardown(
                Runtime *runtime, const char *id, const NetworkRequest *request, GError **error) {
        if (user_is_root())
                return network_teardown(runtime->networks, id, request, error);
        GError *inner = NULL;
        RootlessNetwork *network = find_running(runtime, &inner);
        if (!network)
                return !inner || (g_propagate_error(error, inner), false);
        Call call = { .runtime = runtime, .id = id, .request = request };
        if (!call_inside(&call, teardown_inside, error))
                return false;
        g_autofree char *path = user_path(network, id);
        (void) unlink(path); /* none: it never got so far */
        if (!stop_unused(runtime, network, &inner)) {
                log_warning("%s, ignoring", inner->message);
                g_error_free(inner);
        }
        g_clear_pointer(&runtime->rootless_network, rootless_network_free);
        return true;
}

static bool connect_inside(void *data, GError **error) {
        Call *call = data;
        g_autoptr(NetworkStatus) status = network_status_new();
        NetworkInterface *interface;
        if (!set_resolver(call->runtime, error) ||
            !network_connect(
                            call->runtime->networks, call->container, call->attachment,
                            call->status, &interface, error))
                return false;
        g_ptr_array_add(status->interfaces, interface);
        return reply(call, status, error);
}

bool rootless_network_connect(
                Runtime *runtime,
                const NetworkContainer *container,
                const NetworkAttachment *attachment,
                const NetworkStatus *status,
                NetworkInterface **ret_interface,
                GError **error) {
        if (user_is_root())
                return network_connect(
                                runtime->networks, container, attachment, status, ret_interface,
                                error);
        if (!rootless_network_enter(runtime, error))
                return false;
        autofd int reply_fd = memfd_create("addresses", MFD_CLOEXEC);
        if (reply_fd < 0)
                return error_set_errno(error, errno, "Cannot make a file in memory");
        Call call = {
                .runtime = runtime,
                .container = container,
                .attachment = attachment,
                .status = status,
                .reply_fd = reply_fd,
        };
        g_autoptr(NetworkStatus) got = NULL;
        if (call_inside(&call, connect_inside, error))
                got = take_reply(&call, error);
        if (!got || got->interfaces->len == 0)
                return false;
        *ret_interface = g_ptr_array_steal_index(got->interfaces, 0);
        return true;
}

static bool disconnect_inside(void *data, GError **error) {
        Call *call = data;
        return network_disconnect(call->runtime->networks, call->container, call->interface, error);
}

bool rootless_network_disconnect(
                Runtime *runtime,
                const NetworkContainer *container,
                const NetworkInterface *interface,
                GError **error) {
        if (user_is_root())
                return network_disconnect(runtime->networks, container, interface, error);
        Call call = { .runtime = runtime, .container = container, .interface = interface };
        return rootless_network_enter(runtime, error) &&
               call_inside(&call, disconnect_inside, error);
}

static bool forget_inside(void *data, GError **error) {
        Call *call = data;
        return network_forget(call->runtime->networks, call->network, error);
}

bool rootless_network_forget(Runtime *runtime, const Network *network, GError **error) {
        if (user_is_root())
                return network_forget(runtime->networks, network, error);
        GError *inner = NULL;
        Call call = { .runtime = runtime, .network = network };
        if (!find_running(runtime, &inner))
                return !inner || (g_propagate_error(error, inner), false);
        return call_inside(&call, forget_inside, error);
}

static bool reload_inside(void *data, GError **error) {
        Call *call = data;
        return network_reload(call->runtime->networks, call->id, call->count, error);
}

bool rootless_network_reload(Runtime *runtime, const char *id, guint *ret_n, GError **error) {
        if (user_is_root())
                return network_reload(runtime->networks, id, ret_n, error);
        GError *inner = NULL;
        *ret_n = 0;
        if (!find_running(runtime, &inner))
                return !inner || (g_propagate_error(error, inner), false);
        guint ignored;
        Call call = { .runtime = runtime, .id = id, .count = &ignored };
        return call_inside(&call, reload_inside, error);
}
