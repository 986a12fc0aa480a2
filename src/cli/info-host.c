/* SPDX-License-Identifier: Apache-2.0 */
/* The host in `info`. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/user.h"
#include "build-config.h"
#include "cli/guard.h"
#include "cli/info-json.h"
#include "network/setup.h"
#include "runtime/network.h"
#include "systemd/cgroup.h"

#define SMALL_FILE_MAX 65536

static void set_text(JsonObject *object, const char *name, const char *value) {
        json_object_set_string_member(object, name, value ? value : "");
}

static char **read_words(const char *path) {
        g_autofree char *text = NULL;
        if (!file_read_text(AT_FDCWD, path, SMALL_FILE_MAX, &text, NULL))
                return g_new0(char *, 1);
        g_strstrip(text);
        return *text ? g_strsplit_set(text, " \n", -1) : g_new0(char *, 1);
}

static void add_cgroups(JsonObject *host) {
        const char *mount = cgroup_mount_path();
        g_autofree char *path = g_build_filename(
                        mount ? mount : "/nonexistent", "cgroup.controllers", NULL);
        g_auto(GStrv) controllers = read_words(path);
        set_text(host, "cgroupManager", "systemd");
        set_text(host, "cgroupVersion", mount ? "v2" : "");
        json_set_strings(host, "cgroupControllers", (const char *const *) controllers);
}

static double share(double part, double whole) {
        return whole > 0 ? (double) (int64_t) (part * 10000 / whole) / 100 : 0;
}

/* proc_stat(5): user nice system idle iowait …, since boot */
static void add_cpu_use(JsonObject *host) {
        g_autofree char *text = NULL;
        unsigned long long user = 0, nice = 0, system = 0, idle = 0, wait = 0;
        if (!file_read_text(AT_FDCWD, "/proc/stat", 16u << 20, &text, NULL) ||
            sscanf(text, "cpu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait) != 5)
                return;
        double all = (double) (user + nice + system + idle + wait);
        JsonObject *use = json_object_new();
        json_object_set_double_member(use, "userPercent", share((double) (user + nice), all));
        json_object_set_double_member(use, "systemPercent", share((double) system, all));
        json_object_set_double_member(use, "idlePercent", share((double) (idle + wait), all));
        json_object_set_object_member(host, "cpuUtilization", use);
}

static void add_memory(JsonObject *host) {
        struct sysinfo info;
        if (sysinfo(&info) < 0)
                return;
        int64_t unit = info.mem_unit;
        json_object_set_int_member(host, "memTotal", (int64_t) info.totalram * unit);
        json_object_set_int_member(host, "memFree", (int64_t) info.freeram * unit);
        json_object_set_int_member(host, "swapTotal", (int64_t) info.totalswap * unit);
        json_object_set_int_member(host, "swapFree", (int64_t) info.freeswap * unit);
        long hours = info.uptime / 3600;
        g_autofree char *uptime = g_strdup_printf(
                        "%ldh %ldm %ld.00s (Approximately %.2f days)", hours, info.uptime / 60 % 60,
                        info.uptime % 60, (double) info.uptime / 86400);
        set_text(host, "uptime", uptime);
}

/* os-release(5) */
static void add_distribution(JsonObject *host) {
        static const char *const rows[][2] = { { "distribution", G_OS_INFO_KEY_ID },
                                               { "version", G_OS_INFO_KEY_VERSION_ID },
                                               { "codename", G_OS_INFO_KEY_VERSION_CODENAME } };
        JsonObject *distribution = json_object_new();
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *value = g_get_os_info(rows[i][1]);
                set_text(distribution, rows[i][0], value);
        }
        json_object_set_object_member(host, "distribution", distribution);
}

/* user_namespaces(7); null for root, who has all ids. */
static void add_map(JsonObject *maps, const char *name, const char *path) {
        if (user_is_root()) {
                json_object_set_null_member(maps, name);
                return;
        }
        g_autofree char *text = NULL;
        JsonArray *array = json_array_new();
        (void) file_read_text(AT_FDCWD, path, SMALL_FILE_MAX, &text, NULL);
        g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
        for (char **line = lines; *line; line++) {
                unsigned int inside, outside, size;
                if (sscanf(*line, "%u %u %u", &inside, &outside, &size) != 3)
                        continue;
                JsonObject *row = json_object_new();
                json_object_set_int_member(row, "container_id", inside);
                json_object_set_int_member(row, "host_id", outside);
                json_object_set_int_member(row, "size", size);
                json_array_add_object_element(array, row);
        }
        json_object_set_array_member(maps, name, array);
}

static void add_security(JsonObject *host) {
        JsonObject *security = json_object_new();
        JsonObject *maps = json_object_new();
        json_object_set_boolean_member(
                        security, "apparmorEnabled",
                        access("/sys/kernel/security/apparmor", F_OK) == 0);
        json_object_set_boolean_member(security, "rootless", !user_is_root());
        json_object_set_boolean_member(security, "seccompEnabled", TRUE);
        set_text(security, "seccompProfilePath", "default");
        json_object_set_boolean_member(
                        security, "selinuxEnabled", access("/sys/fs/selinux/enforce", F_OK) == 0);
        json_object_set_object_member(host, "security", security);
        add_map(maps, "gidmap", "/proc/self/gid_map");
        add_map(maps, "uidmap", "/proc/self/uid_map");
        json_object_set_object_member(host, "idMappings", maps);
}

static void add_program(JsonObject *object, const char *name, const char *key, const char *file) {
        JsonObject *program = json_object_new();
        g_autofree char *path = g_find_program_in_path(file);
        set_text(program, key, path);
        json_object_set_object_member(object, name, program);
}

static bool add_network(JsonObject *host, Runtime *runtime, GError **error) {
        const Networks *networks = runtime_networks(runtime, error);
        if (!networks)
                return false;
        const char *backend = networks_conf(networks)->network_backend;
        JsonObject *info = json_object_new();
        set_text(host, "networkBackend", backend ? backend : "native");
        set_text(info, "backend", backend ? backend : "native");
        add_program(info, "dns", "path", "/usr/lib/podman/aardvark-dns");
        json_object_set_object_member(host, "networkBackendInfo", info);
        set_text(host, "rootlessNetworkCmd", "pasta");
        add_program(host, "pasta", "executable", "pasta");
        return true;
}

static void add_ourselves(JsonObject *host) {
        JsonObject *runtime = json_object_new();
        JsonObject *socket = json_object_new();
        g_autofree char *path = guard_program_path();
        set_text(runtime, "name", "berth");
        set_text(runtime, "path", path);
        set_text(runtime, "version", "berth version " BERTH_VERSION);
        json_object_set_object_member(host, "ociRuntime", runtime);
        set_text(socket, "path", "");
        json_object_set_boolean_member(socket, "exists", FALSE);
        json_object_set_object_member(host, "remoteSocket", socket);
        json_object_set_boolean_member(host, "serviceIsRemote", FALSE);
        set_text(host, "databaseBackend", "none");
        set_text(host, "eventLogger", "journald");
        set_text(host, "logDriver", "journald");
        set_text(host, "linkmode", "dynamic");
}

JsonObject *info_host_json(Runtime *runtime, GError **error) {
        g_autoptr(JsonObject) host = json_object_new();
        struct utsname name;
        g_assert(uname(&name) == 0); /* cannot fail with a valid buffer, uname(2) */
        set_text(host, "arch", strcmp(name.machine, "x86_64") == 0 ? "amd64" : name.machine);
        set_text(host, "hostname", name.nodename);
        set_text(host, "kernel", name.release);
        set_text(host, "os", "linux");
        set_text(host, "variant", "");
        json_object_set_int_member(host, "cpus", sysconf(_SC_NPROCESSORS_ONLN));
        add_cgroups(host);
        add_cpu_use(host);
        add_memory(host);
        add_distribution(host);
        add_security(host);
        add_ourselves(host);
        return add_network(host, runtime, error) ? g_steal_pointer(&host) : NULL;
}
