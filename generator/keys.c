/* SPDX-License-Identifier: Apache-2.0 */
/* The table of keys: podman-systemd.unit(5). Order inside a group is the order on the command line;
 * GROUP_OWN rows are in alphabetical order. */
#include "generator/keys.h"

#include <string.h>

#include "base/diagnostics.h"

/* clang-format off: one row, one line */
static const KeyRow container_rows[] = {
        { "LogDriver", KEY_STRING, GROUP_LOG, 0, "--log-driver", NULL, "4.5" },
        { "LogOpt", KEY_WORDS, GROUP_LOG, 0, "--log-opt", NULL, "5.2" },
        { "Entrypoint", KEY_STRING, GROUP_SINGLE, KEY_EMPTY_IS_SET, "--entrypoint=", NULL, "5.0" },
        { "HostName", KEY_STRING, GROUP_SINGLE, 0, "--hostname", NULL, "4.5" },
        { "IP", KEY_STRING, GROUP_SINGLE, 0, "--ip", NULL, "4.5" },
        { "IP6", KEY_STRING, GROUP_SINGLE, 0, "--ip6", NULL, "4.5" },
        { "Memory", KEY_STRING, GROUP_SINGLE, 0, "--memory", NULL, "5.5" },
        { "PidsLimit", KEY_STRING, GROUP_SINGLE, 0, "--pids-limit", NULL, "4.7" },
        { "Pull", KEY_STRING, GROUP_SINGLE, 0, "--pull", NULL, "4.5" },
        { "Retry", KEY_STRING, GROUP_SINGLE, 0, "--retry", NULL, "5.5" },
        { "RetryDelay", KEY_STRING, GROUP_SINGLE, 0, "--retry-delay", NULL, "5.5" },
        { "ShmSize", KEY_STRING, GROUP_SINGLE, 0, "--shm-size", NULL, "4.7" },
        { "StopSignal", KEY_STRING, GROUP_SINGLE, 0, "--stop-signal", NULL, "5.2" },
        { "StopTimeout", KEY_STRING, GROUP_SINGLE, 0, "--stop-timeout", NULL, "5.0" },
        { "Timezone", KEY_STRING, GROUP_SINGLE, 0, "--tz", NULL, "4.4" },
        { "WorkingDir", KEY_STRING, GROUP_SINGLE, 0, "--workdir", NULL, "4.6" },
        { "AddHost", KEY_LIST, GROUP_LIST, 0, "--add-host", NULL, "5.3" },
        { "DNS", KEY_LIST, GROUP_LIST, 0, "--dns", NULL, "4.7" },
        { "DNSOption", KEY_LIST, GROUP_LIST, 0, "--dns-option", NULL, "4.7" },
        { "DNSSearch", KEY_LIST, GROUP_LIST, 0, "--dns-search", NULL, "4.7" },
        { "GroupAdd", KEY_LIST, GROUP_LIST, 0, "--group-add", NULL, "5.1" },
        { "NetworkAlias", KEY_LIST, GROUP_LIST, 0, "--network-alias", NULL, "5.2" },
        { "Tmpfs", KEY_LIST, GROUP_LIST, 0, "--tmpfs", NULL, "4.5" },
        { "Ulimit", KEY_LIST, GROUP_LIST, 0, "--ulimit", NULL, "4.7" },
        { "EnvironmentHost", KEY_BOOL, GROUP_BOOL, 0, "--env-host", NULL, "4.4" },
        { "HttpProxy", KEY_BOOL, GROUP_BOOL, 0, "--http-proxy", NULL, "5.7" },
        { "ReadOnlyTmpfs", KEY_BOOL, GROUP_BOOL, 0, "--read-only-tmpfs", NULL, "4.9" },
        { "RunInit", KEY_BOOL, GROUP_BOOL, 0, "--init", NULL, "4.4" },
        { "NoNewPrivileges", KEY_BOOL, GROUP_SECURITY, KEY_TRUE_ONLY,
          "--security-opt=no-new-privileges", NULL, "4.4" },
        { "SecurityLabelDisable", KEY_BOOL, GROUP_SECURITY, KEY_TRUE_ONLY, "--security-opt",
          "label=disable", "4.4" },
        { "SecurityLabelNested", KEY_BOOL, GROUP_SECURITY, KEY_TRUE_ONLY, "--security-opt",
          "label=nested", "4.6" },
        { "SecurityLabelType", KEY_STRING, GROUP_SECURITY, 0, "--security-opt",
          "label=type:", "4.4" },
        { "SecurityLabelFileType", KEY_STRING, GROUP_SECURITY, 0, "--security-opt",
          "label=filetype:", "4.4" },
        { "SecurityLabelLevel", KEY_STRING, GROUP_SECURITY, 0, "--security-opt",
          "label=level:", "4.4" },
        { "AppArmor", KEY_STRING, GROUP_SECURITY, 0, "--security-opt", "apparmor=", "5.8" },
        { "SeccompProfile", KEY_STRING, GROUP_RIGHTS, 0, "--security-opt", "seccomp=", "4.4" },
        { "DropCapability", KEY_WORDS, GROUP_RIGHTS, KEY_LOWER_CASE, "--cap-drop", NULL, "4.4" },
        { "AddCapability", KEY_WORDS, GROUP_RIGHTS, KEY_LOWER_CASE, "--cap-add", NULL, "4.4" },
        { "Sysctl", KEY_WORDS, GROUP_RIGHTS, 0, "--sysctl", NULL, "4.6" },
        { "ReadOnly", KEY_BOOL, GROUP_RIGHTS, 0, "--read-only", NULL, "4.4" },
        { "UserNS", KEY_STRING, GROUP_USERNS, 0, "--userns", NULL, "4.4" },
        { "UIDMap", KEY_WORDS, GROUP_USERNS, 0, "--uidmap", NULL, "4.8" },
        { "GIDMap", KEY_WORDS, GROUP_USERNS, 0, "--gidmap", NULL, "4.8" },
        { "SubUIDMap", KEY_STRING, GROUP_USERNS, 0, "--subuidname", NULL, "4.8" },
        { "SubGIDMap", KEY_STRING, GROUP_USERNS, 0, "--subgidname", NULL, "4.8" },
        { "AutoUpdate", KEY_STRING, GROUP_PORTS, 0, "--label", "io.containers.autoupdate=", "4.6" },
        { "ExposeHostPort", KEY_LIST, GROUP_PORTS, 0, "--expose", NULL, "4.4" },
        { "PublishPort", KEY_LIST, GROUP_OWN, 0, "--publish", NULL, "4.4" },
        { "PublishSocket", KEY_BOOL, GROUP_OWN, KEY_BERTH, NULL, NULL, "berth" },
        { "StopWhenIdle", KEY_STRING, GROUP_OWN, KEY_BERTH, NULL, NULL, "berth" },
        { "Environment", KEY_PAIRS, GROUP_PAIRS, 0, "--env", NULL, "4.4" },
        { "Label", KEY_PAIRS, GROUP_PAIRS, 0, "--label", NULL, "4.4" },
        { "Annotation", KEY_PAIRS, GROUP_PAIRS, 0, "--annotation", NULL, "4.4" },
        { "Mask", KEY_ARGS, GROUP_MASKS, 0, "--security-opt", "mask=", "4.6" },
        { "Unmask", KEY_ARGS, GROUP_MASKS, 0, "--security-opt", "unmask=", "4.6" },
        { "Secret", KEY_ARGS, GROUP_SECRETS, 0, "--secret", NULL, "4.5" },
        { "HealthCmd", KEY_STRING, GROUP_HEALTH, 0, "--health-cmd", NULL, "4.5" },
        { "HealthInterval", KEY_STRING, GROUP_HEALTH, 0, "--health-interval", NULL, "4.5" },
        { "HealthOnFailure", KEY_STRING, GROUP_HEALTH, 0, "--health-on-failure", NULL, "4.5" },
        { "HealthLogDestination", KEY_STRING, GROUP_HEALTH, 0, "--health-log-destination", NULL,
          "5.3" },
        { "HealthMaxLogCount", KEY_STRING, GROUP_HEALTH, 0, "--health-max-log-count", NULL, "5.3" },
        { "HealthMaxLogSize", KEY_STRING, GROUP_HEALTH, 0, "--health-max-log-size", NULL, "5.3" },
        { "HealthRetries", KEY_STRING, GROUP_HEALTH, 0, "--health-retries", NULL, "4.5" },
        { "HealthStartPeriod", KEY_STRING, GROUP_HEALTH, 0, "--health-start-period", NULL, "4.5" },
        { "HealthTimeout", KEY_STRING, GROUP_HEALTH, 0, "--health-timeout", NULL, "4.5" },
        { "HealthStartupCmd", KEY_STRING, GROUP_HEALTH, 0, "--health-startup-cmd", NULL, "4.5" },
        { "HealthStartupInterval", KEY_STRING, GROUP_HEALTH, 0, "--health-startup-interval", NULL,
          "4.5" },
        { "HealthStartupRetries", KEY_STRING, GROUP_HEALTH, 0, "--health-startup-retries", NULL,
          "4.5" },
        { "HealthStartupSuccess", KEY_STRING, GROUP_HEALTH, 0, "--health-startup-success", NULL,
          "4.5" },
        { "HealthStartupTimeout", KEY_STRING, GROUP_HEALTH, 0, "--health-startup-timeout", NULL,
          "4.5" },
        { "AddDevice", KEY_WORDS, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "CgroupsMode", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.3" },
        { "ContainerName", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "ContainersConfModule", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "4.7" },
        { "EnvironmentFile", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "Exec", KEY_COMMAND, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "GlobalArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "4.8" },
        { "Group", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "Image", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "Mount", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "4.5" },
        { "Network", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "Notify", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "Pod", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.0" },
        { "PodmanArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "ReloadCmd", KEY_COMMAND, GROUP_OWN, 0, NULL, NULL, "5.5" },
        { "ReloadSignal", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.5" },
        { "RemapGid", KEY_WORDS, GROUP_OWN, KEY_DEPRECATED, NULL, NULL, "4.4" },
        { "RemapUid", KEY_WORDS, GROUP_OWN, KEY_DEPRECATED, NULL, NULL, "4.4" },
        { "RemapUidSize", KEY_NUMBER, GROUP_OWN, KEY_DEPRECATED, NULL, NULL, "4.4" },
        { "RemapUsers", KEY_STRING, GROUP_OWN, KEY_EMPTY_IS_SET | KEY_DEPRECATED, NULL, NULL,
          "4.4" },
        { "Rootfs", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.5" },
        { "ServiceName", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.3" },
        { "StartWithPod", KEY_BOOL, GROUP_OWN, 0, NULL, NULL, "5.3" },
        { "User", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "VolatileTmp", KEY_BOOL, GROUP_OWN, KEY_DEPRECATED, NULL, NULL, "4.4" },
        { "Volume", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { NULL },
};

static const KeyRow pod_rows[] = {
        { "UserNS", KEY_STRING, GROUP_USERNS, 0, "--userns", NULL, "5.3" },
        { "UIDMap", KEY_WORDS, GROUP_USERNS, 0, "--uidmap", NULL, "5.3" },
        { "GIDMap", KEY_WORDS, GROUP_USERNS, 0, "--gidmap", NULL, "5.3" },
        { "SubUIDMap", KEY_STRING, GROUP_USERNS, 0, "--subuidname", NULL, "5.3" },
        { "SubGIDMap", KEY_STRING, GROUP_USERNS, 0, "--subgidname", NULL, "5.3" },
        { "PublishPort", KEY_LIST, GROUP_PORTS, 0, "--publish", NULL, "5.0" },
        { "Label", KEY_PAIRS, GROUP_PAIRS, 0, "--label", NULL, "5.6" },
        { "IP", KEY_STRING, GROUP_SINGLE, 0, "--ip", NULL, "5.3" },
        { "IP6", KEY_STRING, GROUP_SINGLE, 0, "--ip6", NULL, "5.3" },
        { "ShmSize", KEY_STRING, GROUP_SINGLE, 0, "--shm-size", NULL, "5.4" },
        { "AddHost", KEY_LIST, GROUP_LIST, 0, "--add-host", NULL, "5.3" },
        { "DNS", KEY_LIST, GROUP_LIST, 0, "--dns", NULL, "5.3" },
        { "DNSOption", KEY_LIST, GROUP_LIST, 0, "--dns-option", NULL, "5.3" },
        { "DNSSearch", KEY_LIST, GROUP_LIST, 0, "--dns-search", NULL, "5.3" },
        { "HostName", KEY_LIST, GROUP_LIST, 0, "--hostname", NULL, "5.5" },
        { "NetworkAlias", KEY_LIST, GROUP_LIST, 0, "--network-alias", NULL, "5.2" },
        { "ContainersConfModule", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "5.0" },
        { "ExitPolicy", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.6" },
        { "GlobalArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "5.0" },
        { "Network", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "5.0" },
        { "PodName", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.0" },
        { "PodmanArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "5.0" },
        { "RemapGid", KEY_WORDS, GROUP_OWN, KEY_DEPRECATED, NULL, NULL, "5.0" },
        { "RemapUid", KEY_WORDS, GROUP_OWN, KEY_DEPRECATED, NULL, NULL, "5.0" },
        { "RemapUidSize", KEY_NUMBER, GROUP_OWN, KEY_DEPRECATED, NULL, NULL, "5.0" },
        { "RemapUsers", KEY_STRING, GROUP_OWN, KEY_EMPTY_IS_SET | KEY_DEPRECATED, NULL, NULL,
          "5.0" },
        { "ServiceName", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.3" },
        { "StopTimeout", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.7" },
        { "Volume", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "5.0" },
        { NULL },
};

static const KeyRow volume_rows[] = {
        { "Label", KEY_PAIRS, GROUP_PAIRS, 0, "--label", NULL, "4.4" },
        { "UID", KEY_STRING, GROUP_HEAD, 0, "--uid", NULL, "6.0" },
        { "GID", KEY_STRING, GROUP_HEAD, 0, "--gid", NULL, "6.0" },
        { "Driver", KEY_STRING, GROUP_HEAD, 0, "--driver", NULL, "4.7" },
        { "ContainersConfModule", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "4.7" },
        { "Copy", KEY_BOOL, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "Device", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "GlobalArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "4.8" },
        { "Group", KEY_NUMBER, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "Image", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.7" },
        { "Options", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "PodmanArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "4.6" },
        { "ServiceName", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.3" },
        { "Snapshot", KEY_STRING, GROUP_OWN, KEY_BERTH, NULL, NULL, "berth" },
        { "Type", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "User", KEY_NUMBER, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "VolumeName", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.7" },
        { NULL },
};

static const KeyRow network_rows[] = {
        { "DisableDNS", KEY_BOOL, GROUP_BOOL, 0, "--disable-dns", NULL, "4.4" },
        { "Internal", KEY_BOOL, GROUP_BOOL, 0, "--internal", NULL, "4.4" },
        { "IPv6", KEY_BOOL, GROUP_BOOL, 0, "--ipv6", NULL, "4.4" },
        { "Driver", KEY_STRING, GROUP_SINGLE, 0, "--driver", NULL, "4.4" },
        { "InterfaceName", KEY_STRING, GROUP_SINGLE, 0, "--interface-name", NULL, "5.6" },
        { "IPAMDriver", KEY_STRING, GROUP_SINGLE, 0, "--ipam-driver", NULL, "4.4" },
        { "DNS", KEY_LIST, GROUP_LIST, 0, "--dns", NULL, "4.7" },
        { "Options", KEY_PAIRS, GROUP_PAIRS, 0, "--opt", NULL, "4.4" },
        { "Label", KEY_PAIRS, GROUP_PAIRS, 0, "--label", NULL, "4.4" },
        { "ContainersConfModule", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "4.7" },
        { "Gateway", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "GlobalArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "4.8" },
        { "IPRange", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "NetworkDeleteOnStop", KEY_BOOL, GROUP_OWN, 0, NULL, NULL, "5.5" },
        { "NetworkName", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.7" },
        { "PodmanArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "4.6" },
        { "ServiceName", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.3" },
        { "Subnet", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { NULL },
};

static const KeyRow image_rows[] = {
        { "Arch", KEY_STRING, GROUP_SINGLE, 0, "--arch", NULL, "4.8" },
        { "AuthFile", KEY_STRING, GROUP_SINGLE, 0, "--authfile", NULL, "4.8" },
        { "CertDir", KEY_STRING, GROUP_SINGLE, 0, "--cert-dir", NULL, "4.8" },
        { "Creds", KEY_STRING, GROUP_SINGLE, 0, "--creds", NULL, "4.8" },
        { "DecryptionKey", KEY_STRING, GROUP_SINGLE, 0, "--decryption-key", NULL, "4.8" },
        { "OS", KEY_STRING, GROUP_SINGLE, 0, "--os", NULL, "4.8" },
        { "Policy", KEY_STRING, GROUP_SINGLE, 0, "--policy", NULL, "5.6" },
        { "Retry", KEY_STRING, GROUP_SINGLE, 0, "--retry", NULL, "5.5" },
        { "RetryDelay", KEY_STRING, GROUP_SINGLE, 0, "--retry-delay", NULL, "5.5" },
        { "Variant", KEY_STRING, GROUP_SINGLE, 0, "--variant", NULL, "4.8" },
        { "AllTags", KEY_BOOL, GROUP_BOOL, 0, "--all-tags", NULL, "4.8" },
        { "TLSVerify", KEY_BOOL, GROUP_BOOL, 0, "--tls-verify", NULL, "4.8" },
        { "ContainersConfModule", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "4.8" },
        { "GlobalArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "4.8" },
        { "Image", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.8" },
        { "ImageTag", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.0" },
        { "PodmanArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "4.8" },
        { "ServiceName", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.3" },
        { NULL },
};

static const KeyRow build_rows[] = {
        { "Pull", KEY_STRING, GROUP_HEAD, 0, "--pull=", NULL, "5.2" },
        { "Arch", KEY_STRING, GROUP_SINGLE, 0, "--arch", NULL, "5.2" },
        { "AuthFile", KEY_STRING, GROUP_SINGLE, 0, "--authfile", NULL, "5.2" },
        { "IgnoreFile", KEY_STRING, GROUP_SINGLE, 0, "--ignorefile", NULL, "5.7" },
        { "Retry", KEY_STRING, GROUP_SINGLE, 0, "--retry", NULL, "5.5" },
        { "RetryDelay", KEY_STRING, GROUP_SINGLE, 0, "--retry-delay", NULL, "5.5" },
        { "Target", KEY_STRING, GROUP_SINGLE, 0, "--target", NULL, "5.2" },
        { "Variant", KEY_STRING, GROUP_SINGLE, 0, "--variant", NULL, "5.2" },
        { "ForceRM", KEY_BOOL, GROUP_BOOL, 0, "--force-rm", NULL, "5.2" },
        { "TLSVerify", KEY_BOOL, GROUP_BOOL, 0, "--tls-verify", NULL, "5.2" },
        { "DNS", KEY_LIST, GROUP_LIST, 0, "--dns", NULL, "5.2" },
        { "DNSOption", KEY_LIST, GROUP_LIST, 0, "--dns-option", NULL, "5.2" },
        { "DNSSearch", KEY_LIST, GROUP_LIST, 0, "--dns-search", NULL, "5.2" },
        { "GroupAdd", KEY_LIST, GROUP_LIST, 0, "--group-add", NULL, "5.2" },
        { "ImageTag", KEY_LIST, GROUP_LIST, 0, "--tag", NULL, "5.2" },
        { "Annotation", KEY_PAIRS, GROUP_PAIRS, 0, "--annotation", NULL, "5.2" },
        { "BuildArg", KEY_PAIRS, GROUP_PAIRS, 0, "--build-arg", NULL, "5.7" },
        { "Environment", KEY_PAIRS, GROUP_PAIRS, 0, "--env", NULL, "5.2" },
        { "Label", KEY_PAIRS, GROUP_PAIRS, 0, "--label", NULL, "5.2" },
        { "Secret", KEY_ARGS, GROUP_SECRETS, 0, "--secret", NULL, "5.2" },
        { "ContainersConfModule", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "5.2" },
        { "File", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.2" },
        { "GlobalArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "5.2" },
        { "Network", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "5.2" },
        { "PodmanArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "5.2" },
        { "ServiceName", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.3" },
        { "SetWorkingDirectory", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.2" },
        { "Volume", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "5.2" },
        { NULL },
};

static const KeyRow kube_rows[] = {
        { "ExitCodePropagation", KEY_STRING, GROUP_HEAD, 0,
          "--service-exit-code-propagation=", NULL, "4.6" },
        { "LogDriver", KEY_STRING, GROUP_LOG, 0, "--log-driver", NULL, "4.5" },
        { "LogOpt", KEY_WORDS, GROUP_LOG, 0, "--log-opt", NULL, "5.2" },
        { "UserNS", KEY_STRING, GROUP_USERNS, 0, "--userns", NULL, "4.4" },
        { "PublishPort", KEY_LIST, GROUP_PORTS, 0, "--publish", NULL, "4.4" },
        { "AutoUpdate", KEY_WORDS, GROUP_OWN, 0, NULL, NULL, "4.7" },
        { "ConfigMap", KEY_WORDS, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "ContainersConfModule", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "4.7" },
        { "GlobalArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "4.8" },
        { "KubeDownForce", KEY_BOOL, GROUP_OWN, 0, NULL, NULL, "4.7" },
        { "Network", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { "PodmanArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "4.6" },
        { "RemapGid", KEY_WORDS, GROUP_OWN, KEY_DEPRECATED, NULL, NULL, "4.4" },
        { "RemapUid", KEY_WORDS, GROUP_OWN, KEY_DEPRECATED, NULL, NULL, "4.4" },
        { "RemapUidSize", KEY_NUMBER, GROUP_OWN, KEY_DEPRECATED, NULL, NULL, "4.4" },
        { "RemapUsers", KEY_STRING, GROUP_OWN, KEY_EMPTY_IS_SET | KEY_DEPRECATED, NULL, NULL,
          "4.4" },
        { "ServiceName", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.3" },
        { "SetWorkingDirectory", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "4.7" },
        { "Yaml", KEY_WORDS, GROUP_OWN, 0, NULL, NULL, "4.4" },
        { NULL },
};

static const KeyRow artifact_rows[] = {
        { "AuthFile", KEY_STRING, GROUP_SINGLE, 0, "--authfile", NULL, "5.7" },
        { "CertDir", KEY_STRING, GROUP_SINGLE, 0, "--cert-dir", NULL, "5.7" },
        { "Creds", KEY_STRING, GROUP_SINGLE, 0, "--creds", NULL, "5.7" },
        { "DecryptionKey", KEY_STRING, GROUP_SINGLE, 0, "--decryption-key", NULL, "5.7" },
        { "Retry", KEY_STRING, GROUP_SINGLE, 0, "--retry", NULL, "5.7" },
        { "RetryDelay", KEY_STRING, GROUP_SINGLE, 0, "--retry-delay", NULL, "5.7" },
        { "Quiet", KEY_BOOL, GROUP_BOOL, 0, "--quiet", NULL, "5.7" },
        { "TLSVerify", KEY_BOOL, GROUP_BOOL, 0, "--tls-verify", NULL, "5.7" },
        { "Artifact", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.7" },
        { "ContainersConfModule", KEY_LIST, GROUP_OWN, 0, NULL, NULL, "5.7" },
        { "GlobalArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "5.7" },
        { "PodmanArgs", KEY_ARGS, GROUP_OWN, 0, NULL, NULL, "5.7" },
        { "ServiceName", KEY_STRING, GROUP_OWN, 0, NULL, NULL, "5.7" },
        { NULL },
};

static const KeyRow section_rows[] = {
        { "DefaultDependencies", KEY_BOOL, GROUP_OWN, 0, NULL, NULL, "5.3" },
        { "Strict", KEY_BOOL, GROUP_OWN, KEY_BERTH, NULL, NULL, "berth" },
        { NULL },
};

static const QuadletType types[QUADLET_N_KINDS] = {
        { QUADLET_CONTAINER, "container", "Container", "X-Container", "", "4.4", container_rows },
        { QUADLET_POD, "pod", "Pod", "X-Pod", "-pod", "5.0", pod_rows },
        { QUADLET_VOLUME, "volume", "Volume", "X-Volume", "-volume", "4.4", volume_rows },
        { QUADLET_NETWORK, "network", "Network", "X-Network", "-network", "4.4", network_rows },
        { QUADLET_IMAGE, "image", "Image", "X-Image", "-image", "4.8", image_rows },
        { QUADLET_BUILD, "build", "Build", "X-Build", "-build", "5.2", build_rows },
        { QUADLET_KUBE, "kube", "Kube", "X-Kube", "", "4.4", kube_rows },
        { QUADLET_ARTIFACT, "artifact", "Artifact", "X-Artifact", "-artifact", "5.7",
          artifact_rows },
};
/* clang-format on */

const char *const unit_dependency_keys[] = {
        "After",
        "Before",
        "BindsTo",
        "Conflicts",
        "OnFailure",
        "OnSuccess",
        "PartOf",
        "PropagatesReloadTo",
        "PropagatesStopTo",
        "ReloadPropagatedFrom",
        "Requires",
        "Requisite",
        "StopPropagatedFrom",
        "Upholds",
        "Wants",
        NULL,
};

const QuadletType *quadlet_types(void) {
        return types;
}

const QuadletType *quadlet_type_of_file(const char *file_name) {
        const char *dot = strrchr(file_name, '.');
        for (size_t i = 0; dot && i < QUADLET_N_KINDS; i++)
                if (strcmp(dot + 1, types[i].suffix) == 0)
                        return &types[i];
        return NULL;
}

bool quadlet_is_file_name(const char *file_name) {
        /* ".container" alone has no name before the dot; other hidden files count, as in Quadlet */
        return quadlet_type_of_file(file_name) != NULL && strrchr(file_name, '.') != file_name;
}

bool quadlet_may_name_file(const char *value) {
        for (const char *dot = strchr(value, '.'); dot; dot = strchr(dot + 1, '.'))
                for (size_t i = 0; i < QUADLET_N_KINDS; i++)
                        if (dot[1] == types[i].suffix[0] &&
                            g_str_has_prefix(dot + 1, types[i].suffix))
                                return true;
        return false;
}

const KeyRow *quadlet_section_rows(void) {
        return section_rows;
}

const KeyRow *key_find(const KeyRow *rows, const char *name) {
        for (const KeyRow *row = rows; row->name; row++)
                if (row->name[0] == name[0] && strcmp(row->name, name) == 0)
                        return row;
        return NULL;
}

const char *key_nearest(const KeyRow *rows, const char *name) {
        const char *names[128] = { NULL };
        size_t n = 0;
        for (const KeyRow *row = rows; row->name && n + 1 < G_N_ELEMENTS(names); row++)
                names[n++] = row->name;
        return diagnostic_nearest(name, names);
}
