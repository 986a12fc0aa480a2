/* SPDX-License-Identifier: Apache-2.0 */
/* Containers as JSON. */
#include "cli/container-json.h"

#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/network-json.h"

const char *container_status_text(ContainerStatus status) {
        static const char *const texts[] = {
                [CONTAINER_CREATED] = "created",
                [CONTAINER_RUNNING] = "running",
                [CONTAINER_EXITED] = "exited",
        };
        return texts[status];
}

int container_exit_code(const ContainerRecord *record) {
        return record->has_exit_code ? record->exit_code : 0;
}

static char *status_words(const ContainerRecord *record, ContainerStatus status) {
        int64_t now = (int64_t) time(NULL);
        if (status == CONTAINER_CREATED)
                return g_strdup("Created");
        if (status == CONTAINER_RUNNING) {
                g_autofree char *span = text_format_span(now - record->started_nsec / 1000000000);
                return g_strconcat("Up ", span, NULL);
        }
        g_autofree char *ago = text_format_ago(record->finished_nsec / 1000000000, now);
        return g_strdup_printf("Exited (%d) %s", container_exit_code(record), ago);
}

static void set_text(JsonObject *object, const char *name, const char *value) {
        json_object_set_string_member(object, name, value ? value : "");
}

JsonObject *container_ps_json(const ContainerRecord *record) {
        JsonObject *object = json_object_new();
        ContainerStatus status = record_status(record);
        g_autofree char *words = status_words(record, status);
        g_autofree char *created = text_format_time(record->created_nsec);
        g_autofree char *ago =
                        text_format_ago(record->created_nsec / 1000000000, (int64_t) time(NULL));
        const char *const names[] = { record->name, NULL };
        json_object_set_boolean_member(object, "AutoRemove", record->remove);
        json_set_strings(object, "Command", (const char *const *) record->command);
        set_text(object, "CreatedAt", ago);
        json_object_set_int_member(object, "Created", record->created_nsec / 1000000000);
        json_object_set_boolean_member(object, "Exited", status == CONTAINER_EXITED);
        json_object_set_int_member(object, "ExitedAt", record->finished_nsec / 1000000000);
        json_object_set_int_member(object, "ExitCode", container_exit_code(record));
        set_text(object, "Id", record->id);
        set_text(object, "Image", record->image);
        set_text(object, "ImageID", record->image_id);
        json_set_strings(object, "Names", names);
        json_object_set_int_member(object, "Pid", status == CONTAINER_RUNNING ? record->pid : 0);
        json_object_set_int_member(object, "StartedAt", record->started_nsec / 1000000000);
        set_text(object, "State", container_status_text(status));
        set_text(object, "Status", words);
        set_text(object, "Unit", record->unit);
        json_set_string_map(object, "Labels", record->labels);
        network_add_ps_members(object, record);
        return object;
}

static JsonObject *state_json(const ContainerRecord *record) {
        JsonObject *state = json_object_new();
        ContainerStatus status = record_status(record);
        g_autofree char *started = text_format_time(record->started_nsec);
        g_autofree char *finished = text_format_time(record->finished_nsec);
        set_text(state, "OciVersion", OCI_SPEC_VERSION);
        set_text(state, "Status", container_status_text(status));
        json_object_set_boolean_member(state, "Running", status == CONTAINER_RUNNING);
        json_object_set_int_member(state, "Pid", status == CONTAINER_RUNNING ? record->pid : 0);
        json_object_set_int_member(state, "ExitCode", container_exit_code(record));
        set_text(state, "StartedAt", record->started_nsec ? started : "0001-01-01T00:00:00Z");
        set_text(state, "FinishedAt", record->finished_nsec ? finished : "0001-01-01T00:00:00Z");
        set_text(state, "CgroupPath", record->cgroup);
        return state;
}

static JsonObject *config_json(const ContainerRecord *record, const OciSpec *spec) {
        JsonObject *config = json_object_new();
        g_autofree char *user = g_strdup_printf("%u:%u", spec->uid, spec->gid);
        set_text(config, "Hostname", spec->hostname);
        set_text(config, "User", user);
        json_object_set_boolean_member(config, "Tty", spec->terminal);
        json_set_strings(config, "Env", (const char *const *) spec->env);
        json_set_strings(config, "Cmd", (const char *const *) record->command);
        set_text(config, "Image", record->image);
        set_text(config, "WorkingDir", spec->cwd);
        json_set_string_map(config, "Labels", record->labels);
        json_set_string_map(config, "Annotations", spec->annotations);
        json_object_set_int_member(config, "StopSignal", record->stop_signal);
        JsonObject *exposed = network_exposed_json(record);
        if (exposed)
                json_object_set_object_member(config, "ExposedPorts", exposed);
        json_object_set_int_member(config, "StopTimeout", record->stop_timeout_sec);
        g_autofree char *umask_text = g_strdup_printf("%04o", spec->umask);
        set_text(config, "Umask", umask_text);
        return config;
}

static JsonArray *mounts_json(const OciSpec *spec) {
        JsonArray *mounts = json_array_new();
        for (guint i = 0; i < spec->mounts->len; i++) {
                const OciMount *m = spec->mounts->pdata[i];
                if (strcmp(m->type, "bind") != 0)
                        continue;
                JsonObject *object = json_object_new();
                bool volume = g_str_has_suffix(m->source, "/_data");
                set_text(object, "Type", volume ? "volume" : "bind");
                set_text(object, "Source", m->source);
                set_text(object, "Destination", m->destination);
                json_object_set_boolean_member(
                                object, "RW",
                                !g_strv_contains((const char *const *) m->options, "ro"));
                json_set_strings(object, "Options", (const char *const *) m->options);
                json_array_add_object_element(mounts, object);
        }
        return mounts;
}

static JsonObject *host_config_json(const ContainerRecord *record, const OciSpec *spec) {
        JsonObject *host = json_object_new();
        JsonObject *log = json_object_new();
        set_text(log, "Type", record->log_driver);
        set_text(log, "Tag", record->log_tag);
        json_object_set_object_member(host, "LogConfig", log);
        json_object_set_boolean_member(host, "AutoRemove", record->remove);
        json_object_set_boolean_member(host, "ReadonlyRootfs", spec->root_readonly);
        set_text(host, "NetworkMode", record->network);
        json_object_set_object_member(host, "PortBindings", network_bindings_json(record));
        return host;
}

JsonObject *
container_inspect_json(Runtime *runtime, const ContainerRecord *record, GError **error) {
        g_autoptr(OciSpec) spec = record_load_spec(runtime->records, record, error);
        if (!spec)
                return NULL;
        JsonObject *object = json_object_new();
        g_autofree char *created = text_format_time(record->created_nsec);
        g_autofree char *run_path = record_run_path(runtime->records, record);
        g_autofree char *config_path = g_build_filename(run_path, "config.json", NULL);
        set_text(object, "Id", record->id);
        set_text(object, "Created", created);
        set_text(object, "Path", record->command ? record->command[0] : "");
        json_set_strings(
                        object, "Args",
                        record->command ? (const char *const *) record->command + 1 : NULL);
        json_object_set_object_member(object, "State", state_json(record));
        set_text(object, "Image", record->image_id);
        set_text(object, "ImageName", record->image);
        set_text(object, "Name", record->name);
        set_text(object, "Unit", record->unit);
        set_text(object, "OCIConfigPath", config_path);
        json_object_set_array_member(object, "Mounts", mounts_json(spec));
        json_object_set_object_member(object, "Config", config_json(record, spec));
        json_object_set_object_member(object, "HostConfig", host_config_json(record, spec));
        json_object_set_object_member(object, "NetworkSettings", network_settings_json(record));
        return object;
}
