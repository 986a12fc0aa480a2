/* SPDX-License-Identifier: Apache-2.0 */
/* berth-oci features (runtime-spec features.md) and spec. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/exit.h"
#include "cli/oci.h"
#include "oci/spec.h"
#include "runtime/mount-options.h"

static JsonObject *enabled(bool is_enabled) {
        JsonObject *object = json_object_new();
        json_object_set_boolean_member(object, "enabled", is_enabled);
        return object;
}

static JsonObject *seccomp_features(void) {
        static const char *const actions[] = {
                "SCMP_ACT_ALLOW",        "SCMP_ACT_ERRNO",
                "SCMP_ACT_KILL",         "SCMP_ACT_LOG",
                "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
                "SCMP_ACT_TRAP",         "SCMP_ACT_TRACE",
                "SCMP_ACT_NOTIFY",       NULL,
        };
        static const char *const operators[] = {
                "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",        "SCMP_CMP_EQ",
                "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ", NULL,
        };
        static const char *const flags[] = {
                "SECCOMP_FILTER_FLAG_TSYNC",
                "SECCOMP_FILTER_FLAG_LOG",
                "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
                NULL,
        };
        static const char *const arches[] = {
                "SCMP_ARCH_X86",     "SCMP_ARCH_X86_64",  "SCMP_ARCH_X32",
                "SCMP_ARCH_ARM",     "SCMP_ARCH_AARCH64", "SCMP_ARCH_RISCV64",
                "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390X",   NULL,
        };
        JsonObject *object = enabled(true);
        json_set_strings(object, "actions", actions);
        json_set_strings(object, "operators", operators);
        json_set_strings(object, "archs", arches);
        json_set_strings(object, "knownFlags", flags);
        json_set_strings(object, "supportedFlags", flags);
        return object;
}

static JsonObject *linux_features(void) {
        JsonObject *object = json_object_new(), *cgroup = json_object_new(),
                   *mounts = json_object_new();
        JsonArray *namespaces = json_array_new(), *capabilities = json_array_new();
        for (int i = 0; i < OCI_NAMESPACE_MAX; i++)
                json_array_add_string_element(namespaces, oci_namespace_to_text(i));
        for (int i = 0; i < oci_capability_count(); i++)
                json_array_add_string_element(capabilities, oci_capability_to_text(i));
        json_object_set_array_member(object, "namespaces", namespaces);
        json_object_set_array_member(object, "capabilities", capabilities);
        json_object_set_boolean_member(cgroup, "v1", false);
        json_object_set_boolean_member(cgroup, "v2", true);
        json_object_set_boolean_member(cgroup, "systemd", true);
        json_object_set_boolean_member(cgroup, "systemdUser", true);
        json_object_set_boolean_member(cgroup, "rdma", true);
        json_object_set_object_member(object, "cgroup", cgroup);
        json_object_set_object_member(object, "seccomp", seccomp_features());
        json_object_set_object_member(object, "apparmor", enabled(true));
        json_object_set_object_member(object, "selinux", enabled(true));
        json_object_set_object_member(object, "intelRdt", enabled(false));
        json_object_set_object_member(mounts, "idmap", enabled(true));
        json_object_set_object_member(object, "mountExtensions", mounts);
        return object;
}

int oci_verb_features(int argc, char **argv) {
        static const OptionRow rows[] = { { NULL } };
        static const OptionTable table = {
                .usage = "berth-oci features",
                .description = "Print what this runtime knows",
                .rows = rows,
        };
        char unused;
        g_autofree char **operands = NULL;
        int status;
        if (!oci_begin(&table, argc, argv, &unused, &operands, &status))
                return status;
        g_autoptr(JsonObject) object = json_object_new();
        g_auto(GStrv) options = mount_options_known();
        JsonArray *hooks = json_array_new();
        for (int i = 0; i < OCI_HOOK_MAX; i++)
                json_array_add_string_element(hooks, oci_hook_to_text(i));
        json_object_set_string_member(object, "ociVersionMin", "1.0.0");
        json_object_set_string_member(object, "ociVersionMax", OCI_SPEC_VERSION_MAX);
        json_object_set_array_member(object, "hooks", hooks);
        json_set_strings(object, "mountOptions", (const char *const *) options);
        json_object_set_object_member(object, "linux", linux_features());
        json_object_set_object_member(object, "annotations", json_object_new());
        g_autofree char *text = json_format_object(object, true);
        printf("%s\n", text);
        return EXIT_STATUS_OK;
}

static void add_namespaces(OciSpec *spec, bool rootless) {
        static const OciNamespaceType types[] = { OCI_NAMESPACE_PID,   OCI_NAMESPACE_NETWORK,
                                                  OCI_NAMESPACE_IPC,   OCI_NAMESPACE_UTS,
                                                  OCI_NAMESPACE_MOUNT, OCI_NAMESPACE_CGROUP };
        for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
                spec->namespaces[types[i]].present = true;
        if (!rootless)
                return;
        spec->namespaces[OCI_NAMESPACE_USER].present = true;
        oci_id_map_add(spec->uid_mappings, 0, (uint32_t) geteuid(), 1);
        oci_id_map_add(spec->gid_mappings, 0, (uint32_t) getegid(), 1);
}

static char *default_configuration(bool rootless) {
        static const char *const args[] = { "sh", NULL };
        static const char *const env[] = {
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm",
                NULL
        };
        static const char *const masked[] = {
                "/proc/acpi",
                "/proc/asound",
                "/proc/kcore",
                "/proc/keys",
                "/proc/latency_stats",
                "/proc/timer_list",
                "/proc/timer_stats",
                "/proc/sched_debug",
                "/sys/firmware",
                "/proc/scsi",
                NULL,
        };
        static const char *const readonly[] = { "/proc/bus",           "/proc/fs",
                                                "/proc/irq",           "/proc/sys",
                                                "/proc/sysrq-trigger", NULL };
        const uint64_t caps = UINT64_C(1) << 29 | UINT64_C(1) << 5 | UINT64_C(1) << 10;
        g_autoptr(OciSpec) spec = oci_spec_new();
        spec->terminal = true;
        spec->args = g_strdupv((char **) args);
        spec->env = g_strdupv((char **) env);
        spec->cwd = g_strdup("/");
        spec->no_new_privileges = true;
        spec->root_path = g_strdup("rootfs");
        spec->root_readonly = true;
        spec->hostname = g_strdup("berth");
        for (int set = 0; set < OCI_CAPABILITY_SET_MAX; set++)
                if (set != OCI_CAPABILITY_INHERITABLE && set != OCI_CAPABILITY_AMBIENT)
                        spec->capabilities[set] = caps; /* audit_write, kill, net_bind_service */
        oci_spec_add_rlimit(spec, "RLIMIT_NOFILE", 1024, 1024);
        oci_spec_add_mount(spec, "/proc", "proc", "proc", "");
        oci_spec_add_mount(
                        spec, "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k");
        oci_spec_add_mount(
                        spec, "/dev/pts", "devpts", "devpts",
                        rootless ? "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620"
                                 : "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
        oci_spec_add_mount(
                        spec, "/dev/shm", "tmpfs", "shm",
                        "nosuid,noexec,nodev,mode=1777,size=65536k");
        oci_spec_add_mount(spec, "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev");
        oci_spec_add_mount(spec, "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro");
        oci_spec_add_mount(
                        spec, "/sys/fs/cgroup", "cgroup", "cgroup",
                        "nosuid,noexec,nodev,relatime,ro");
        g_strfreev(spec->masked_paths);
        g_strfreev(spec->readonly_paths);
        spec->masked_paths = g_strdupv((char **) masked);
        spec->readonly_paths = g_strdupv((char **) readonly);
        add_namespaces(spec, rootless);
        return oci_spec_format(spec);
}

typedef struct SpecFlags {
        char *bundle;
        bool rootless;
} SpecFlags;

int oci_verb_spec(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "bundle", 'b', OPTION_STRING, offsetof(SpecFlags, bundle), "DIR",
                  "Where config.json goes" },
                { "rootless", 0, OPTION_BOOL, offsetof(SpecFlags, rootless), NULL,
                  "With a user namespace of ours" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth-oci spec [options]",
                .description = "Write a config.json to begin with",
                .rows = rows,
        };
        SpecFlags flags = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        if (!oci_begin(&table, argc, argv, &flags, &operands, &status))
                return status;
        g_autofree char *path =
                        g_build_filename(flags.bundle ? flags.bundle : ".", "config.json", NULL);
        if (faccessat(AT_FDCWD, path, F_OK, 0) == 0) {
                error_set_errno(&error, EEXIST, "'%s' is left as it is", path);
                return oci_fail(&error);
        }
        g_autofree char *text = default_configuration(flags.rootless);
        g_autoptr(JsonNode) node = NULL;
        JsonObject *object;
        if (!json_parse_object(text, strlen(text), 1 << 20, "config", &node, &object, &error))
                return oci_fail(&error);
        g_autofree char *pretty = json_format_object(object, true);
        return file_replace(AT_FDCWD, path, pretty, strlen(pretty), 0644, FILE_VOLATILE, &error)
                               ? EXIT_STATUS_OK
                               : oci_fail(&error);
}
