/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "config/containers-conf.h"
#include "network/request.h"

/* The network of an unprivileged user's container: pasta(1), one process per container, carries its
 * packets over sockets of the user. It ends with the namespace. */

#define PASTA_DNS_ADDRESS "169.254.1.1"

/* Starts it in the namespace at ns_path and waits until it is ready; its pid is in pid_path. The
 * caller is root of the user namespace that owns that namespace. */
bool pasta_start(
                const ContainersConf *conf,
                const NetworkRequest *request,
                const char *ns_path,
                const char *pid_path,
                GError **error);

/* Whether this pasta can give the host an address of its own for containers, PASTA_HOST_ADDRESS:
 * since 2024-08. It then needs "--map-guest-addr". */
#define PASTA_HOST_ADDRESS "169.254.1.2" /* as Podman's */
bool pasta_maps_host(const ContainersConf *conf);

/* Ends the one that pid_path names, if it is still there. */
void pasta_stop(const char *pid_path);

/* The address that the container shows to the world: the host's own. "" when there is none. Caller
 * frees. */
char *pasta_address(void);
