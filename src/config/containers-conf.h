/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* containers.conf(5): what we read of it. */

typedef struct ContainersConf {
        char *network_backend;       /* "native" (ours, the default), "netavark", "cni" */
        char *default_network;       /* "podman" */
        char *default_subnet;        /* of the default network, "10.88.0.0/16" */
        char **default_subnet_pools; /* "10.89.0.0/16 24": base and prefix of each new subnet */
        char *network_config_dir;    /* NULL: the usual place */
        char *netavark_plugin_dirs;  /* colon list, or NULL */
        char **cni_plugin_dirs;
        char **pasta_options;
        char *default_rootless_network_cmd; /* "pasta" or "slirp4netns" */
        char *firewall_driver;              /* for netavark, or NULL */
        char **helper_binaries_dirs;
        char *host_containers_internal_ip; /* "", an address, or "none" */
        char *base_hosts_file;             /* "", "image", "none", or a path */
        bool no_hosts;
        char **dns_servers, **dns_searches, **dns_options;
        int64_t dns_bind_port;
        char *events_logger; /* "journald", "file", "none"; NULL: the first of them */
        char *events_logfile_path;
} ContainersConf;

/* Reads /usr/share, /etc, their .conf.d directories and the user's own file in this order, or
 * $CONTAINERS_CONF alone; then $CONTAINERS_CONF_OVERRIDE. Later files win value by value. */
ContainersConf *containers_conf_load(GError **error);
void containers_conf_free(ContainersConf *conf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ContainersConf, containers_conf_free)

/* The full path of a helper program ("aardvark-dns") in helper_binaries_dir and $PATH; NULL when it
 * is not there. Caller frees. */
char *containers_conf_find_helper(const ContainersConf *conf, const char *name);
