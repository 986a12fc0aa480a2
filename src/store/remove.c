/* SPDX-License-Identifier: Apache-2.0 */
/* Names and removal of images, and the containers' records that keep them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "store/edit.h"
#include "store/image-record.h"
#include "store/lock.h"
#include "store/records.h"
#include "store/writer.h"

static bool not_found(const char *id, GError **error) {
        return error_set(error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "%s: image not known", id);
}

bool store_image_tag(Store *store, const char *id, const char *name, GError **error) {
        g_autoptr(StoreEdit) edit = store_edit_begin(store, error);
        if (!edit)
                return false;
        if (!records_find(edit->images, id))
                return not_found(id, error);
        image_record_move_name(edit, id, name);
        return store_edit_save_images(edit, error);
}

bool store_image_untag(Store *store, const char *id, const char *name, GError **error) {
        g_autoptr(StoreEdit) edit = store_edit_begin(store, error);
        if (!edit)
                return false;
        if (!records_find(edit->images, id))
                return not_found(id, error);
        image_record_move_name(edit, NULL, name);
        return store_edit_save_images(edit, error);
}

static char *containers_path(const StorePlace *place, const char *name) {
        return g_build_filename(place->path, "overlay-containers", name, NULL);
}

/* Calls visit for every container's record; Podman 5 keeps those of --rm containers apart. */
static bool
each_container(const StorePlace *place,
               void (*visit)(JsonObject *record, void *data),
               void *data,
               GError **error) {
        static const char *const names[] = { "containers.json", "volatile-containers.json" };
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = containers_path(place, names[i]);
                g_autoptr(JsonNode) root = NULL;
                if (!records_load(path, &root, error))
                        return false;
                JsonArray *records = json_node_get_array(root);
                for (guint k = 0; k < json_array_get_length(records); k++)
                        visit(json_array_get_object_element(records, k), data);
        }
        return true;
}

static void note_image(JsonObject *record, void *data) {
        const char *image = NULL;
        if (json_get_string(record, "image", &image, NULL) && image)
                g_hash_table_add(data, g_strdup(image));
}

static void note_layer(JsonObject *record, void *data) {
        const char *layer = NULL;
        if (json_get_string(record, "layer", &layer, NULL) && layer)
                g_hash_table_add(data, g_strdup(layer));
}

bool store_images_in_use(Store *store, GHashTable **ret_ids, GError **error) {
        g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        if (!each_container(store->places->pdata[0], note_image, ids, error))
                return false;
        *ret_ids = g_steal_pointer(&ids);
        return true;
}

/* Every layer that something else than this image stands on: containers' layers, other images' top
 * layers, and parents of layers. */
static bool layers_in_use(StoreEdit *edit, GHashTable *used, GError **error) {
        if (!each_container(edit->place, note_layer, used, error))
                return false;
        for (guint i = 0; i < json_array_get_length(edit->images); i++) {
                JsonObject *record = json_array_get_object_element(edit->images, i);
                g_auto(GStrv) mapped = NULL;
                note_layer(record, used);
                if (!json_get_strings(record, "mapped-layers", &mapped, error))
                        return false;
                for (char **at = mapped; at && *at; at++)
                        g_hash_table_add(used, g_strdup(*at));
        }
        return true;
}

static void count_children(StoreEdit *edit, GHashTable *children) {
        for (guint i = 0; i < json_array_get_length(edit->layers); i++) {
                JsonObject *record = json_array_get_object_element(edit->layers, i);
                const char *parent = NULL;
                if (!json_get_string(record, "parent", &parent, NULL) || !parent)
                        continue;
                guint n = GPOINTER_TO_UINT(g_hash_table_lookup(children, parent));
                g_hash_table_insert(children, (char *) parent, GUINT_TO_POINTER(n + 1));
        }
}

/* From the top down as long as nothing else needs the layer. */
static bool free_layers(StoreEdit *edit, const char *top, GPtrArray *ids, GError **error) {
        g_autoptr(GHashTable) used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GHashTable) children = g_hash_table_new(g_str_hash, g_str_equal);
        if (!layers_in_use(edit, used, error))
                return false;
        count_children(edit, children);
        guint own_children = 0; /* the layer that we came from is going, too */
        for (const char *id = top; id && *id;) {
                JsonObject *record = records_find(edit->layers, id);
                if (!record || g_hash_table_contains(used, id) ||
                    GPOINTER_TO_UINT(g_hash_table_lookup(children, id)) > own_children)
                        break;
                g_ptr_array_add(ids, (char *) id);
                own_children = 1;
                if (!json_get_string(record, "parent", &id, error))
                        return false;
        }
        return true;
}

static bool
remove_locked(StoreEdit *edit, const char *id, const StoreStage *trash, GError **error) {
        JsonObject *record = records_find(edit->images, id);
        if (!record)
                return not_found(id, error);
        const char *layer;
        if (!json_get_string(record, "layer", &layer, error))
                return false;
        g_autofree char *top = g_strdup(layer);
        records_remove(edit->images, id);
        if (!store_edit_save_images(edit, error))
                return false;
        g_autofree char *directory = place_images_path(edit->place, id);
        if (!file_remove_tree(AT_FDCWD, directory, error))
                return false;
        g_autoptr(GPtrArray) ids = g_ptr_array_new();
        return free_layers(edit, top, ids, error) &&
               store_edit_drop_layers(edit, ids, trash, error);
}

bool store_image_remove(Store *store, const char *id, GError **error) {
        g_autoptr(StoreStage) trash = store_stage_new(store, error); /* emptied without a lock */
        if (!trash)
                return false;
        g_autoptr(StoreEdit) edit = store_edit_begin(store, error);
        if (!edit)
                return false;
        g_autoptr(GHashTable) used = NULL;
        if (!store_images_in_use(store, &used, error))
                return false;
        if (g_hash_table_contains(used, id))
                return error_set(
                                error, STORE_ERROR, STORE_ERROR_IN_USE,
                                "image %s is in use by a container", id);
        return remove_locked(edit, id, trash, error);
}

static bool
edit_containers(Store *store,
                bool (*change)(JsonArray *records, void *data, GError **error),
                void *data,
                GError **error) {
        const StorePlace *place = store->places->pdata[0];
        g_autofree char *directory = containers_path(place, NULL);
        if (!file_make_directories(AT_FDCWD, directory, 0700, error))
                return false;
        g_autofree char *lock_path = containers_path(place, "containers.lock");
        g_autofree char *path = containers_path(place, "containers.json");
        autofd int lock = lock_take(lock_path, STORE_LOCK_WRITE, error);
        g_autoptr(JsonNode) root = NULL;
        if (lock < 0 || !records_load(path, &root, error))
                return false;
        g_autoptr(JsonArray) records = records_thaw(json_node_get_array(root));
        /* A container does not outlive the machine's state: nothing to sync for. */
        return change(records, data, error) && records_save(path, records, FILE_VOLATILE, error) &&
               lock_touch(lock, error);
}

typedef struct NewContainer {
        const char *id, *name, *image;
} NewContainer;

static bool add_container(JsonArray *records, void *data, GError **error) {
        const NewContainer *container = data;
        JsonObject *record = json_object_new();
        const char *names[] = { container->name, NULL };
        g_autofree char *created = text_format_time(g_get_real_time() * 1000);
        json_object_set_string_member(record, "id", container->id);
        json_set_strings(record, "names", names);
        json_object_set_string_member(record, "image", container->image);
        json_object_set_string_member(record, "layer", "");
        json_object_set_string_member(record, "metadata", "{}");
        json_object_set_string_member(record, "created", created);
        records_put(records, record);
        return true;
}

bool store_container_add(
                Store *store, const char *id, const char *name, const char *image, GError **error) {
        NewContainer container = { id, name, image };
        return edit_containers(store, add_container, &container, error);
}

typedef struct OldContainer {
        const char *id;
        bool (*may)(void *data);
        void *data;
} OldContainer;

static bool remove_container(JsonArray *records, void *data, GError **error) {
        const OldContainer *old = data;
        if (!old->may || old->may(old->data))
                (void) records_remove(records, old->id); /* gone already is as good */
        return true;
}

bool store_container_remove(
                Store *store, const char *id, bool (*may)(void *data), void *data, GError **error) {
        OldContainer old = { id, may, data };
        return edit_containers(store, remove_container, &old, error);
}

static void container_free(gpointer data) {
        StoreContainer *container = data;
        g_free(container->id);
        g_free(container->name);
        g_free(container->image);
        g_free(container);
}

static void note_container(JsonObject *record, void *data) {
        const char *id = NULL;
        const char *image = NULL;
        g_auto(GStrv) names = NULL;
        if (!json_get_string(record, "id", &id, NULL) || !id ||
            !json_get_string(record, "image", &image, NULL) ||
            !json_get_strings(record, "names", &names, NULL))
                return; /* a record that makes no sense protects nothing */
        StoreContainer *container = g_new0(StoreContainer, 1);
        container->id = g_strdup(id);
        container->name = g_strdup(names ? names[0] : NULL);
        container->image = g_strdup(image ? image : "");
        g_ptr_array_add(data, container);
}

bool store_container_list(Store *store, GPtrArray **ret_containers, GError **error) {
        g_autoptr(GPtrArray) containers = g_ptr_array_new_with_free_func(container_free);
        if (!each_container(store->places->pdata[0], note_container, containers, error))
                return false;
        *ret_containers = g_steal_pointer(&containers);
        return true;
}
