/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults and clean-up of what a container was asked for. */
#include "runtime/options.h"

void container_options_init(ContainerOptions *options) {
        *options = (ContainerOptions){ .tls_verify = -1,
                                       .read_only_tmpfs = true,
                                       .passwd = -1,
                                       .http_proxy = -1,
                                       .sig_proxy = -1 };
}

#define AT(member) offsetof(ContainerOptions, member)

static const size_t texts[] = {
        AT(name),
        AT(entrypoint),
        AT(rootfs),
        AT(pull),
        AT(authfile),
        AT(shm_size),
        AT(user),
        AT(workdir),
        AT(hostname),
        AT(umask),
        AT(timezone),
        AT(init_path),
        AT(pid),
        AT(ipc),
        AT(uts),
        AT(cgroupns),
        AT(userns),
        AT(pids_limit),
        AT(memory),
        AT(memory_swap),
        AT(memory_reservation),
        AT(cpus),
        AT(cpuset_cpus),
        AT(oom_score_adj),
        AT(cgroups),
        AT(sdnotify),
        AT(stop_signal),
        AT(stop_timeout),
        AT(log_driver),
        AT(cidfile),
        AT(pidfile),
        AT(conmon_pidfile),
        AT(subuidname),
        AT(subgidname),
        AT(ip),
        AT(ip6),
        AT(mac_address),
        AT(hosts_file),
        AT(pod),
        AT(pod_id_file),
        AT(health_cmd),
        AT(health_interval),
        AT(health_timeout),
        AT(health_start_period),
        AT(health_retries),
        AT(health_startup_cmd),
        AT(health_startup_interval),
        AT(health_startup_timeout),
        AT(health_startup_retries),
        AT(health_startup_success),
        AT(health_on_failure),
        AT(health_log_destination),
        AT(health_max_log_count),
        AT(health_max_log_size),
};

static const size_t lists[] = {
        AT(env),
        AT(env_file),
        AT(unset_env),
        AT(label),
        AT(label_file),
        AT(annotation),
        AT(volume),
        AT(mount),
        AT(tmpfs),
        AT(group_add),
        AT(network),
        AT(add_host),
        AT(dns),
        AT(dns_search),
        AT(dns_option),
        AT(cap_add),
        AT(cap_drop),
        AT(security_opt),
        AT(ulimit),
        AT(sysctl),
        AT(device),
        AT(log_opt),
        AT(blkio_weight_device),
        AT(device_read_bps),
        AT(device_write_bps),
        AT(device_read_iops),
        AT(device_write_iops),
        AT(device_cgroup_rule),
        AT(cgroup_conf),
        AT(requires),
        AT(host_user),
        AT(env_merge),
        AT(volumes_from),
        AT(secret),
        AT(attach),
        AT(uidmap),
        AT(network_alias),
        AT(publish),
        AT(expose),
        AT(gidmap),
};

#undef AT

void container_options_clear(ContainerOptions *o) {
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                g_clear_pointer((char **) ((char *) o + texts[i]), g_free);
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
                g_clear_pointer((GPtrArray **) ((char *) o + lists[i]), g_ptr_array_unref);
        g_clear_pointer(&o->command, g_strfreev);
        g_clear_pointer(&o->create_command, g_strfreev);
}
