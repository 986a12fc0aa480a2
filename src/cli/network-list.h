/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "network/networks.h"
#include "runtime/container.h"

/* Networks as the verbs see them: chosen by --filter, with who uses them. */

/* Those of networks_list() that pass every filter ("name=", "id=", "driver=", "label=", "label!=",
 * "until=", "dangling="). Element type Network, owned. */
GPtrArray *network_list_filtered(Runtime *runtime, const GPtrArray *filters, GError **error);

/* Containers of a network, running or not. Element type ContainerRecord, owned. */
GPtrArray *network_users(Runtime *runtime, const Network *network, GError **error);

/* Pods of a network. Element type Pod, owned. */
GPtrArray *network_pods(Runtime *runtime, const Network *network, GError **error);

/* The members that templates name (.Name, .ID, .Subnets, …). Owned. */
JsonObject *network_template_json(const Network *network);
