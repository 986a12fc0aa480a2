/* SPDX-License-Identifier: Apache-2.0 */
/* berth forward: NAME-forward.service of a container whose ports a socket unit holds. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "forward/forward.h"
#include "network/port.h"
#include "systemd/bus.h"

typedef struct ForwardFlags {
        GPtrArray *publish;
        char *idle;
} ForwardFlags;

static const OptionRow rows[] = {
        { "publish", 'p', OPTION_LIST, offsetof(ForwardFlags, publish), "PORT",
          "[[HOST-IP:]HOST-PORT:]CONTAINER-PORT of a held socket" },
        { "stop-when-idle", 0, OPTION_STRING, offsetof(ForwardFlags, idle), "TIME",
          "Stop the service when nobody was there for so long" },
        { NULL },
};

typedef struct Service {
        Runtime *runtime;
        const char *unit, *container;
} Service;

static int open_container(void *data) {
        const Service *service = data;
        g_autoptr(ContainerRecord) record =
                        record_find(service->runtime->records, service->container, NULL);
        return record ? record_open_pidfd(record) : -1;
}

static bool is_down(void *data) {
        const Service *service = data;
        g_autoptr(GError) error = NULL;
        g_autoptr(Bus) bus = bus_open(&error);
        g_autofree char *state =
                        bus ? bus_get_unit_string(bus, service->unit, "Unit", "ActiveState", &error)
                            : NULL;
        g_autofree char *job = state ? bus_get_job_type(bus, service->unit, &error) : NULL;
        if (error)
                log_warning("%s", error->message);
        return state && !error && !job &&
               (strcmp(state, "inactive") == 0 || strcmp(state, "failed") == 0);
}

/* The manager starts it with a connection only while none of the socket's services runs, and we are
 * one. */
static void start(void *data) {
        const Service *service = data;
        g_autoptr(GError) error = NULL;
        g_autoptr(Bus) bus = bus_open(&error);
        if (!bus || !bus_start_unit_begin(bus, service->unit, &error))
                log_err("%s", error->message);
}

static bool stop(void *data) {
        const Service *service = data;
        g_autoptr(GError) error = NULL;
        g_autoptr(Bus) bus = bus_open(&error);
        g_autofree char *job = NULL;
        log_info("Nobody is connected, stopping %s", service->unit);
        if (bus && bus_stop_unit_begin(bus, service->unit, &job, &error))
                return true;
        log_err("%s", error->message);
        return false;
}

typedef struct Bound {
        IpAddress address;
        uint16_t port;
} Bound;

static bool read_bound(int fd, Bound *ret, GError **error) {
        union {
                struct sockaddr any;
                struct sockaddr_in in;
                struct sockaddr_in6 in6;
        } own = { 0 };
        socklen_t size = sizeof own;
        *ret = (Bound){ 0 };
        if (getsockname(fd, &own.any, &size) < 0)
                return error_set_errno(
                                error, errno, "Cannot read the address of descriptor %d", fd);
        ret->address.family = own.any.sa_family;
        if (own.any.sa_family == AF_INET)
                memcpy(ret->address.bytes, &own.in.sin_addr, sizeof own.in.sin_addr);
        else if (own.any.sa_family == AF_INET6)
                memcpy(ret->address.bytes, &own.in6.sin6_addr, sizeof own.in6.sin6_addr);
        ret->port = ntohs(own.any.sa_family == AF_INET ? own.in.sin_port : own.in6.sin6_port);
        return true;
}

static bool matches(const PortMapping *m, const Bound *bound) {
        bool any = m->host.family == 0 || ip_is_any(&m->host);
        return m->protocol == IPPROTO_TCP && bound->port >= m->host_port &&
               bound->port < m->host_port + m->count &&
               (any ? ip_is_any(&bound->address) : ip_compare(&m->host, &bound->address) == 0);
}

/* Sockets that no port names (SocketConfig of the administrator) are the payload's alone. */
static bool find_listeners(const GArray *ports, int n_fds, GArray *listeners, GError **error) {
        for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n_fds; fd++) {
                Bound bound;
                if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
                        continue;
                if (!read_bound(fd, &bound, error))
                        return false;
                for (guint i = 0; i < ports->len; i++) {
                        const PortMapping *m = &g_array_index(ports, PortMapping, i);
                        if (!matches(m, &bound))
                                continue;
                        ForwardListener listener = { fd, (uint16_t) (m->container_port +
                                                                     (bound.port - m->host_port)) };
                        g_array_append_val(listeners, listener);
                        break;
                }
        }
        return listeners->len > 0 ||
               error_set_invalid(
                               error, "no socket of a published port was passed (LISTEN_FDS); "
                                      "this is the ExecStart= of a generated service");
}

static bool serve(Service *service, const ForwardFlags *flags, GError **error) {
        g_autoptr(GArray) ports = g_array_new(FALSE, FALSE, sizeof(PortMapping));
        g_autoptr(GArray) listeners = g_array_new(FALSE, FALSE, sizeof(ForwardListener));
        uint64_t idle_usec = 0;
        for (guint i = 0; flags->publish && i < flags->publish->len; i++)
                if (!ports_parse(flags->publish->pdata[i], ports, error))
                        return false;
        if (flags->idle && !text_parse_duration(flags->idle, &idle_usec))
                return error_set_invalid(error, "invalid time \"%s\"", flags->idle);
        if (!find_listeners(ports, sd_listen_fds(1), listeners, error))
                return false;
        const ForwardTarget target = { open_container, is_down, start, stop, service };
        (void) sd_notify(0, "READY=1");
        return forward_run(
                        &g_array_index(listeners, ForwardListener, 0), listeners->len, &target,
                        idle_usec, error);
}

int verb_forward(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth forward [options] UNIT CONTAINER",
                .description = "Hand connections of held sockets to a container, for generated "
                               "units",
                .rows = rows,
                .operands_min = 2,
                .operands_max = 2,
        };
        ForwardFlags flags = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int begun;
        if (!cli_begin(&table, argc, argv, &flags, &operands, &runtime, &begun))
                return begun;
        Service service = { &runtime, operands[0], operands[1] };
        bool good = serve(&service, &flags, &error);
        g_clear_pointer(&flags.publish, g_ptr_array_unref);
        g_free(flags.idle);
        return good ? EXIT_STATUS_OK : verb_fail(&error);
}
