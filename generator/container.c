/* SPDX-License-Identifier: Apache-2.0 */
/* .container -> `berth run` */
#include <string.h>
#include <unistd.h>

#include "generator/command.h"
#include "generator/convert.h"
#include "generator/properties.h"
#include "generator/reference.h"
#include "generator/service.h"
#include "generator/socket.h"
#include "generator/userns.h"

/* Image= or Rootfs=; *ret_rootfs is set for the latter. */
static char *find_image(Quadlet *q, char **ret_rootfs) {
        g_autofree char *image = quadlet_string(q, "Image");
        *ret_rootfs = quadlet_string(q, "Rootfs");
        if (!image && !*ret_rootfs)
                quadlet_error(q, NULL, "missing-key",
                              "add Image=", "no Image or Rootfs key specified");
        else if (image && *ret_rootfs)
                quadlet_error(q, quadlet_line(q, "Rootfs"), "conflicting-keys",
                              "remove one of them",
                              "the Image And Rootfs keys conflict can not be specified together");
        return image ? reference_image(q, image, quadlet_line(q, "Image")) : NULL;
}

static void add_stop(Quadlet *q, const char *name) {
        g_autoptr(GString) remove = command_new(q, "rm", "-v", "-f", "-i", name, NULL);
        service_add_command(q, "ExecStop", remove, false);
        service_add_command(q, "ExecStopPost", remove, true);
}

static void add_reload(Quadlet *q, const char *name) {
        const UnitLine *command_line = quadlet_line(q, "ReloadCmd");
        g_autofree char *signal = quadlet_string(q, "ReloadSignal");
        if (command_line && signal) {
                quadlet_error(q, quadlet_line(q, "ReloadSignal"), "conflicting-keys",
                              "remove one of them",
                              "ReloadCmd and ReloadSignal are mutually exclusive but both are set");
                return;
        }
        if (signal) {
                g_autoptr(GString) kill = command_new(q, "kill", "--signal", signal, name, NULL);
                service_add_command(q, "ExecReload", kill, false);
        } else if (command_line) {
                g_autoptr(GString) exec = command_new(q, "exec", name, NULL);
                command_add_values(exec, q, "ReloadCmd", NULL);
                service_add_command(q, "ExecReload", exec, false);
        }
}

static void add_cgroups(GString *command, Quadlet *q) {
        g_autofree char *mode = quadlet_string(q, "CgroupsMode");
        if (mode)
                command_add(command, "--cgroups", mode, NULL);
        else
                command_add(command, "--cgroups=split", NULL);
}

static void add_notify(GString *command, Quadlet *q, bool notify_type) {
        if (!notify_type)
                return;
        g_autofree char *text = quadlet_string(q, "Notify");
        const char *from = "conmon";
        if (text && g_ascii_strcasecmp(text, "healthy") == 0)
                from = "healthy";
        else if (quadlet_bool(q, "Notify", false))
                from = "container";
        g_autofree char *flag = g_strconcat("--sdnotify=", from, NULL);
        command_add(command, flag, "-d", NULL);
}

/* AddDevice=-/dev/x: only when it is there now. */
static void add_devices(GString *command, Quadlet *q) {
        g_autoptr(GPtrArray) values = quadlet_values(q, "AddDevice");
        for (guint i = 0; i < values->len; i++) {
                const char *device = quadlet_value_text(values, i);
                if (device[0] == '-') {
                        device++;
                        g_autofree char *path = g_strndup(device, strcspn(device, ":"));
                        if (access(path, F_OK) < 0)
                                continue;
                }
                command_add(command, "--device", device, NULL);
        }
}

static void add_volatile_tmp(GString *command, Quadlet *q) {
        if (quadlet_bool(q, "VolatileTmp", false) && !quadlet_bool(q, "ReadOnly", false))
                command_add(command, "--tmpfs", "/tmp:rw,size=512M,mode=1777", NULL);
}

static void add_user(GString *command, Quadlet *q) {
        g_autofree char *user = quadlet_string(q, "User");
        g_autofree char *group = quadlet_string(q, "Group");
        if (group && !user) {
                quadlet_error(q, quadlet_line(q, "Group"), "missing-key",
                              "add User=", "invalid Group set without User");
                return;
        }
        g_autofree char *both = group ? g_strconcat(user, ":", group, NULL) : g_strdup(user);
        if (both)
                command_add(command, "--user", both, NULL);
}

/* N, N-M, N/tcp, N/udp, N/sctp */
static bool is_port_range(const char *text) {
        size_t n = strspn(text, "0123456789");
        if (n == 0 || n > 5)
                return false;
        if (text[n] == '-') {
                size_t m = strspn(text + n + 1, "0123456789");
                if (m == 0 || m > 5)
                        return false;
                n += 1 + m;
        }
        return text[n] == '\0' || strcmp(text + n, "/tcp") == 0 || strcmp(text + n, "/udp") == 0 ||
               strcmp(text + n, "/sctp") == 0;
}

static void check_exposed(Quadlet *q) {
        g_autoptr(GPtrArray) values = quadlet_values(q, "ExposeHostPort");
        for (guint i = 0; i < values->len; i++) {
                const QuadletValue *value = values->pdata[i];
                if (!is_port_range(value->text))
                        quadlet_error(q, value->line, "invalid-value",
                                      "write a port such as 80, 8000-8010 or 53/udp",
                                      "invalid port format '%s'", value->text);
        }
}

static void add_environment_files(GString *command, Quadlet *q) {
        g_autoptr(GPtrArray) values = quadlet_values(q, "EnvironmentFile");
        for (guint i = 0; i < values->len; i++) {
                const char *text = quadlet_value_text(values, i);
                g_autofree char *path = quadlet_absolute_path(q, text);
                command_add(command, "--env-file", path ? path : text, NULL);
        }
}

static void add_options(GString *run, Quadlet *q, bool notify_type) {
        command_add_group(run, q, GROUP_LOG);
        add_cgroups(run, q);
        command_add_group(run, q, GROUP_SINGLE);
        command_add_group(run, q, GROUP_LIST);
        command_add_group(run, q, GROUP_BOOL);
        reference_add_networks(run, q);
        add_notify(run, q, notify_type);
        command_add_group(run, q, GROUP_SECURITY);
        add_devices(run, q);
        command_add_group(run, q, GROUP_RIGHTS);
        add_volatile_tmp(run, q);
        add_user(run, q);
        userns_add(run, q);
        reference_add_volumes(run, q);
        check_exposed(q);
        command_add_group(run, q, GROUP_PORTS);
        socket_add_ports(run, q);
        command_add_group(run, q, GROUP_PAIRS);
        command_add_group(run, q, GROUP_MASKS);
        add_environment_files(run, q);
        command_add_group(run, q, GROUP_SECRETS);
        reference_add_mounts(run, q);
        command_add_group(run, q, GROUP_HEALTH);
        reference_add_pod(run, q);
        command_add_values(run, q, "PodmanArgs", NULL);
}

void container_convert(Quadlet *q) {
        g_autofree char *rootfs = NULL;
        g_autofree char *image = find_image(q, &rootfs);
        const char *name = q->resource;

        bool notify_type = service_notify_type(q);
        add_stop(q, name);
        add_reload(q, name);
        service_add(q, "Service", "Delegate", "yes");
        service_default(q, "Service", "SyslogIdentifier", "%N");

        g_autoptr(GString) run = command_new(q, "run", "--name", name, "--replace", "--rm", NULL);
        add_options(run, q, notify_type);
        if (rootfs)
                command_add(run, "--rootfs", rootfs, NULL);
        else if (image)
                command_add(run, image, NULL);
        command_add_values(run, q, "Exec", NULL);
        service_add_command(q, "ExecStart", run, false);
        container_properties(q);
        socket_add_service(q);
}
