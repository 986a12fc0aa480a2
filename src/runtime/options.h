/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What `run` and `create` were asked for, flag by flag, still as text: podman-run(1). The command
 * line fills it; spec-build.c turns it into a runtime configuration. Lists are NULL when not given.
 */

typedef struct ContainerOptions {
        char *name;
        char *entrypoint; /* NULL: the image's; "": none; a JSON array is taken apart */
        char *rootfs;     /* a directory instead of an image */
        char *pull;       /* "missing", "always", "never", "newer" */
        char *authfile;
        int tls_verify; /* -1: by registries.conf */
        bool detach;
        bool interactive;
        bool tty;
        bool remove;  /* --rm */
        bool replace; /* --replace */
        bool quiet;
        bool privileged;

        GPtrArray *env, *env_file, *unset_env;
        bool unset_env_all;
        bool env_host;
        GPtrArray *label, *label_file, *annotation;

        GPtrArray *volume, *mount, *tmpfs;
        bool read_only;
        bool read_only_tmpfs;
        char *shm_size;

        char *user;
        GPtrArray *group_add;
        char *workdir;
        char *hostname;
        char *umask;
        char *timezone;
        bool init;
        char *init_path;

        GPtrArray *network; /* "none", "host", "NAME:ip=…", … */
        GPtrArray *network_alias, *publish, *expose;
        char *ip, *ip6, *mac_address;
        bool publish_all;
        bool no_hosts, no_hostname;
        char *hosts_file;
        GPtrArray *add_host;
        GPtrArray *dns, *dns_search, *dns_option;
        char *pid, *ipc, *uts, *cgroupns; /* "private", "host" */
        char *userns;
        GPtrArray *uidmap, *gidmap;
        char *subuidname, *subgidname;

        GPtrArray *cap_add, *cap_drop, *security_opt;
        GPtrArray *ulimit, *sysctl, *device;
        char *pids_limit, *memory, *memory_swap, *memory_reservation, *cpus, *cpuset_cpus;
        int64_t cpu_shares;
        char *oom_score_adj;
        char *cgroups; /* "enabled", "split", "no-conmon", "disabled" */

        char *sdnotify; /* "conmon", "container", "healthy", "ignore" */
        char *stop_signal;
        char *stop_timeout; /* seconds */
        char *log_driver;
        GPtrArray *log_opt;
        char *cidfile, *pidfile, *conmon_pidfile;

        /* resources beyond the common ones; "" and NULL alike are not given */
        char *memory_swappiness;
        char *cpu_period, *cpu_quota, *cpu_rt_period, *cpu_rt_runtime, *cpuset_mems;
        char *blkio_weight;
        GPtrArray *blkio_weight_device; /* "PATH:WEIGHT" */
        GPtrArray *device_read_bps, *device_write_bps, *device_read_iops, *device_write_iops;
        GPtrArray *device_cgroup_rule, *cgroup_conf;
        char *cgroup_parent;
        bool oom_kill_disable;

        char *restart; /* "no", "on-failure[:N]", "always", "unless-stopped" */
        char *timeout; /* seconds that the container may run */
        char *systemd; /* "true", "false", "always" */
        char *preserve_fds;
        char *pod;         /* --pod: a name, or "new:NAME" */
        char *pod_id_file; /* --pod-id-file */
        GPtrArray *requires;
        bool remove_image; /* --rmi */
        int passwd;        /* 0: /etc/passwd stays the image's; -1: not given */
        char *passwd_entry, *group_entry;
        GPtrArray *host_user;
        int http_proxy; /* 0: no proxy variables of ours; -1: not given */
        GPtrArray *env_merge;
        char *image_volume; /* "anonymous", "bind", "tmpfs", "ignore" */
        GPtrArray *volumes_from;
        GPtrArray *secret;
        char *personality;
        char *platform, *arch, *os, *variant;
        char *creds, *cert_dir, *retry, *retry_delay;
        GPtrArray *attach;
        int sig_proxy; /* -1: not given */
        char *health_cmd, *health_interval, *health_timeout, *health_start_period, *health_retries;
        char *health_startup_cmd, *health_startup_interval, *health_startup_timeout;
        char *health_startup_retries, *health_startup_success;
        char *health_on_failure, *health_log_destination;
        char *health_max_log_count, *health_max_log_size;
        bool no_healthcheck;

        bool ignored;  /* flags that say nothing any more */
        char *runtime; /* of Podman's --runtime: an external OCI runtime */

        char **create_command; /* the whole command line, for inspect; may be NULL */
        char **command;        /* image name, then words; NULL-terminated */
} ContainerOptions;

void container_options_init(ContainerOptions *options);
void container_options_clear(ContainerOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ContainerOptions, container_options_clear)
