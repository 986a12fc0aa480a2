/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes as verbs show them, and who uses them. */
#include "cli/volume-json.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/container-mounts.h"
#include "cli/volume-snapshot.h"

char *volumes_path_of(const Runtime *runtime) {
        return g_build_filename(store_graph_root(runtime->store), "volumes", NULL);
}

static void set_map(JsonObject *object, const char *name, GHashTable *map) {
        if (map)
                json_set_string_map(object, name, map);
        else
                json_object_set_object_member(object, name, json_object_new());
}

JsonObject *volume_json(const Volume *volume) {
        JsonObject *object = json_object_new();
        g_autofree char *created = text_format_time(volume->created_nsec);
        json_object_set_string_member(object, "Name", volume->name);
        json_object_set_string_member(object, "Driver", volume_image(volume) ? "image" : "local");
        json_object_set_string_member(object, "Mountpoint", volume->path);
        json_object_set_string_member(object, "CreatedAt", created);
        set_map(object, "Labels", volume->labels);
        json_object_set_string_member(object, "Scope", "local");
        set_map(object, "Options", volume->options);
        static const char *const owners[] = { "UID", "GID" };
        for (size_t i = 0; i < G_N_ELEMENTS(owners); i++) {
                const char *text = volume->options ? g_hash_table_lookup(volume->options, owners[i])
                                                   : NULL;
                if (text)
                        json_object_set_int_member(
                                        object, owners[i], g_ascii_strtoll(text, NULL, 10));
        }
        if (volume->anonymous)
                json_object_set_boolean_member(object, "Anonymous", TRUE);
        if (volume_snapshots_max(volume) > 0)
                json_object_set_array_member(object, "Snapshots", volume_snapshots_json(volume));
        json_object_set_int_member(object, "MountCount", 0);
        json_object_set_boolean_member(object, "NeedsCopyUp", volume->needs_copy_up);
        return object;
}

GPtrArray *volume_users(Runtime *runtime, const Volume *volume, GError **error) {
        g_autoptr(GPtrArray) records = record_list(runtime->records, error);
        if (!records)
                return NULL;
        g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < records->len; i++) {
                const ContainerRecord *record = records->pdata[i];
                g_autoptr(GPtrArray) mounts = container_mounts(runtime, record, NULL);
                bool uses = false;
                for (guint k = 0; mounts && k < mounts->len && !uses; k++)
                        uses = g_strcmp0(((ContainerMount *) mounts->pdata[k])->name,
                                         volume->name) == 0;
                if (uses)
                        g_ptr_array_add(ids, g_strdup(record->id));
        }
        return g_steal_pointer(&ids);
}
