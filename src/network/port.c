/* SPDX-License-Identifier: Apache-2.0 */
/* Published ports: text, free ones, conflicts. */
#include "network/port.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"

#define BACKLOG 4096 /* of connections; the kernel caps it, net.core.somaxconn */

static const struct {
        const char *text;
        int protocol;
        int socket_type;
} protocols[] = {
        { "tcp", IPPROTO_TCP, SOCK_STREAM },
        { "udp", IPPROTO_UDP, SOCK_DGRAM },
        { "sctp", IPPROTO_SCTP, SOCK_STREAM },
};

const char *port_protocol_to_text(int protocol) {
        for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
                if (protocols[i].protocol == protocol)
                        return protocols[i].text;
        return "?";
}

static int socket_type(int protocol) {
        for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
                if (protocols[i].protocol == protocol)
                        return protocols[i].socket_type;
        return SOCK_STREAM;
}

static bool parse_protocol(const char *text, int *ret_protocol, GError **error) {
        for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
                if (g_ascii_strcasecmp(protocols[i].text, text) == 0) {
                        *ret_protocol = protocols[i].protocol;
                        return true;
                }
        return error_set_invalid(error, "unrecognized protocol \"%s\" in port mapping", text);
}

static bool parse_port(const char *text, const char *which, uint16_t *ret_port, GError **error) {
        uint64_t port;
        if (!text_parse_uint64(text, INT32_MAX, &port))
                return error_set_invalid(
                                error, "parsing %s port: invalid port number: '%s'", which, text);
        if (port < 1 || port > 65535)
                return error_set_invalid(
                                error,
                                "parsing %s port: port numbers must be between 1 and 65535 "
                                "(inclusive), got %s",
                                which, text);
        *ret_port = (uint16_t) port;
        return true;
}

/* "80" or "80-82". */
static bool
parse_range(const char *text,
            const char *which,
            uint16_t *ret_first,
            uint16_t *ret_count,
            GError **error) {
        g_auto(GStrv) ends = g_strsplit(text, "-", 2);
        uint16_t last;
        if (!parse_port(ends[0] ? ends[0] : "", which, ret_first, error))
                return false;
        if (!ends[1]) {
                *ret_count = 1;
                return true;
        }
        if (!parse_port(ends[1], which, &last, error))
                return false;
        if (last < *ret_first)
                return error_set_invalid(
                                error,
                                "parsing %s port: end of port range %s is less than its start",
                                which, text);
        *ret_count = (uint16_t) (last - *ret_first + 1);
        return true;
}

/* Cuts "/udp" off text. */
static bool take_protocol(char *text, int *ret_protocol, GError **error) {
        char *slash = strchr(text, '/');
        *ret_protocol = IPPROTO_TCP;
        if (!slash)
                return true;
        *slash = '\0';
        return parse_protocol(slash + 1, ret_protocol, error);
}

static guint count_ports(const GArray *mappings) {
        guint n = 0;
        for (guint i = 0; i < mappings->len; i++)
                n += g_array_index(mappings, PortMapping, i).count;
        return n;
}

/* The parts between colons; an IPv6 host address is in brackets. */
static bool split_parts(char *text, char **ret_host, char **ret_port, char **ret_inner) {
        char *last = strrchr(text, ':');
        *ret_host = *ret_port = NULL;
        *ret_inner = last ? last + 1 : text;
        if (!last)
                return true;
        *last = '\0';
        char *bracket = text[0] == '[' ? strchr(text, ']') : NULL;
        if (bracket) {
                *bracket = '\0';
                *ret_host = text + 1;
                *ret_port = bracket[1] == ':' ? bracket + 2 : NULL;
                return *ret_port;
        }
        char *colon = strchr(text, ':');
        if (colon) {
                *colon = '\0';
                *ret_host = text;
                *ret_port = colon + 1;
                return !strchr(colon + 1, ':');
        }
        *ret_port = text;
        return true;
}

bool ports_parse(const char *text, GArray *mappings, GError **error) {
        g_autofree char *copy = g_strdup(text);
        PortMapping m = { 0 };
        char *host, *port, *inner;
        uint16_t count;
        if (!take_protocol(copy, &m.protocol, error))
                return false;
        if (!split_parts(copy, &host, &port, &inner) || !*inner)
                return error_set_invalid(
                                error, "invalid port format - format is "
                                       "[[hostIP:]hostPort:]containerPort");
        if (host && *host && !ip_parse(host, &m.host))
                return error_set_invalid(error, "cannot parse \"%s\" as an IP address", host);
        if (!parse_range(inner, "container", &m.container_port, &m.count, error))
                return false;
        if (port && *port) {
                if (!parse_range(port, "host", &m.host_port, &count, error))
                        return false;
                if (count != m.count)
                        return error_set_invalid(
                                        error,
                                        "host and container port ranges have different lengths: "
                                        "%u vs %u",
                                        count, m.count);
        }
        if (count_ports(mappings) + m.count > PORTS_MAX)
                return error_set_invalid(error, "more than %d ports are published", PORTS_MAX);
        g_array_append_val(mappings, m);
        return true;
}

bool ports_parse_exposed(const char *text, GArray *exposed, GError **error) {
        g_autofree char *copy = g_strdup(text);
        PortMapping range = { 0 };
        if (!take_protocol(copy, &range.protocol, error) ||
            !parse_range(copy, "exposed", &range.container_port, &range.count, error))
                return false;
        if (exposed->len + range.count > PORTS_MAX)
                return error_set_invalid(error, "more than %d ports are exposed", PORTS_MAX);
        for (unsigned int i = 0; i < range.count; i++) {
                PortMapping one = range;
                one.container_port = (uint16_t) (range.container_port + i);
                one.count = 1;
                g_array_append_val(exposed, one);
        }
        return true;
}

static bool publishes(const GArray *mappings, const PortMapping *exposed) {
        for (guint i = 0; i < mappings->len; i++) {
                const PortMapping *m = &g_array_index(mappings, PortMapping, i);
                if (m->protocol == exposed->protocol &&
                    exposed->container_port >= m->container_port &&
                    exposed->container_port < m->container_port + m->count)
                        return true;
        }
        return false;
}

void ports_publish_all(GArray *mappings, const GArray *exposed) {
        for (guint i = 0; i < exposed->len; i++) {
                PortMapping one = g_array_index(exposed, PortMapping, i);
                if (!publishes(mappings, &one))
                        g_array_append_val(mappings, one);
        }
}

/* A bound socket or -errno; owned by the caller. */
static int bind_port(const PortMapping *m, int family, uint16_t port, uint16_t *ret_port) {
        autofd int fd = socket(family, socket_type(m->protocol) | SOCK_CLOEXEC, m->protocol);
        if (fd < 0 && errno == EPROTONOSUPPORT) /* SCTP is a module: no socket has its ports then */
                fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        const int on = 1;
        if (m->protocol == IPPROTO_TCP) /* what only lingers in TIME_WAIT is no conflict */
                (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (family == AF_INET6)
                (void) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        } address = { 0 };
        address.any.sa_family = (sa_family_t) family;
        if (family == AF_INET) {
                address.v4.sin_port = htons(port);
                memcpy(&address.v4.sin_addr, m->host.bytes, 4);
        } else {
                address.v6.sin6_port = htons(port);
                memcpy(&address.v6.sin6_addr, m->host.bytes, 16);
        }
        socklen_t size = family == AF_INET ? sizeof address.v4 : sizeof address.v6;
        if (bind(fd, &address.any, size) < 0)
                return -errno;
        size = sizeof address;
        if (ret_port && getsockname(fd, &address.any, &size) == 0)
                *ret_port = ntohs(family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
        return fd_steal(&fd);
}

/* Binds and lets go: what fails has another holder. A container's own port is not held by a
 * socket: nftables takes its packets before any socket sees them. */
static int try_bind(const PortMapping *m, int family, uint16_t port, uint16_t *ret_port) {
        autofd int fd = bind_port(m, family, port, ret_port);
        return fd >= 0 || fd == -EAFNOSUPPORT ? 0 : fd;
}

static int family_of(const PortMapping *m) {
        return m->host.family ? m->host.family : AF_INET;
}

bool ports_choose(GArray *mappings, GError **error) {
        for (guint i = 0; i < mappings->len; i++) {
                PortMapping *m = &g_array_index(mappings, PortMapping, i);
                if (m->host_port != 0)
                        continue;
                for (int tries = 0;; tries++) {
                        int r = try_bind(m, family_of(m), 0, &m->host_port);
                        if (r < 0)
                                return error_set_errno(error, r, "Cannot find a free port");
                        bool fits = m->host_port + m->count - 1 <= 65535;
                        for (uint16_t k = 1; fits && k < m->count; k++)
                                fits = try_bind(m, family_of(m), (uint16_t) (m->host_port + k),
                                                NULL) == 0;
                        if (fits)
                                break;
                        if (tries >= 100)
                                return error_set_invalid(
                                                error, "Cannot find %u free ports in a row",
                                                m->count);
                }
        }
        return true;
}

static bool fail_bind(const PortMapping *m, int family, unsigned int port, int r, GError **error) {
        g_autofree char *host = ip_format(&m->host);
        const char *text = port_protocol_to_text(m->protocol);
        g_autofree char *upper = g_ascii_strup(text, -1);
        const char *version = family == AF_INET6 ? "6" : "4";
        bool brackets = m->host.family == AF_INET6;
        if (r == -EADDRINUSE)
                return error_set(
                                error, ERROR_ERRNO, EADDRINUSE,
                                "cannot listen on the %s port: listen %s%s %s%s%s:%u: bind: "
                                "address already in use",
                                upper, text, version, brackets ? "[" : "", host,
                                brackets ? "]" : "", port);
        if (r == -EADDRNOTAVAIL && m->host.family)
                return error_set(
                                error, ERROR_ERRNO, EADDRNOTAVAIL,
                                "cannot listen on the %s port: listen %s%s %s%s%s:%u: bind: "
                                "cannot assign requested address",
                                upper, text, version, brackets ? "[" : "", host,
                                brackets ? "]" : "", port);
        return error_set_errno(error, r, "cannot listen on the %s port %u", upper, port);
}

static bool check_one(const PortMapping *m, uint16_t port, GError **error) {
        int r = try_bind(m, family_of(m), port, NULL);
        return r >= 0 || fail_bind(m, family_of(m), port, r, error);
}

int ports_listen(const PortMapping *m, int family, unsigned int step, GError **error) {
        unsigned int port = m->host_port + step;
        autofd int fd = bind_port(m, family, (uint16_t) port, NULL);
        bool absent = fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL;
        if (absent && m->host.family == 0 && family == AF_INET6)
                return -EAFNOSUPPORT;
        if (fd >= 0 && m->protocol != IPPROTO_UDP && listen(fd, BACKLOG) < 0)
                (void) fail_bind(m, family, port, -errno, error);
        else if (fd < 0)
                (void) fail_bind(m, family, port, fd, error);
        else
                return fd_steal(&fd);
        return -1;
}

bool ports_check_free(const GArray *mappings, GError **error) {
        for (guint i = 0; i < mappings->len; i++) {
                const PortMapping *m = &g_array_index(mappings, PortMapping, i);
                for (unsigned int k = 0; k < m->count; k++)
                        if (!check_one(m, (uint16_t) (m->host_port + k), error))
                                return false;
        }
        return true;
}

char *ports_format(const GArray *mappings) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint i = 0; mappings && i < mappings->len; i++) {
                const PortMapping *m = &g_array_index(mappings, PortMapping, i);
                g_autofree char *host = m->host.family ? ip_format(&m->host) : g_strdup("0.0.0.0");
                g_string_append_printf(text, "%s%s:%u", i > 0 ? ", " : "", host, m->host_port);
                if (m->count > 1)
                        g_string_append_printf(text, "-%u", m->host_port + m->count - 1);
                g_string_append_printf(text, "->%u", m->container_port);
                if (m->count > 1)
                        g_string_append_printf(text, "-%u", m->container_port + m->count - 1);
                g_string_append_printf(text, "/%s", port_protocol_to_text(m->protocol));
        }
        return g_string_free(g_steal_pointer(&text), FALSE);
}

JsonArray *ports_to_json(const GArray *mappings) {
        JsonArray *array = json_array_new();
        for (guint i = 0; mappings && i < mappings->len; i++) {
                const PortMapping *m = &g_array_index(mappings, PortMapping, i);
                JsonObject *object = json_object_new();
                g_autofree char *host = ip_format(&m->host);
                json_object_set_string_member(object, "host_ip", host);
                json_object_set_int_member(object, "container_port", m->container_port);
                json_object_set_int_member(object, "host_port", m->host_port);
                json_object_set_int_member(object, "range", m->count);
                json_object_set_string_member(
                                object, "protocol", port_protocol_to_text(m->protocol));
                json_array_add_object_element(array, object);
        }
        return array;
}

static bool get_port(JsonObject *object, const char *name, uint16_t *ret_port, GError **error) {
        int64_t number;
        if (!json_get_int(object, name, &number, error))
                return false;
        if (number < 0 || number > 65535)
                return error_set_invalid(error, "%s: out of range", name);
        *ret_port = (uint16_t) number;
        return true;
}

bool ports_from_json(JsonArray *array, GArray *mappings, GError **error) {
        for (guint i = 0; array && i < json_array_get_length(array); i++) {
                JsonObject *object;
                const char *host, *protocol;
                PortMapping m = { 0 };
                if (!json_element_object(array, i, &object, error) ||
                    !json_get_string(object, "host_ip", &host, error) ||
                    !json_get_string(object, "protocol", &protocol, error) ||
                    !get_port(object, "host_port", &m.host_port, error) ||
                    !get_port(object, "container_port", &m.container_port, error) ||
                    !get_port(object, "range", &m.count, error) ||
                    !parse_protocol(protocol ? protocol : "tcp", &m.protocol, error))
                        return false;
                if (host && *host && !ip_parse(host, &m.host))
                        return error_set_invalid(error, "host_ip: '%s' is no address", host);
                m.count = MAX(m.count, 1);
                g_array_append_val(mappings, m);
        }
        return true;
}
