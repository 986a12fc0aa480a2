/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "config/containers-conf.h"
#include "network/request.h"

/* --network slirp4netns[:OPTIONS]: slirp4netns(1), one process per container, with a private subnet
 * of its own. */

typedef struct SlirpOptions {
        bool allow_host_loopback;
        bool enable_ipv6;
        bool forwards_ports; /* port_handler=slirp4netns; else a process of ours does */
        unsigned int mtu;
        IpSubnet subnet; /* cidr */
        char *outbound_addr, *outbound_addr6;
} SlirpOptions;

/* What stands behind "slirp4netns:", or NULL. */
bool slirp_options_parse(const char *text, SlirpOptions *ret_options, GError **error);
void slirp_options_clear(SlirpOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SlirpOptions, slirp_options_clear)

/* The addresses that it gives: of the container, of the host as seen from there, of its resolver.
 */
IpAddress slirp_address(const SlirpOptions *options);
IpAddress slirp_gateway(const SlirpOptions *options);
IpAddress slirp_resolver(const SlirpOptions *options);

/* Starts it for the namespace at ns_path and waits until it is ready; its pid is in pid_path. It
 * ends when the last copy of *ret_exit_fd is closed, which the caller owns. api_path: of its
 * control socket. */
bool slirp_start(
                const ContainersConf *conf,
                const SlirpOptions *options,
                const GArray *ports,
                const char *ns_path,
                const char *pid_path,
                const char *api_path,
                int *ret_exit_fd,
                GError **error);
