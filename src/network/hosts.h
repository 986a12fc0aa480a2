/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "config/containers-conf.h"
#include "network/request.h"
#include "network/status.h"

/* The text of a container's /etc/hosts and /etc/resolv.conf, as Podman writes them. */

typedef struct HostsRequest {
        const NetworkRequest *request;
        const NetworkStatus *status; /* NULL: not connected (yet) */
        const ContainersConf *conf;
        const char *hostname;
        const char *name;      /* the container's */
        const char *inherited; /* the text of the container whose namespace is joined, or NULL */
        const char *host;      /* its address on a user's bridges, or NULL */
        const char *image;     /* the image's own file, or NULL */
} HostsRequest;

/* Caller frees. host-gateway without a host address is an error. */
char *hosts_format(const HostsRequest *request, GError **error);

/* host: the host's file. NULL: the container gets none. Caller frees. */
char *
resolv_format(const NetworkRequest *request,
              const NetworkStatus *status,
              const ContainersConf *conf,
              const char *host);
