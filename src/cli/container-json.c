/* SPDX-License-Identifier: Apache-2.0 */
/* Containers as `ps` lists them. */
#include "cli/container-json.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/container-mounts.h"
#include "cli/health-json.h"
#include "cli/network-json.h"
#include "cli/tree-size.h"
#include "runtime/pod.h"

#define ZERO_TIME_SEC (-62135596800) /* Go's zero time, what Podman gives for none */

const char *container_state_text(const ContainerRecord *record) {
        static const char *const texts[] = {
                [CONTAINER_CREATED] = "created",
                [CONTAINER_RUNNING] = "running",
                [CONTAINER_EXITED] = "exited",
        };
        if (record->initialized && record_status(record) != CONTAINER_RUNNING)
                return "initialized";
        return record_is_paused(record) ? "paused" : texts[record_status(record)];
}

int container_exit_code(const ContainerRecord *record) {
        return record->has_exit_code ? record->exit_code : 0;
}

static char *status_words(Runtime *runtime, const ContainerRecord *record, ContainerStatus status) {
        int64_t now = (int64_t) time(NULL);
        if (record->initialized && status != CONTAINER_RUNNING)
                return g_strdup("Initialized");
        if (status == CONTAINER_CREATED)
                return g_strdup("Created");
        if (status == CONTAINER_RUNNING) {
                g_autofree char *span = text_format_span(now - record->started_nsec / 1000000000);
                const char *health = health_text(runtime, record);
                if (record_is_paused(record))
                        return g_strconcat("Up ", span, " (Paused)", NULL);
                return health ? g_strdup_printf("Up %s (%s)", span, health)
                              : g_strconcat("Up ", span, NULL);
        }
        g_autofree char *ago = text_format_ago(record->finished_nsec / 1000000000, now);
        return g_strdup_printf("Exited (%d) %s", container_exit_code(record), ago);
}

static void set_text(JsonObject *object, const char *name, const char *value) {
        json_object_set_string_member(object, name, value ? value : "");
}

static int64_t seconds(int64_t nsec) {
        return nsec ? nsec / 1000000000 : ZERO_TIME_SEC;
}

static void set_labels(JsonObject *object, GHashTable *labels) {
        if (labels && g_hash_table_size(labels) > 0)
                json_set_string_map(object, "Labels", labels);
        else
                json_object_set_object_member(object, "Labels", json_object_new());
}

static JsonArray *mount_points(Runtime *runtime, const ContainerRecord *record) {
        JsonArray *array = json_array_new();
        g_autoptr(GPtrArray) mounts = container_mounts(runtime, record, NULL);
        for (guint i = 0; mounts && i < mounts->len; i++)
                json_array_add_string_element(
                                array, ((ContainerMount *) mounts->pdata[i])->destination);
        return array;
}

JsonObject *container_ps_json(Runtime *runtime, const ContainerRecord *record) {
        JsonObject *object = json_object_new();
        ContainerStatus status = record_status(record);
        g_autofree char *words = status_words(runtime, record, status);
        g_autofree char *ago =
                        text_format_ago(record->created_nsec / 1000000000, (int64_t) time(NULL));
        const char *const names[] = { record->name, NULL };
        json_object_set_boolean_member(object, "AutoRemove", record->remove);
        json_set_strings(object, "Command", (const char *const *) record->command);
        set_text(object, "CreatedAt", ago);
        set_text(object, "CIDFile", "");
        json_object_set_boolean_member(object, "Exited", status == CONTAINER_EXITED);
        json_object_set_int_member(object, "ExitedAt", seconds(record->finished_nsec));
        json_object_set_int_member(object, "ExitCode", container_exit_code(record));
        set_text(object, "Id", record->id);
        set_text(object, "Image", record->image);
        set_text(object, "ImageID", record->image_id);
        json_object_set_boolean_member(object, "IsInfra", FALSE);
        set_labels(object, record->labels);
        json_object_set_array_member(object, "Mounts", mount_points(runtime, record));
        json_set_strings(object, "Names", names);
        json_object_set_object_member(object, "Namespaces", json_object_new());
        json_object_set_int_member(object, "Pid", status == CONTAINER_RUNNING ? record->pid : 0);
        g_autoptr(Pod) pod = record->pod ? pod_find(runtime->records, record->pod, NULL) : NULL;
        set_text(object, "Pod", record->pod);
        set_text(object, "PodName", pod ? pod->name : NULL);
        json_object_set_int_member(object, "Restarts", 0);
        json_object_set_null_member(object, "Size");
        json_object_set_int_member(object, "StartedAt", seconds(record->started_nsec));
        set_text(object, "State", container_state_text(record));
        set_text(object, "Status", words);
        json_object_set_int_member(object, "Created", record->created_nsec / 1000000000);
        set_text(object, "Unit", record->unit);
        network_add_ps_members(object, record);
        return object;
}

static char *joined(JsonArray *array) {
        GString *text = g_string_new(NULL);
        for (guint i = 0; array && i < json_array_get_length(array); i++)
                g_string_append_printf(
                                text, "%s%s", i > 0 ? "," : "",
                                json_array_get_string_element(array, i));
        return g_string_free(text, FALSE);
}

void container_ps_show_lists(const ContainerRecord *record, JsonObject *json) {
        g_autofree char *mounts = joined(json_object_get_array_member(json, "Mounts"));
        g_autofree char *networks = network_names_text(record);
        g_autofree char *ports = network_ports_text(record);
        set_text(json, "Mounts", mounts);
        set_text(json, "Networks", networks);
        set_text(json, "Ports", ports);
        set_text(json, "Size", "");
        json_object_set_object_member(
                        json, "Label",
                        json_object_ref(json_object_get_object_member(json, "Labels")));
}

void container_sizes(
                Runtime *runtime,
                const ContainerRecord *record,
                uint64_t *ret_written,
                uint64_t *ret_all) {
        g_autofree char *data = record_data_path(runtime->records, record);
        g_autofree char *upper = g_build_filename(data, "upper", NULL);
        g_autoptr(StoreImage) image = NULL;
        uint64_t image_size = 0;
        if (record->image_id && store_image_find(runtime->store, record->image_id, &image, NULL))
                (void) store_image_size(runtime->store, image, &image_size, NULL);
        *ret_written = tree_size(upper);
        *ret_all = *ret_written + image_size;
}

void container_ps_add_size(Runtime *runtime, const ContainerRecord *record, JsonObject *json) {
        uint64_t written, with_image;
        container_sizes(runtime, record, &written, &with_image);
        g_autofree char *rw = text_format_size(written);
        g_autofree char *all = text_format_size(with_image);
        g_autofree char *text = g_strdup_printf("%s (virtual %s)", rw, all);
        set_text(json, "Size", text);
}

void container_ps_add_namespaces(const ContainerRecord *record, JsonObject *json) {
        static const struct {
                const char *field, *name;
        } rows[] = { { "CGROUPNS", "cgroup" }, { "IPC", "ipc" },   { "MNT", "mnt" },
                     { "NET", "net" },         { "PIDNS", "pid" }, { "USERNS", "user" },
                     { "UTS", "uts" } };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                char path[64], target[64] = "";
                snprintf(path, sizeof path, "/proc/%d/ns/%s", (int) record->pid, rows[i].name);
                ssize_t n = record_status(record) == CONTAINER_RUNNING
                                            ? readlink(path, target, sizeof target - 1)
                                            : 0;
                target[MAX(n, 0)] = '\0';
                const char *number = strchr(target, '[');
                g_autofree char *text =
                                number ? g_strndup(number + 1, strlen(number) - 2) : g_strdup("");
                set_text(json, rows[i].field, text);
        }
}
