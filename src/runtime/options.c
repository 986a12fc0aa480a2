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

void container_options_clear(ContainerOptions *o) {
        char **texts[] = {
                &o->name,         &o->entrypoint,  &o->rootfs,
                &o->pull,         &o->authfile,    &o->shm_size,
                &o->user,         &o->workdir,     &o->hostname,
                &o->umask,        &o->timezone,    &o->init_path,
                &o->pid,          &o->ipc,         &o->uts,
                &o->cgroupns,     &o->userns,      &o->pids_limit,
                &o->memory,       &o->memory_swap, &o->memory_reservation,
                &o->cpus,         &o->cpuset_cpus, &o->oom_score_adj,
                &o->cgroups,      &o->sdnotify,    &o->stop_signal,
                &o->stop_timeout, &o->log_driver,  &o->cidfile,
                &o->pidfile,      &o->subuidname,  &o->subgidname,
                &o->ip,           &o->ip6,         &o->mac_address,
                &o->hosts_file,
        };
        GPtrArray **lists[] = {
                &o->env,
                &o->env_file,
                &o->unset_env,
                &o->label,
                &o->label_file,
                &o->annotation,
                &o->volume,
                &o->mount,
                &o->tmpfs,
                &o->group_add,
                &o->network,
                &o->add_host,
                &o->dns,
                &o->dns_search,
                &o->dns_option,
                &o->cap_add,
                &o->cap_drop,
                &o->security_opt,
                &o->ulimit,
                &o->sysctl,
                &o->device,
                &o->log_opt,
                &o->blkio_weight_device,
                &o->device_read_bps,
                &o->device_write_bps,
                &o->device_read_iops,
                &o->device_write_iops,
                &o->device_cgroup_rule,
                &o->cgroup_conf,
                &o->requires,
                &o->host_user,
                &o->env_merge,
                &o->volumes_from,
                &o->secret,
                &o->attach,
                &o->uidmap,
                &o->network_alias,
                &o->publish,
                &o->expose,
                &o->gidmap,
        };
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                g_clear_pointer(texts[i], g_free);
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
                g_clear_pointer(lists[i], g_ptr_array_unref);
        g_clear_pointer(&o->command, g_strfreev);
        g_clear_pointer(&o->create_command, g_strfreev);
}
