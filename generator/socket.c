/* SPDX-License-Identifier: Apache-2.0 */
/* NAME.socket and NAME-forward.service: systemd.socket(5), berth-forward in berth(1). */
#include "generator/socket.h"

#include <string.h>

#include "base/text.h"
#include "generator/command.h"
#include "generator/service.h"
#include "generator/set.h"

#define RANGE_MAX 1024 /* sockets of one file */

void socket_units_clear(SocketUnits *units) {
        g_clear_pointer(&units->socket_name, g_free);
        g_clear_pointer(&units->forward_name, g_free);
        g_clear_pointer(&units->socket, unit_file_free);
        g_clear_pointer(&units->forward, unit_file_free);
}

bool socket_is_published(Quadlet *q) {
        return q->type->kind == QUADLET_CONTAINER && quadlet_bool(q, "PublishSocket", false);
}

bool socket_is_wanted_by(Quadlet *q, const char *target) {
        return strcmp(target, SOCKETS_TARGET) == 0 && socket_is_published(q);
}

/* Only a stream has a queue that can wait. */
static bool is_tcp(const char *port) {
        const char *protocol = strrchr(port, '/');
        return !protocol || strcmp(protocol, "/tcp") == 0;
}

/* "[IP:]HOST:CONTAINER[/tcp]" -> "IP:" (or "") and "HOST"; false without a host port. */
static bool split_port(const char *port, char **ret_address, char **ret_host) {
        g_autofree char *text = g_strndup(port, strcspn(port, "/"));
        char *container = strrchr(text, ':');
        if (!container)
                return false;
        *container = '\0';
        const char *host = strrchr(text, ':');
        host = host ? host + 1 : text;
        if (!*host)
                return false;
        *ret_address = g_strndup(text, (gsize) (host - text));
        *ret_host = g_strdup(host);
        return true;
}

/* "8000-8002" */
static bool parse_range(const char *text, uint64_t *ret_first, uint64_t *ret_last) {
        g_auto(GStrv) ends = g_strsplit(text, "-", 2);
        if (!text_parse_uint64(ends[0], 65535, ret_first))
                return false;
        *ret_last = *ret_first;
        return !ends[1] || (text_parse_uint64(ends[1], 65535, ret_last) &&
                            *ret_last >= *ret_first && *ret_last - *ret_first < RANGE_MAX);
}

static void check_port(Quadlet *q, const QuadletValue *value) {
        g_autofree char *address = NULL, *host = NULL;
        uint64_t first, last;
        if (!split_port(value->text, &address, &host))
                quadlet_error(q, value->line, "invalid-value", "write HOST-PORT:CONTAINER-PORT",
                              "PublishSocket= cannot hold '%s': it has no port of the host",
                              value->text);
        else if (!strchr(host, '%') && !parse_range(host, &first, &last))
                quadlet_error(q, value->line, "invalid-value", "write a port such as 8080",
                              "invalid port format '%s'", value->text);
}

void socket_add_ports(GString *command, Quadlet *q) {
        bool held = socket_is_published(q);
        g_autoptr(GPtrArray) ports = quadlet_values(q, "PublishPort");
        for (guint i = 0; i < ports->len; i++) {
                const QuadletValue *value = ports->pdata[i];
                if (held && is_tcp(value->text))
                        check_port(q, value);
                else
                        command_add(command, "--publish", value->text, NULL);
        }
}

char *socket_name(const Quadlet *q) {
        return service_sibling(q, "", ".socket");
}

void socket_add_service(Quadlet *q) {
        if (!socket_is_published(q)) {
                if (quadlet_line(q, "StopWhenIdle"))
                        quadlet_error(q, quadlet_line(q, "StopWhenIdle"), "missing-key",
                                      "add PublishSocket=yes",
                                      "StopWhenIdle= needs a socket that starts the service again");
                return;
        }
        g_autofree char *name = socket_name(q);
        g_autofree char *reference = unit_name_expand(name, "%n");
        service_add(q, "Service", "Sockets", reference);
        /* the sockets are closed with the fifth failed start else, and everybody is refused */
        service_default(q, "Unit", "StartLimitIntervalSec", "0");
        service_default(q, "Service", "Restart", "on-failure");
}

static void add_streams(Quadlet *q, UnitFile *unit, const char *port) {
        g_autofree char *address = NULL, *host = NULL;
        uint64_t first, last;
        if (!split_port(port, &address, &host))
                return; /* was said */
        if (!parse_range(host, &first, &last)) {
                g_autofree char *stream = g_strconcat(address, host, NULL);
                unit_file_add(unit, "Socket", "ListenStream", stream);
                return;
        }
        for (uint64_t n = first; n <= last; n++) {
                g_autofree char *stream =
                                g_strdup_printf("%s%" G_GUINT64_FORMAT, address, (guint64) n);
                unit_file_add(unit, "Socket", "ListenStream", stream);
        }
}

static UnitFile *make_socket(Quadlet *q, const GPtrArray *ports) {
        UnitFile *unit = service_companion(q, "Held ports");
        for (guint i = 0; i < ports->len; i++)
                if (is_tcp(quadlet_value_text(ports, i)))
                        add_streams(q, unit, quadlet_value_text(ports, i));
        g_autofree char *service = unit_name_expand(q->service, "%n");
        unit_file_add(unit, "Socket", "Service", service);
        /* an address of the host may come after us */
        unit_file_add(unit, "Socket", "FreeBind", "yes");
        /* a service that fails at once is tried often while somebody waits */
        unit_file_add(unit, "Socket", "TriggerLimitIntervalSec", "2s");
        unit_file_add(unit, "Socket", "TriggerLimitBurst", "200");
        return unit;
}

static UnitFile *make_forward(Quadlet *q, const char *socket_file, const GPtrArray *ports) {
        UnitFile *unit = service_companion(q, "Forwarder");
        g_autofree char *socket = unit_name_expand(socket_file, "%n");
        unit_file_add(unit, "Unit", "BindsTo", socket);
        unit_file_add(unit, "Unit", "After", socket);
        unit_file_add(unit, "Unit", "StartLimitIntervalSec", "0");
        unit_file_add(unit, "Service", "Type", "notify");
        g_autofree char *idle = quadlet_string(q, "StopWhenIdle");
        g_autofree char *flag = idle ? g_strconcat("--stop-when-idle=", idle, NULL) : NULL;
        g_autoptr(GString) command = command_new(q, "forward", flag, NULL);
        for (guint i = 0; i < ports->len; i++)
                if (is_tcp(quadlet_value_text(ports, i)))
                        command_add(command, "--publish", quadlet_value_text(ports, i), NULL);
        g_autofree char *service = unit_name_expand(q->service, "%n");
        g_autofree char *name = unit_name_expand(q->service, q->resource);
        command_add(command, service, name, NULL);
        g_autofree char *line = command_format(q->set, command, false);
        unit_file_add(unit, "Service", "ExecStart", line);
        unit_file_add(unit, "Service", "Sockets", socket);
        unit_file_add(unit, "Service", "Restart", "on-failure");
        unit_file_add(unit, "Service", "SyslogIdentifier", "%N");
        return unit;
}

bool socket_units_make(Quadlet *q, SocketUnits *ret_units) {
        if (!socket_is_published(q))
                return false;
        g_autoptr(GPtrArray) ports = quadlet_values(q, "PublishPort");
        ret_units->socket_name = socket_name(q);
        ret_units->forward_name = service_sibling(q, "-forward", ".service");
        ret_units->socket = make_socket(q, ports);
        ret_units->forward = make_forward(q, ret_units->socket_name, ports);
        return true;
}
