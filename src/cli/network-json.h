/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "network/request.h"
#include "runtime/pod.h"
#include "runtime/record.h"

/* What ps and inspect show of a container's network, in Podman's words. */

/* "0.0.0.0:8080->80/tcp, …"; caller frees. */
char *network_ports_text(const ContainerRecord *record);
char *network_names_text(const ContainerRecord *record); /* "a,b" */

/* For ps: "Ports" (an array or null), "Networks", "ExposedPorts". */
void network_add_ps_members(JsonObject *object, const ContainerRecord *record);

/* Names of the networks. */
JsonArray *network_names_json(const NetworkRequest *request);

/* For inspect: the object "NetworkSettings". */
JsonObject *network_settings_json(Runtime *runtime, const ContainerRecord *record);

/* The pod whose network a container has, or NULL. Caller frees. */
Pod *network_pod(Runtime *runtime, const ContainerRecord *record);

/* For inspect: "PortBindings" of HostConfig, "ExposedPorts" of Config (NULL when there are none).
 */
JsonObject *network_port_bindings_json(const NetworkRequest *request);
JsonObject *network_bindings_json(const ContainerRecord *record);
JsonObject *network_exposed_json(const ContainerRecord *record);
