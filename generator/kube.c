/* SPDX-License-Identifier: Apache-2.0 */
/* .kube -> `berth kube play` and down */
#include <string.h>

#include "generator/command.h"
#include "generator/convert.h"
#include "generator/reference.h"
#include "generator/service.h"
#include "generator/userns.h"

/* Yaml=, ConfigMap=: relative to the unit file. Caller unrefs. */
static GPtrArray *absolute_paths(Quadlet *q, const char *key) {
        GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GPtrArray) values = quadlet_values(q, key);
        for (guint i = 0; i < values->len; i++) {
                const char *text = quadlet_value_text(values, i);
                char *path = quadlet_is_url(text) ? NULL : quadlet_absolute_path(q, text);
                g_ptr_array_add(paths, path ? path : g_strdup(text));
        }
        return paths;
}

static void add_all(GString *command, const GPtrArray *words, const char *flag) {
        for (guint i = 0; i < words->len; i++) {
                if (flag)
                        command_add(command, flag, NULL);
                command_add(command, words->pdata[i], NULL);
        }
}

/* AutoUpdate=POLICY for all containers, or NAME/POLICY for one. */
static void add_auto_update(GString *play, Quadlet *q) {
        g_autoptr(GPtrArray) values = quadlet_values(q, "AutoUpdate");
        for (guint i = 0; i < values->len; i++) {
                const char *text = quadlet_value_text(values, i);
                const char *slash = strchr(text, '/');
                g_autofree char *flag =
                                slash ? g_strdup_printf("--annotation=io.containers.autoupdate/"
                                                        "%.*s=%s",
                                                        (int) (slash - text), text, slash + 1)
                                      : g_strconcat("--annotation=io.containers.autoupdate=", text,
                                                    NULL);
                command_add(play, flag, NULL);
        }
}

static void set_working_directory(Quadlet *q, const GPtrArray *yaml) {
        g_autofree char *value = quadlet_string(q, "SetWorkingDirectory");
        const UnitLine *line = quadlet_line(q, "SetWorkingDirectory");
        if (!value)
                return;
        g_autofree char *folder = NULL;
        if (g_ascii_strcasecmp(value, "unit") == 0)
                folder = g_strdup(q->base);
        else if (g_ascii_strcasecmp(value, "yaml") != 0)
                quadlet_error(q, line, "invalid-value", "use 'yaml' or 'unit'",
                              "unsupported value for SetWorkingDirectory: %s", value);
        else if (yaml->len > 1)
                quadlet_error(q, line, "conflicting-keys", "use 'unit'",
                              "SetWorkingDirectory=yaml takes a single Yaml file");
        else if (yaml->len == 1 && !quadlet_is_url(yaml->pdata[0]))
                folder = g_path_get_dirname(yaml->pdata[0]);
        const UnitLine *given = unit_file_last(q->unit, "Service", "WorkingDirectory");
        if (folder && !(given && given->value[0]))
                unit_file_set(q->unit, "Service", "WorkingDirectory", folder);
}

static void add_down(Quadlet *q, const GPtrArray *yaml) {
        g_autoptr(GString) down = command_new(q, "kube", "down", NULL);
        if (quadlet_has(q, "KubeDownForce"))
                command_add(down,
                            quadlet_bool(q, "KubeDownForce", false) ? "--force" : "--force=false",
                            NULL);
        add_all(down, yaml, NULL);
        service_add_command(q, "ExecStopPost", down, false);
}

void kube_convert(Quadlet *q) {
        g_autoptr(GPtrArray) yaml = absolute_paths(q, "Yaml");
        if (yaml->len == 0) {
                quadlet_error(q, NULL, "missing-key", "add Yaml=", "no Yaml key specified");
                return;
        }
        (void) service_notify_type(q);
        service_default(q, "Service", "SyslogIdentifier", "%N");
        g_autoptr(GString) play = command_new(
                        q, "kube", "play", "--replace", "--service-container=true", NULL);
        command_add_group(play, q, GROUP_HEAD);
        command_add_group(play, q, GROUP_LOG);
        userns_add(play, q);
        reference_add_networks(play, q);
        add_auto_update(play, q);
        g_autoptr(GPtrArray) config_maps = absolute_paths(q, "ConfigMap");
        add_all(play, config_maps, "--configmap");
        command_add_group(play, q, GROUP_PORTS);
        command_add_values(play, q, "PodmanArgs", NULL);
        add_all(play, yaml, NULL);
        service_add_command(q, "ExecStart", play, false);
        add_down(q, yaml);
        set_working_directory(q, yaml);
}
