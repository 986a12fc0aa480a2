/* SPDX-License-Identifier: Apache-2.0 */
/* Names of capabilities(7) and namespaces(7) as the runtime specification spells them. */
#include <linux/capability.h>
#include <sched.h>
#include <string.h>

#include "oci/spec.h"

static const char *const capability_names[] = {
        [CAP_CHOWN] = "CAP_CHOWN",
        [CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
        [CAP_DAC_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
        [CAP_FOWNER] = "CAP_FOWNER",
        [CAP_FSETID] = "CAP_FSETID",
        [CAP_KILL] = "CAP_KILL",
        [CAP_SETGID] = "CAP_SETGID",
        [CAP_SETUID] = "CAP_SETUID",
        [CAP_SETPCAP] = "CAP_SETPCAP",
        [CAP_LINUX_IMMUTABLE] = "CAP_LINUX_IMMUTABLE",
        [CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
        [CAP_NET_BROADCAST] = "CAP_NET_BROADCAST",
        [CAP_NET_ADMIN] = "CAP_NET_ADMIN",
        [CAP_NET_RAW] = "CAP_NET_RAW",
        [CAP_IPC_LOCK] = "CAP_IPC_LOCK",
        [CAP_IPC_OWNER] = "CAP_IPC_OWNER",
        [CAP_SYS_MODULE] = "CAP_SYS_MODULE",
        [CAP_SYS_RAWIO] = "CAP_SYS_RAWIO",
        [CAP_SYS_CHROOT] = "CAP_SYS_CHROOT",
        [CAP_SYS_PTRACE] = "CAP_SYS_PTRACE",
        [CAP_SYS_PACCT] = "CAP_SYS_PACCT",
        [CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
        [CAP_SYS_BOOT] = "CAP_SYS_BOOT",
        [CAP_SYS_NICE] = "CAP_SYS_NICE",
        [CAP_SYS_RESOURCE] = "CAP_SYS_RESOURCE",
        [CAP_SYS_TIME] = "CAP_SYS_TIME",
        [CAP_SYS_TTY_CONFIG] = "CAP_SYS_TTY_CONFIG",
        [CAP_MKNOD] = "CAP_MKNOD",
        [CAP_LEASE] = "CAP_LEASE",
        [CAP_AUDIT_WRITE] = "CAP_AUDIT_WRITE",
        [CAP_AUDIT_CONTROL] = "CAP_AUDIT_CONTROL",
        [CAP_SETFCAP] = "CAP_SETFCAP",
        [CAP_MAC_OVERRIDE] = "CAP_MAC_OVERRIDE",
        [CAP_MAC_ADMIN] = "CAP_MAC_ADMIN",
        [CAP_SYSLOG] = "CAP_SYSLOG",
        [CAP_WAKE_ALARM] = "CAP_WAKE_ALARM",
        [CAP_BLOCK_SUSPEND] = "CAP_BLOCK_SUSPEND",
        [CAP_AUDIT_READ] = "CAP_AUDIT_READ",
        [CAP_PERFMON] = "CAP_PERFMON",
        [CAP_BPF] = "CAP_BPF",
        [CAP_CHECKPOINT_RESTORE] = "CAP_CHECKPOINT_RESTORE",
};

int oci_capability_from_text(const char *text) {
        if (g_ascii_strncasecmp(text, "CAP_", 4) == 0)
                text += 4;
        for (size_t i = 0; i < G_N_ELEMENTS(capability_names); i++)
                if (g_ascii_strcasecmp(capability_names[i] + 4, text) == 0)
                        return (int) i;
        return -1;
}

const char *oci_capability_to_text(int capability) {
        if (capability < 0 || (size_t) capability >= G_N_ELEMENTS(capability_names))
                return NULL;
        return capability_names[capability];
}

int oci_capability_count(void) {
        return G_N_ELEMENTS(capability_names);
}

static const struct {
        const char *text, *proc_name;
        int clone_flag;
} namespace_rows[] = {
        [OCI_NAMESPACE_PID] = { "pid", "pid", CLONE_NEWPID },
        [OCI_NAMESPACE_NETWORK] = { "network", "net", CLONE_NEWNET },
        [OCI_NAMESPACE_MOUNT] = { "mount", "mnt", CLONE_NEWNS },
        [OCI_NAMESPACE_IPC] = { "ipc", "ipc", CLONE_NEWIPC },
        [OCI_NAMESPACE_UTS] = { "uts", "uts", CLONE_NEWUTS },
        [OCI_NAMESPACE_USER] = { "user", "user", CLONE_NEWUSER },
        [OCI_NAMESPACE_CGROUP] = { "cgroup", "cgroup", CLONE_NEWCGROUP },
        [OCI_NAMESPACE_TIME] = { "time", "time", 0x80 /* CLONE_NEWTIME, time_namespaces(7) */ },
};

const char *oci_namespace_to_text(OciNamespaceType type) {
        return namespace_rows[type].text;
}

const char *oci_namespace_proc_name(OciNamespaceType type) {
        return namespace_rows[type].proc_name;
}

int oci_namespace_clone_flag(OciNamespaceType type) {
        return namespace_rows[type].clone_flag;
}
