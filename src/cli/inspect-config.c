/* SPDX-License-Identifier: Apache-2.0 */
/* `inspect` of a container: Config, what is inside. */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/health-json.h"
#include "cli/inspect-container.h"
#include "cli/network-json.h"

static void set_text(JsonObject *object, const char *name, const char *value) {
        json_object_set_string_member(object, name, value ? value : "");
}

/* null when there is nothing, as Go's nil maps and slices. */
static void set_map(JsonObject *object, const char *name, GHashTable *map) {
        if (map && g_hash_table_size(map) > 0)
                json_set_string_map(object, name, map);
        else
                json_object_set_null_member(object, name);
}

static void set_list(JsonObject *object, const char *name, const char *const *list) {
        if (list && list[0])
                json_set_strings(object, name, list);
        else
                json_object_set_null_member(object, name);
}

/* Entrypoint and Cmd, told apart by the flags and the image: the runtime configuration has only
 * the words one after the other. */
static void set_command(const Inspected *in, JsonObject *config) {
        const char *const *words = (const char *const *) in->record->command;
        const char *text = in->options->entrypoint;
        guint n_entry = 0;
        if (text && *text)
                n_entry = *text == '[' ? 0 : 1;
        if (n_entry > 0 && words && words[0]) {
                const char *const entry[] = { words[0], NULL };
                json_set_strings(config, "Entrypoint", entry);
                set_list(config, "Cmd", words + 1);
        } else {
                json_object_set_null_member(config, "Entrypoint");
                set_list(config, "Cmd", words);
        }
}

JsonObject *inspect_config_json(const Inspected *in) {
        const ContainerRecord *record = in->record;
        const ContainerOptions *o = in->options;
        JsonObject *config = json_object_new();
        g_autofree char *umask_text = g_strdup_printf("%04o", in->spec->umask);
        g_autofree char *signal = text_format_signal(record->stop_signal);
        set_text(config, "Hostname", in->spec->hostname);
        set_text(config, "Domainname", in->spec->domainname);
        set_text(config, "User", o->user ? o->user : "");
        json_object_set_boolean_member(config, "AttachStdin", FALSE);
        json_object_set_boolean_member(config, "AttachStdout", FALSE);
        json_object_set_boolean_member(config, "AttachStderr", FALSE);
        json_object_set_boolean_member(config, "Tty", in->spec->terminal);
        json_object_set_boolean_member(config, "OpenStdin", o->interactive);
        json_object_set_boolean_member(config, "StdinOnce", FALSE);
        json_set_strings(config, "Env", (const char *const *) in->spec->env);
        set_command(in, config);
        set_text(config, "Image", record->image);
        JsonObject *exposed = network_exposed_json(record);
        if (exposed)
                json_object_set_object_member(config, "ExposedPorts", exposed);
        json_object_set_null_member(config, "Volumes");
        set_text(config, "WorkingDir", in->spec->cwd);
        json_object_set_null_member(config, "OnBuild");
        set_map(config, "Labels", record->labels);
        set_map(config, "Annotations", in->spec->annotations);
        set_text(config, "StopSignal", signal);
        if (in->create_command)
                json_object_set_array_member(
                                config, "CreateCommand", json_array_ref(in->create_command));
        if (o->timezone)
                set_text(config, "Timezone", o->timezone);
        set_text(config, "Umask", umask_text);
        json_object_set_int_member(config, "Timeout", record->timeout_sec);
        json_object_set_int_member(config, "StopTimeout", record->stop_timeout_sec);
        json_object_set_boolean_member(config, "Passwd", o->passwd != 0);
        health_add_config(record, config);
        set_text(config, "sdNotifyMode", record->sdnotify ? record->sdnotify : "container");
        return config;
}
