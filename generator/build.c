/* SPDX-License-Identifier: Apache-2.0 */
/* .build -> `berth build` */
#include <string.h>

#include "generator/command.h"
#include "generator/convert.h"
#include "generator/reference.h"
#include "generator/service.h"

static bool is_fixed(const char *path) {
        return path[0] == '/' || (path[0] == '%' && path[1] != '%') || quadlet_is_url(path);
}

static char *working_directory(const Quadlet *q) {
        const UnitLine *line = unit_file_last(q->unit, "Service", "WorkingDirectory");
        return line && line->value[0] ? g_strdup(line->value) : NULL;
}

static void set_working_directory(Quadlet *q, const char *path) {
        g_autofree char *present = working_directory(q);
        if (!present)
                unit_file_set(q->unit, "Service", "WorkingDirectory", path);
}

static void directory_of_file(Quadlet *q, const char *file) {
        const UnitLine *line = quadlet_line(q, "SetWorkingDirectory");
        if (!file) {
                quadlet_error(q, line, "missing-key",
                              "add File=", "SetWorkingDirectory=file needs the key File");
                return;
        }
        if (quadlet_is_url(file)) {
                quadlet_error(q, line, "conflicting-keys", NULL,
                              "SetWorkingDirectory=file needs a File on this host");
                return;
        }
        g_autofree char *absolute = quadlet_absolute_path(q, file);
        g_autofree char *folder = g_path_get_dirname(absolute ? absolute : file);
        set_working_directory(q, folder);
}

/* SetWorkingDirectory=: a folder by name, or the context itself. Gives the context, or NULL. */
static char *apply_set_working_directory(Quadlet *q, const char *value, const char *file) {
        if (g_ascii_strcasecmp(value, "unit") == 0)
                set_working_directory(q, q->base);
        else if (g_ascii_strcasecmp(value, "file") == 0)
                directory_of_file(q, file);
        else if (g_ascii_strcasecmp(value, "yaml") == 0)
                quadlet_error(q, quadlet_line(q, "SetWorkingDirectory"), "invalid-value",
                              "use 'unit' or 'file'",
                              "SetWorkingDirectory=%s is only supported in .kube files", value);
        else if (is_fixed(value))
                return g_strdup(value);
        else {
                g_autofree char *present = working_directory(q);
                if (present)
                        return NULL; /* what the user set in [Service] is the context */
                set_working_directory(q, q->base);
                return g_strdup(value);
        }
        return NULL;
}

/* The last word of the command, or NULL for none. */
static char *find_context(Quadlet *q, const char *file) {
        g_autofree char *set = quadlet_string(q, "SetWorkingDirectory");
        g_autofree char *given = working_directory(q);
        if (!set && !file && !given) {
                quadlet_error(q, NULL, "missing-key", "add File= or SetWorkingDirectory=",
                              "neither SetWorkingDirectory, nor File keys specified");
                return NULL;
        }
        unsigned int before = q->diagnostics->n_errors;
        g_autofree char *context = set ? apply_set_working_directory(q, set, file) : NULL;
        if (context || q->diagnostics->n_errors > before)
                return g_steal_pointer(&context);
        if (file && is_fixed(file))
                return NULL;
        char *folder = working_directory(q);
        if (!folder)
                quadlet_error(q, quadlet_line(q, "File"), "missing-key",
                              "add SetWorkingDirectory=unit",
                              "relative path in File key requires SetWorkingDirectory key to be "
                              "set");
        return folder;
}

void build_convert(Quadlet *q) {
        if (!q->resource)
                quadlet_error(q, NULL, "missing-key", "add ImageTag=", "no ImageTag key specified");
        g_autofree char *file = quadlet_string(q, "File");
        g_autofree char *context = find_context(q, file);

        g_autoptr(GString) build = command_new(q, "build", NULL);
        command_add_group(build, q, GROUP_HEAD);
        command_add_group(build, q, GROUP_SINGLE);
        command_add_group(build, q, GROUP_BOOL);
        command_add_group(build, q, GROUP_LIST);
        command_add_group(build, q, GROUP_PAIRS);
        reference_add_networks(build, q);
        command_add_group(build, q, GROUP_SECRETS);
        reference_add_volumes(build, q);
        if (file)
                command_add(build, "--file", file, NULL);
        command_add_values(build, q, "PodmanArgs", NULL);
        command_add(build, context, NULL);
        service_add_command(q, "ExecStart", build, false);
        /* without RemainAfterExit=: it builds again whenever a unit that needs it starts */
        service_oneshot(q, false);
}
