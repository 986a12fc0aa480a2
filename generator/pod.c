/* SPDX-License-Identifier: Apache-2.0 */
/* .pod -> `berth pod create`, start, stop and rm */
#include "generator/command.h"
#include "generator/convert.h"
#include "generator/properties.h"
#include "generator/reference.h"
#include "generator/service.h"
#include "generator/userns.h"

#define STOP_TIMEOUT_DEFAULT "10"

static void add_create(Quadlet *q, const char *name) {
        g_autofree char *policy = quadlet_string(q, "ExitPolicy");
        g_autofree char *infra = g_strconcat(name, "-infra", NULL);
        g_autoptr(GString) create =
                        command_new(q, "pod", "create", "--infra-conmon-pidfile=%t/%N.pid",
                                    "--replace", "--exit-policy", policy ? policy : "stop", NULL);
        userns_add(create, q);
        command_add_group(create, q, GROUP_PORTS);
        command_add_group(create, q, GROUP_PAIRS);
        reference_add_networks(create, q);
        command_add_group(create, q, GROUP_SINGLE);
        command_add_group(create, q, GROUP_LIST);
        reference_add_volumes(create, q);
        command_add(create, "--infra-name", infra, "--name", name, NULL);
        command_add_values(create, q, "PodmanArgs", NULL);
        service_add_command(q, "ExecStartPre", create, false);
}

static void add_stop(Quadlet *q, const char *name) {
        g_autofree char *timeout = quadlet_string(q, "StopTimeout");
        g_autofree char *flag =
                        g_strconcat("--time=", timeout ? timeout : STOP_TIMEOUT_DEFAULT, NULL);
        g_autoptr(GString) stop = command_new(q, "pod", "stop", "--ignore", flag, name, NULL);
        service_add_command(q, "ExecStop", stop, false);
        g_autoptr(GString) remove = command_new(q, "pod", "rm", "--ignore", "--force", name, NULL);
        service_add_command(q, "ExecStopPost", remove, false);
        stop_timeout_property(q, timeout);
}

/* The pod brings its containers up behind it. */
static void add_members(Quadlet *q) {
        for (guint i = 0; i < q->pod_members->len; i++) {
                service_add(q, "Unit", "Wants", q->pod_members->pdata[i]);
                service_add(q, "Unit", "Before", q->pod_members->pdata[i]);
        }
}

void pod_convert(Quadlet *q) {
        const char *name = q->resource;
        add_members(q);
        service_default(q, "Service", "SyslogIdentifier", "%N");
        g_autoptr(GString) start = command_new(q, "pod", "start", name, NULL);
        service_add_command(q, "ExecStart", start, false);
        add_stop(q, name);
        add_create(q, name);
        service_add(q, "Service", "Environment", "PODMAN_SYSTEMD_UNIT=%n");
        unit_file_set(q->unit, "Service", "Type", "forking");
        service_default(q, "Service", "Restart", "on-failure");
        unit_file_set(q->unit, "Service", "PIDFile", "%t/%N.pid");
}
