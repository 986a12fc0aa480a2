/* SPDX-License-Identifier: Apache-2.0 */
/* When a container's network is set up and taken down. */
#include "runtime/network.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/user.h"
#include "network/namespace.h"
#include "network/pasta.h"
#include "network/publish.h"
#include "network/setup.h"
#include "network/slirp.h"
#include "runtime/pod.h"
#include "runtime/publisher.h"
#include "runtime/rootless-network.h"
#include "runtime/rootless.h"
#include "systemd/cgroup.h"

#define PASTA_NAMESPACE "netns"
#define PASTA_PID       "pasta.pid"
#define SLIRP_PID       "slirp4netns.pid"

const Networks *runtime_networks(Runtime *runtime, GError **error) {
        if (!runtime->networks) {
                const NetworksOptions options = {
                        .config_dir = runtime->network_config_dir,
                        .graph_root = store_graph_root(runtime->store),
                        .run_dir = records_run_dir(runtime->records),
                };
                runtime->networks = networks_open(&options, error);
        }
        return runtime->networks;
}

static JsonNode *take_object(JsonObject *object) {
        JsonNode *node = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(node, object);
        return node;
}

static void set_request(ContainerRecord *record, const NetworkRequest *request) {
        g_clear_pointer(&record->network_request, json_node_unref);
        record->network_request = take_object(network_request_to_json(request));
}

static void set_status(ContainerRecord *record, const NetworkStatus *status) {
        g_clear_pointer(&record->network_status, json_node_unref);
        record->network_status = status ? take_object(network_status_to_json(status)) : NULL;
}

NetworkRequest *record_network_request(const ContainerRecord *record, GError **error) {
        return record->network_request
                               ? network_request_from_json(
                                                 json_node_get_object(record->network_request),
                                                 error)
                               : NULL;
}

NetworkStatus *record_network_status(const ContainerRecord *record, GError **error) {
        return record->network_status
                               ? network_status_from_json(
                                                 json_node_get_object(record->network_status),
                                                 error)
                               : NULL;
}

static bool joins_pod(const SpecRequest *r) {
        return r->pod && pod_shares(r->pod, "net") && !r->options->network;
}

/* --network for a container of a pod, whose own it cannot be. */
static GPtrArray *network_of_pod(const SpecRequest *r) {
        if (!joins_pod(r))
                return NULL;
        GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(list, pod_pins_network(r->pod)
                                              ? g_strconcat("ns:", r->pod_path, "/net", NULL)
                                              : g_strdup("host"));
        return list;
}

static NetworkRequest *request_of_flags(const SpecRequest *r, GError **error) {
        const ContainerOptions *o = r->options;
        const ContainersConf *conf = networks_conf(r->networks);
        g_autoptr(GPtrArray) pinned = network_of_pod(r);
        const NetworkFlags flags = {
                .network = pinned ? pinned : o->network,
                .ip = o->ip,
                .ip6 = o->ip6,
                .mac = o->mac_address,
                .aliases = o->network_alias,
                .publish = o->publish,
                .publish_all = o->publish_all,
                .expose = o->expose,
                .image_ports = r->image ? r->image->exposed_ports : NULL,
                .add_hosts = o->add_host,
                .dns = o->dns,
                .dns_search = o->dns_search,
                .dns_options = o->dns_option,
                .no_hosts = o->no_hosts || (conf->no_hosts && !o->add_host && !o->hosts_file),
                .hosts_file = o->hosts_file,
                .default_network = conf->default_network,
                .is_user = !user_is_root(),
        };
        return network_request_from_flags(&flags, error);
}

/* Fail early, while nothing is there to be undone: a network that does not exist, a driver's back
 * end that is not ours. */
bool network_check_request(
                const Networks *networks, const NetworkRequest *request, GError **error) {
        for (guint i = 0; i < request->attachments->len; i++) {
                const NetworkAttachment *a = request->attachments->pdata[i];
                g_autoptr(Network) network = networks_find(networks, a->network, error);
                if (!network)
                        return false;
        }
        if (request->mode == NETWORK_MODE_NS && access(request->target, F_OK) < 0)
                return error_set_errno(
                                error, errno, "cannot find specified network namespace path: '%s'",
                                request->target);
        if (request->mode == NETWORK_MODE_SLIRP) {
                g_auto(SlirpOptions) options = { 0 };
                return slirp_options_parse(request->target, &options, error);
        }
        if (request->mode == NETWORK_MODE_PASTA && user_is_root())
                return error_set_invalid(
                                error, "invalid config provided: pasta networking is only "
                                       "supported for rootless mode");
        return true;
}

bool network_build(const SpecRequest *r, OciSpec *spec, GError **error) {
        g_autoptr(NetworkRequest) request = request_of_flags(r, error);
        if (!request || (!joins_pod(r) && !network_check_request(r->networks, request, error)))
                return false;
        bool discarded = r->options->publish && r->options->publish->len > 0 &&
                         request->ports->len == 0;
        if (discarded)
                log_warning("Port mappings have been discarded as one of the Host, Container, Pod, "
                            "and None network modes are in use");
        spec->namespaces[OCI_NAMESPACE_NETWORK].present = request->mode != NETWORK_MODE_HOST;
        r->record->network = network_request_mode_text(request);
        set_request(r->record, request);
        return true;
}

static ContainerRecord *find_target(Runtime *runtime, const char *name, GError **error) {
        g_autoptr(ContainerRecord) target = record_find(runtime->records, name, error);
        if (!target) {
                g_prefix_error(error, "looking up container to share net namespace with: ");
                return NULL;
        }
        if (record_status(target) != CONTAINER_RUNNING) {
                error_set(error, RUNTIME_ERROR, RUNTIME_ERROR_STATE,
                          "cannot join the network of container %s, it is not running: container "
                          "state improper",
                          name);
                return NULL;
        }
        return g_steal_pointer(&target);
}

/* A file in the container's directory. Caller frees. */
static char *run_file(Runtime *runtime, const ContainerRecord *record, const char *name) {
        g_autofree char *run_path = record_run_path(runtime->records, record);
        return g_build_filename(run_path, name, NULL);
}

bool network_enter(Runtime *runtime, const ContainerOptions *o, GError **error) {
        const Networks *networks = user_is_root() ? NULL : runtime_networks(runtime, error);
        if (!networks)
                return user_is_root();
        const NetworkFlags flags = { .network = o->network,
                                     .default_network = networks_conf(networks)->default_network,
                                     .is_user = true };
        g_autoptr(NetworkRequest) request = network_request_from_flags(&flags, NULL);
        return !request || request->mode != NETWORK_MODE_BRIDGE || /* wrong ones are told later */
               (network_check_request(networks, request, error) &&
                rootless_network_enter(runtime, error));
}

bool network_enter_again(Runtime *runtime, const char *container, GError **error) {
        g_autoptr(ContainerRecord) record =
                        user_is_root() ? NULL : record_find(runtime->records, container, NULL);
        g_autoptr(NetworkRequest) request = record ? record_network_request(record, NULL) : NULL;
        return !request || request->mode != NETWORK_MODE_BRIDGE ||
               rootless_network_enter(runtime, error);
}

bool network_begin(Runtime *runtime, Container *c, GError **error) {
        if (!pod_start_of(runtime, c->record, error))
                return false;
        g_autoptr(NetworkRequest) request = record_network_request(c->record, NULL);
        if (!request)
                return true;
        OciNamespace *ns = &c->spec->namespaces[OCI_NAMESPACE_NETWORK];
        if (request->mode == NETWORK_MODE_CONTAINER) {
                g_autoptr(ContainerRecord) target = find_target(runtime, request->target, error);
                if (!target)
                        return false;
                g_free(ns->path);
                ns->path = g_strdup_printf("/proc/%d/ns/net", (int) target->pid);
        } else if (request->mode == NETWORK_MODE_NS) {
                g_free(ns->path);
                ns->path = g_strdup(request->target);
        } else if (request->mode == NETWORK_MODE_PASTA || request->mode == NETWORK_MODE_SLIRP) {
                g_free(ns->path);
                ns->path = run_file(runtime, c->record, PASTA_NAMESPACE);
                return namespace_make(ns->path, error);
        }
        return true;
}

static int open_namespace(pid_t pid, GError **error) {
        g_autofree char *path = g_strdup_printf("/proc/%d/ns/net", (int) pid);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                error_set_errno(error, errno, "Cannot open the network namespace '%s'", path);
        return fd;
}

/* Beside the payload's cgroup in a unit, so that the unit's own stays free of processes and takes
 * it down when it stops. */
static void move_to_cgroup(const ContainerRecord *record, const char *pid_path) {
        g_autofree char *own = record->cgroup ? cgroup_of(0, NULL) : NULL;
        g_autofree char *made = NULL;
        g_autofree char *pid = NULL;
        autofd int cgroup_fd = -1;
        if (!own || !cgroup_make(own, "network", &made, &cgroup_fd, NULL) ||
            !file_read_text(AT_FDCWD, pid_path, 64, &pid, NULL))
                return; /* it serves from where it is */
        autofd int fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
        if (fd >= 0)
                (void) fd_write_all(fd, pid, strlen(pid));
}

static bool
start_pasta(Runtime *runtime, Container *c, const NetworkRequest *request, GError **error) {
        g_autofree char *ns_path = run_file(runtime, c->record, PASTA_NAMESPACE);
        g_autofree char *pid_path = run_file(runtime, c->record, PASTA_PID);
        if (!ports_check_free(request->ports, error) ||
            !pasta_start(networks_conf(runtime->networks), request, ns_path, pid_path, error))
                return false;
        move_to_cgroup(c->record, pid_path);
        return true;
}

/* What start_slirp() does in the container's network namespace. */
typedef struct SlirpCall {
        const GArray *listeners;
        const PublishTarget *target;
        int cgroup_fd, exit_fd;
} SlirpCall;

static bool publish_inside(void *data, GError **error) {
        const SlirpCall *call = data;
        return publisher_start(
                        call->listeners, call->target, call->cgroup_fd, call->exit_fd, error);
}

/* A process of ours is there in any case: slirp4netns ends with it, and it with the container. */
static bool
start_slirp(Runtime *runtime,
            Container *c,
            const NetworkRequest *request,
            pid_t pid,
            GError **error) {
        g_autofree char *ns_path = run_file(runtime, c->record, PASTA_NAMESPACE);
        g_autofree char *pid_path = run_file(runtime, c->record, SLIRP_PID);
        g_autofree char *api_path = run_file(runtime, c->record, "slirp.sock");
        g_auto(SlirpOptions) options = { 0 };
        g_autoptr(GArray) none = g_array_new(FALSE, TRUE, sizeof(PortMapping));
        if (!slirp_options_parse(request->target, &options, error))
                return false;
        g_autoptr(GArray) listeners =
                        publish_bind(options.forwards_ports ? none : request->ports, error);
        autofd int ns_fd = open_namespace(pid, error);
        autofd int pid_fd = sys_pidfd_open(pid, 0);
        autofd int cgroup_fd = publisher_cgroup(c->record);
        autofd int exit_fd = -1;
        if (!listeners || ns_fd < 0)
                return false;
        if (pid_fd < 0)
                return error_set_errno(error, pid_fd, "Cannot watch the container");
        if ((options.forwards_ports && !ports_check_free(request->ports, error)) ||
            !slirp_start(networks_conf(runtime->networks), &options, request->ports, ns_path,
                         pid_path, api_path, &exit_fd, error))
                return false;
        move_to_cgroup(c->record, pid_path);
        const PublishTarget target = {
                .address = { slirp_address(&options) },
                .keeps_own = true,
                .pid_fd = pid_fd,
        };
        SlirpCall call = { listeners, &target, cgroup_fd, exit_fd };
        return rootless_call_inside(-1, ns_fd, publish_inside, &call, error);
}

static bool attach(Runtime *runtime, Container *c, const Launch *launch, GError **error) {
        if (!c->record->network_request)
                return true;
        g_autoptr(NetworkRequest) request = record_network_request(c->record, error);
        g_autoptr(NetworkStatus) status = NULL;
        if (!request || !runtime_networks(runtime, error))
                return false;
        if (request->mode == NETWORK_MODE_BRIDGE) {
                autofd int ns_fd = open_namespace(launch->pid, error);
                if (ns_fd < 0 || !record_set_pid(c->record, launch->pid, error))
                        return false;
                const NetworkContainer container = {
                        .id = c->record->id,
                        .name = c->record->name,
                        .owner = { .pid = launch->pid, .start_ticks = c->record->pid_start_ticks },
                        .ns_fd = ns_fd,
                        .request = request,
                };
                if (!rootless_network_setup(runtime, c->record, &container, &status, error))
                        return false;
        } else if (request->mode == NETWORK_MODE_PASTA) {
                if (!start_pasta(runtime, c, request, error))
                        return false;
        } else if (request->mode == NETWORK_MODE_SLIRP) {
                if (!start_slirp(runtime, c, request, launch->pid, error))
                        return false;
        } else if (request->mode != NETWORK_MODE_CONTAINER && !c->record->pod) {
                return true;
        }
        set_status(c->record, status);
        return network_write_files(runtime, c, request, status, error);
}

/* Podman's exit status for a network that cannot be set up is 126, like its runtime's. */
bool network_attach(Runtime *runtime, Container *c, const Launch *launch, GError **error) {
        GError *inner = NULL;
        if (attach(runtime, c, launch, &inner))
                return true;
        error_set(error, RUNTIME_ERROR, RUNTIME_ERROR_NOT_EXEC, "%s", inner->message);
        g_error_free(inner);
        return false;
}

bool network_detach(Runtime *runtime, ContainerRecord *record, GError **error) {
        if (!record->network_request)
                return true;
        g_autoptr(NetworkRequest) request = record_network_request(record, error);
        if (!request)
                return false;
        if (request->mode == NETWORK_MODE_PASTA || request->mode == NETWORK_MODE_SLIRP) {
                g_autofree char *ns_path = run_file(runtime, record, PASTA_NAMESPACE);
                g_autofree char *pid_path = run_file(runtime, record, PASTA_PID);
                if (request->mode == NETWORK_MODE_PASTA) /* slirp4netns ends by itself */
                        pasta_stop(pid_path);
                namespace_forget(ns_path);
        }
        if (request->mode != NETWORK_MODE_BRIDGE)
                return true;
        set_status(record, NULL);
        return runtime_networks(runtime, error) &&
               rootless_network_teardown(runtime, record->id, request, error);
}

/* A connected container that runs, for changes of its networks. */
static bool
open_running(const ContainerRecord *record,
             const NetworkRequest *request,
             NetworkContainer *ret_container,
             GError **error) {
        int ns_fd = open_namespace(record->pid, error);
        if (ns_fd < 0)
                return false;
        *ret_container = (NetworkContainer){
                .id = record->id,
                .name = record->name,
                .owner = { .pid = record->pid, .start_ticks = record->pid_start_ticks },
                .ns_fd = ns_fd,
                .request = request,
        };
        return true;
}

static bool
rewrite_running(Runtime *runtime,
                ContainerRecord *record,
                const NetworkRequest *request,
                const NetworkStatus *status,
                GError **error) {
        g_auto(Container) c = {
                .spec = record_load_spec(runtime->records, record, error),
                .root_fd = -1,
                .userns_fd = -1,
        };
        if (!c.spec)
                return false;
        c.record = record;
        bool ok = network_write_files(runtime, &c, request, status, error);
        c.record = NULL; /* the caller's */
        return ok;
}

static NetworkRequest *request_for_change(const ContainerRecord *record, GError **error) {
        g_autoptr(NetworkRequest) request = record_network_request(record, error);
        if (!request && record->network_request)
                return NULL;
        if (request && request->mode == NETWORK_MODE_BRIDGE)
                return g_steal_pointer(&request);
        error_set_invalid(
                        error, "\"%s\" is not supported: invalid network mode",
                        record->network ? record->network : "");
        return NULL;
}

static gint find_attachment(const NetworkRequest *request, const char *network) {
        for (guint i = 0; i < request->attachments->len; i++) {
                const NetworkAttachment *a = request->attachments->pdata[i];
                if (strcmp(a->network, network) == 0)
                        return (gint) i;
        }
        return -1;
}

static NetworkAttachment *copy_attachment(const NetworkAttachment *from) {
        NetworkAttachment *to = network_attachment_new(from->network);
        to->interface = g_strdup(from->interface);
        to->mac = from->mac;
        to->has_mac = from->has_mac;
        g_array_append_vals(to->addresses, from->addresses->data, from->addresses->len);
        for (guint i = 0; i < from->aliases->len; i++)
                g_ptr_array_add(to->aliases, g_strdup(from->aliases->pdata[i]));
        return to;
}

bool network_connect_container(
                Runtime *runtime,
                ContainerRecord *record,
                const NetworkAttachment *attachment,
                GError **error) {
        g_autoptr(NetworkRequest) request = request_for_change(record, error);
        if (!request || !runtime_networks(runtime, error))
                return false;
        if (find_attachment(request, attachment->network) >= 0)
                return error_set_invalid(
                                error,
                                "container %s is already connected to network %s: network is "
                                "already connected",
                                record->id, attachment->network);
        if (record_status(record) == CONTAINER_RUNNING) {
                g_autoptr(NetworkStatus) status = record_network_status(record, NULL);
                NetworkContainer container;
                NetworkInterface *interface;
                if (!status)
                        status = network_status_new();
                if (!open_running(record, request, &container, error))
                        return false;
                autofd int ns_fd = container.ns_fd;
                if (!rootless_network_connect(
                                    runtime, &container, attachment, status, &interface, error))
                        return false;
                g_ptr_array_add(status->interfaces, interface);
                set_status(record, status);
                if (!rewrite_running(runtime, record, request, status, error))
                        return false;
        }
        g_ptr_array_add(request->attachments, copy_attachment(attachment));
        set_request(record, request);
        return record_save(runtime->records, record, error);
}

bool network_disconnect_container(
                Runtime *runtime, ContainerRecord *record, const char *network, GError **error) {
        g_autoptr(NetworkRequest) request = request_for_change(record, error);
        if (!request || !runtime_networks(runtime, error))
                return false;
        gint index = find_attachment(request, network);
        if (index < 0)
                return error_set_invalid(
                                error, "container %s is not connected to network %s", record->name,
                                network);
        g_autoptr(NetworkStatus) status = record_network_status(record, NULL);
        NetworkInterface *interface = status ? network_status_find(status, network) : NULL;
        if (interface && record_status(record) == CONTAINER_RUNNING) {
                NetworkContainer container;
                if (!open_running(record, request, &container, error))
                        return false;
                autofd int ns_fd = container.ns_fd;
                if (!rootless_network_disconnect(runtime, &container, interface, error))
                        return false;
                g_ptr_array_remove(status->interfaces, interface);
                set_status(record, status);
                if (!rewrite_running(runtime, record, request, status, error))
                        return false;
        }
        g_ptr_array_remove_index(request->attachments, (guint) index);
        set_request(record, request);
        return record_save(runtime->records, record, error);
}
