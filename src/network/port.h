/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "network/address.h"

/* Published ports, podman-run(1) --publish: [[HOST_IP:]HOST_PORT:]CONTAINER_PORT[/PROTOCOL], ports
 * may be ranges. */

#define PORTS_MAX 65535 /* of one container, ranges counted out */

typedef struct PortMapping {
        IpAddress host; /* family 0: every address of the host */
        uint16_t host_port;
        uint16_t container_port;
        uint16_t count;
        int protocol; /* IPPROTO_TCP, _UDP, _SCTP */
} PortMapping;

const char *port_protocol_to_text(int protocol); /* "tcp" */

/* Adds what --publish says; a host port that is not given is 0 until ports_choose(). */
bool ports_parse(const char *text, GArray *mappings, GError **error);

/* Adds "80", "80-82/udp" of --expose or an image to exposed: mappings whose host port is 0. */
bool ports_parse_exposed(const char *text, GArray *exposed, GError **error);

/* Adds those of exposed that no mapping publishes yet (--publish-all). */
void ports_publish_all(GArray *mappings, const GArray *exposed);

/* Gives each mapping without a host port one that is free now. */
bool ports_choose(GArray *mappings, GError **error);

/* Fails when some other socket of the host has a port: "address already in use". */
bool ports_check_free(const GArray *mappings, GError **error);

/* A socket that listens on a port, the step-th of the mapping; owned by the caller. Negative on
 * failure: -EAFNOSUPPORT, without an error, where "every address" includes IPv6 and the host has
 * none. */
int ports_listen(const PortMapping *mapping, int family, unsigned int step, GError **error);

/* "0.0.0.0:8080->80/tcp, 127.0.0.1:9000-9002->90-92/udp", as ps shows them. Caller frees. */
char *ports_format(const GArray *mappings);

JsonArray *ports_to_json(const GArray *mappings);
bool ports_from_json(JsonArray *array, GArray *mappings, GError **error);
