/* SPDX-License-Identifier: Apache-2.0 */
/* The records of the main place under its locks, and removal of layers. */
#include "store/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "store/lock.h"
#include "store/records.h"
#include "store/writer.h"

static int
take_lock(const StorePlace *place, const char *directory, const char *name, GError **error) {
        g_autofree char *path = g_build_filename(place->path, directory, name, NULL);
        return lock_take(path, STORE_LOCK_WRITE, error);
}

static bool load(char *path, JsonNode **ret_root, JsonArray **ret_array, GError **error) {
        g_autofree char *owned = path;
        if (!records_load(owned, ret_root, error))
                return false;
        *ret_array = records_thaw(json_node_get_array(*ret_root));
        return true;
}

StoreEdit *store_edit_begin(Store *store, GError **error) {
        g_autoptr(StoreEdit) edit = g_new0(StoreEdit, 1);
        const StorePlace *place = edit->place = store->places->pdata[0];
        edit->storage_lock = edit->layers_lock = edit->images_lock = -1;
        edit->storage_lock = take_lock(place, "", "storage.lock", error);
        if (edit->storage_lock < 0)
                return NULL;
        edit->layers_lock = take_lock(place, "overlay-layers", "layers.lock", error);
        if (edit->layers_lock < 0)
                return NULL;
        edit->images_lock = take_lock(place, "overlay-images", "images.lock", error);
        if (edit->images_lock < 0)
                return NULL;
        if (!load(place_layers_path(place, "layers.json"), &edit->layers_root, &edit->layers,
                  error) ||
            !load(place_images_path(place, "images.json"), &edit->images_root, &edit->images,
                  error))
                return NULL;
        return g_steal_pointer(&edit);
}

void store_edit_free(StoreEdit *edit) {
        if (!edit)
                return;
        g_clear_pointer(&edit->layers, json_array_unref);
        g_clear_pointer(&edit->images, json_array_unref);
        g_clear_pointer(&edit->layers_root, json_node_unref);
        g_clear_pointer(&edit->images_root, json_node_unref);
        fd_close(&edit->images_lock);
        fd_close(&edit->layers_lock);
        fd_close(&edit->storage_lock);
        g_free(edit);
}

bool store_edit_save_layers(StoreEdit *edit, GError **error) {
        g_autofree char *path = place_layers_path(edit->place, "layers.json");
        return records_save(path, edit->layers, FILE_DURABLE, error) &&
               lock_touch(edit->layers_lock, error);
}

bool store_edit_save_images(StoreEdit *edit, GError **error) {
        g_autofree char *path = place_images_path(edit->place, "images.json");
        return records_save(path, edit->images, FILE_DURABLE, error) &&
               lock_touch(edit->images_lock, error);
}

void store_record_set_incomplete(JsonObject *record, bool incomplete) {
        JsonObject *flags = NULL;
        (void) json_get_object(record, "flags", &flags, NULL); /* another type is replaced */
        JsonObject *fresh = flags ? record_thaw(flags) : json_object_new();
        if (incomplete)
                json_object_set_boolean_member(fresh, "incomplete", TRUE);
        else if (json_object_has_member(fresh, "incomplete"))
                json_object_remove_member(fresh, "incomplete");
        if (json_object_get_size(fresh) > 0) {
                json_object_set_object_member(record, "flags", fresh);
                return;
        }
        json_object_unref(fresh);
        if (json_object_has_member(record, "flags"))
                json_object_remove_member(record, "flags");
}

/* The layer's directory goes into trash, its short link and tar-split away. All of it may be
 * missing. */
static bool
remove_files(const StorePlace *place, const char *id, const StoreStage *trash, GError **error) {
        g_autofree char *link_path = place_overlay_path(place, id, "link");
        g_autofree char *link = NULL;
        if (file_read_text(AT_FDCWD, link_path, 64, &link, NULL) &&
            strspn(link, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == strlen(link) && *link) {
                g_autofree char *path = place_overlay_path(place, "l", link);
                if (unlink(path) < 0 && errno != ENOENT)
                        return error_set_errno(error, errno, "Cannot remove '%s'", path);
        }
        g_autofree char *split_name = g_strconcat(id, ".tar-split.gz", NULL);
        g_autofree char *split = place_layers_path(place, split_name);
        if (unlink(split) < 0 && errno != ENOENT)
                return error_set_errno(error, errno, "Cannot remove '%s'", split);
        g_autofree char *data = place_layers_path(place, id);
        if (!file_remove_tree(AT_FDCWD, data, error))
                return false;
        g_autofree char *directory = g_build_filename("overlay", id, NULL);
        g_autofree char *name = g_strdup_printf("%s.%08x", id, g_random_int());
        g_autofree char *away = store_stage_relative(trash, name);
        int r = place_rename(place, directory, away);
        return r >= 0 || r == -ENOENT || error_set_errno(error, r, "Cannot remove '%s'", directory);
}

bool store_edit_drop_incomplete(StoreEdit *edit, const StoreStage *trash, GError **error) {
        bool any = false;
        for (guint i = json_array_get_length(edit->layers); i > 0; i--) {
                JsonObject *record = json_array_get_object_element(edit->layers, i - 1);
                if (!record_is_incomplete(record))
                        continue;
                const char *id = json_object_get_string_member(record, "id");
                if (!remove_files(edit->place, id, trash, error))
                        return false;
                json_array_remove_element(edit->layers, i - 1);
                any = true;
        }
        return !any || store_edit_save_layers(edit, error);
}

bool store_edit_drop_layers(
                StoreEdit *edit, GPtrArray *ids, const StoreStage *trash, GError **error) {
        if (ids->len == 0)
                return true;
        for (guint i = 0; i < ids->len; i++) {
                JsonObject *record = record_thaw(records_find(edit->layers, ids->pdata[i]));
                store_record_set_incomplete(record, true);
                records_put(edit->layers, record);
        }
        return store_edit_save_layers(edit, error) &&
               store_edit_drop_incomplete(edit, trash, error);
}
