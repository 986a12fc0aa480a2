/* SPDX-License-Identifier: Apache-2.0 */
/* `inspect` of a container: the top level and the state. */
#include "cli/inspect-container.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/container-flags.h"
#include "cli/container-json.h"
#include "cli/container-mounts.h"
#include "cli/health-json.h"
#include "cli/network-json.h"
#include "cli/options.h"
#include "cli/tree-size.h"
#include "runtime/mount-point.h"

#define NO_TIME "0001-01-01T00:00:00Z" /* Go's zero time */

static void set_text(JsonObject *object, const char *name, const char *value) {
        json_object_set_string_member(object, name, value ? value : "");
}

static JsonObject *state_json(Runtime *runtime, const ContainerRecord *record) {
        JsonObject *state = json_object_new();
        ContainerStatus status = record_status(record);
        bool running = status == CONTAINER_RUNNING;
        bool paused = record_is_paused(record);
        g_autofree char *started = text_format_time(record->started_nsec);
        g_autofree char *finished = text_format_time(record->finished_nsec);
        set_text(state, "OciVersion", OCI_SPEC_VERSION);
        set_text(state, "Status", container_state_text(record));
        json_object_set_boolean_member(state, "Running", running && !paused);
        json_object_set_boolean_member(state, "Paused", paused);
        json_object_set_boolean_member(state, "Restarting", FALSE);
        json_object_set_boolean_member(state, "OOMKilled", record->oom_killed);
        json_object_set_boolean_member(state, "Dead", FALSE);
        json_object_set_int_member(state, "Pid", running ? record->pid : 0);
        json_object_set_int_member(state, "ConmonPid", 0); /* there is none */
        json_object_set_int_member(state, "ExitCode", container_exit_code(record));
        set_text(state, "Error", "");
        set_text(state, "StartedAt", record->started_nsec ? started : NO_TIME);
        set_text(state, "FinishedAt", record->finished_nsec ? finished : NO_TIME);
        health_add_state(runtime, record, state);
        set_text(state, "CgroupPath", record->cgroup);
        set_text(state, "CheckpointedAt", NO_TIME);
        set_text(state, "RestoredAt", NO_TIME);
        return state;
}

static gint compare_texts(gconstpointer a, gconstpointer b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static JsonArray *capability_names(uint64_t set) {
        JsonArray *array = json_array_new();
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (int i = 0; i < oci_capability_count(); i++)
                if (set & (UINT64_C(1) << i))
                        g_ptr_array_add(names, (char *) oci_capability_to_text(i));
        g_ptr_array_sort(names, compare_texts);
        for (guint i = 0; i < names->len; i++)
                json_array_add_string_element(array, names->pdata[i]);
        return array;
}

static JsonObject *driver_json(const Inspected *in) {
        JsonObject *driver = json_object_new(), *data = json_object_new();
        g_autofree char *path = record_data_path(in->runtime->records, in->record);
        g_autofree char *upper = g_build_filename(path, "upper", NULL);
        g_autofree char *work = g_build_filename(path, "work", NULL);
        g_autoptr(StoreImage) image = NULL;
        g_auto(GStrv) layers = NULL;
        if (in->record->image_id &&
            store_image_find(in->runtime->store, in->record->image_id, &image, NULL) &&
            store_image_layer_paths(in->runtime->store, image, &layers, NULL)) {
                g_autofree char *lower = g_strjoinv(":", layers);
                set_text(data, "LowerDir", lower);
        }
        g_autofree char *merged = mount_point_path(in->runtime, in->record);
        if (mount_point_is_mounted(merged))
                set_text(data, "MergedDir", merged);
        set_text(data, "UpperDir", upper);
        set_text(data, "WorkDir", work);
        set_text(driver, "Name", "overlay");
        json_object_set_object_member(driver, "Data", data);
        return driver;
}

static void set_image(const Inspected *in, JsonObject *object) {
        g_autoptr(StoreImage) image = NULL;
        if (in->record->image_id)
                (void) store_image_find(in->runtime->store, in->record->image_id, &image, NULL);
        set_text(object, "Image", in->record->image_id);
        set_text(object, "ImageDigest", image ? image->digest : NULL);
        set_text(object, "ImageName", in->record->image);
        set_text(object, "Rootfs", in->record->image_id ? NULL : in->spec->root_path);
}

static void set_paths(const Inspected *in, JsonObject *object) {
        static const struct {
                const char *field, *file;
        } rows[] = { { "ResolvConfPath", "resolv.conf" },
                     { "HostnamePath", "hostname" },
                     { "HostsPath", "hosts" },
                     { "StaticDir", "" },
                     { "OCIConfigPath", "config.json" } };
        g_autofree char *run_path = record_run_path(in->runtime->records, in->record);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *path =
                                *rows[i].file ? g_build_filename(run_path, rows[i].file, NULL)
                                              : g_strdup(run_path);
                set_text(object, rows[i].field, path);
        }
        set_text(object, "OCIRuntime", "berth");
        set_text(object, "ConmonPidFile", in->record->conmon_pid_file);
        set_text(object, "PidFile", in->record->pid_file);
}

static JsonObject *build(const Inspected *in) {
        const ContainerRecord *record = in->record;
        JsonObject *object = json_object_new();
        g_autofree char *created = text_format_time(record->created_nsec);
        set_text(object, "Id", record->id);
        set_text(object, "Created", created);
        set_text(object, "Path", in->spec->args ? in->spec->args[0] : "");
        json_set_strings(
                        object, "Args",
                        in->spec->args && in->spec->args[0]
                                        ? (const char *const *) in->spec->args + 1
                                        : NULL);
        json_object_set_object_member(object, "State", state_json(in->runtime, record));
        set_image(in, object);
        set_text(object, "Pod", record->pod);
        set_paths(in, object);
        set_text(object, "Name", record->name);
        json_object_set_int_member(object, "RestartCount", 0);
        set_text(object, "Driver", "overlay");
        set_text(object, "MountLabel", in->spec->mount_label);
        set_text(object, "ProcessLabel", in->spec->selinux_label);
        set_text(object, "AppArmorProfile", in->spec->apparmor_profile);
        json_object_set_array_member(
                        object, "EffectiveCaps",
                        capability_names(in->spec->capabilities[OCI_CAPABILITY_EFFECTIVE]));
        json_object_set_array_member(
                        object, "BoundingCaps",
                        capability_names(in->spec->capabilities[OCI_CAPABILITY_BOUNDING]));
        json_object_set_array_member(object, "ExecIDs", json_array_new());
        json_object_set_object_member(object, "GraphDriver", driver_json(in));
        json_object_set_array_member(object, "Mounts", container_mounts_json(in->mounts));
        json_set_strings(object, "Dependencies", (const char *const *) record->requires);
        json_object_set_object_member(
                        object, "NetworkSettings", network_settings_json(in->runtime, in->record));
        set_text(object, "Namespace", "");
        json_object_set_boolean_member(object, "IsInfra", FALSE);
        json_object_set_boolean_member(object, "IsService", FALSE);
        set_text(object, "Unit", record->unit);
        json_object_set_object_member(object, "Config", inspect_config_json(in));
        json_object_set_object_member(object, "HostConfig", inspect_host_config_json(in));
        return object;
}

/* The flags, read again from the command line that made it: there is no second copy of what was
 * asked for. */
void container_read_flags(
                const ContainerRecord *record, ContainerOptions *options, JsonNode **ret_command) {
        static const OptionTable table = {
                .rows = container_flag_rows,
                .stop_at_operand = true,
                .operands_max = -1,
        };
        container_options_init(options);
        const char *text = record->create_command;
        g_auto(GStrv) argv = NULL;
        JsonObject *object;
        if (!text ||
            !json_parse_object(
                            text, strlen(text), 4u << 20, "create command", ret_command, &object,
                            NULL) ||
            !json_get_strings(object, "argv", &argv, NULL) || !argv)
                return;
        int argc = (int) g_strv_length(argv);
        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "run") != 0 && strcmp(argv[i], "create") != 0)
                        continue;
                g_autofree char **operands = NULL;
                (void) options_parse(/* it was parsed before */
                                     &table, argc - i, argv + i, options, &operands, NULL);
                return;
        }
}

JsonObject *
container_inspect_json(Runtime *runtime, const ContainerRecord *record, GError **error) {
        g_autoptr(OciSpec) spec = record_load_spec(runtime->records, record, error);
        if (!spec)
                return NULL;
        g_auto(ContainerOptions) options;
        g_autoptr(JsonNode) command = NULL;
        container_read_flags(record, &options, &command);
        g_autoptr(GPtrArray) mounts = container_mounts_of_spec(runtime, record, spec);
        Inspected in = {
                .runtime = runtime,
                .record = record,
                .spec = spec,
                .options = &options,
                .mounts = mounts,
                .create_command = command ? json_object_get_array_member(
                                                            json_node_get_object(command), "argv")
                                          : NULL,
        };
        return build(&in);
}
