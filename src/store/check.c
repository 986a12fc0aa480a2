/* SPDX-License-Identifier: Apache-2.0 */
/* fsck of the store's structure. */
#include "store/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "store/edit.h"
#include "store/records.h"
#include "store/writer.h"

#define LINK_SIZE_MAX 64

StoreProblem *store_problem_new(StoreProblemKind kind, const char *id, const char *format, ...) {
        StoreProblem *problem = g_new0(StoreProblem, 1);
        va_list ap;
        va_start(ap, format);
        problem->text = g_strdup_vprintf(format, ap);
        va_end(ap);
        problem->kind = kind;
        problem->id = g_strdup(id);
        return problem;
}

void store_problem_free(StoreProblem *problem) {
        if (!problem)
                return;
        g_free(problem->id);
        g_free(problem->path);
        g_free(problem->text);
        g_free(problem);
}

static void check_images(Store *store, GPtrArray *images, GPtrArray *problems) {
        for (guint i = 0; i < images->len; i++) {
                const StoreImage *image = images->pdata[i];
                g_autoptr(GBytes) config = NULL, manifest = NULL;
                g_auto(GStrv) paths = NULL;
                g_autoptr(GError) error = NULL;
                if (image->read_only ||
                    (store_image_read_config(store, image, &config, &error) &&
                     store_image_read_manifest(store, image, &manifest, &error) &&
                     store_image_layer_paths(store, image, &paths, &error)))
                        continue;
                g_ptr_array_add(problems,
                                store_problem_new(
                                                STORE_PROBLEM_IMAGE, image->id, "image %.12s: %s",
                                                image->id, error->message));
        }
}

/* The layer's short name, which must be a symlink to its directory. */
static bool link_is_right(const StorePlace *place, const char *id) {
        g_autofree char *path = place_overlay_path(place, id, "link");
        g_autofree char *name = NULL;
        if (!file_read_text(AT_FDCWD, path, LINK_SIZE_MAX, &name, NULL) || !*name ||
            strchr(name, '/'))
                return false;
        g_autofree char *link = place_overlay_path(place, "l", name);
        g_autofree char *target = g_file_read_link(link, NULL);
        g_autofree char *wanted = g_build_filename("..", id, "diff", NULL);
        return g_strcmp0(target, wanted) == 0;
}

static void check_layer(const StorePlace *place, JsonObject *record, GPtrArray *problems) {
        const char *id = json_object_get_string_member(record, "id");
        g_autofree char *diff = place_overlay_path(place, id, "diff");
        if (record_is_incomplete(record))
                g_ptr_array_add(problems, store_problem_new(
                                                          STORE_PROBLEM_LAYER, id,
                                                          "layer %.12s is half made", id));
        else if (access(diff, F_OK) < 0)
                g_ptr_array_add(problems,
                                store_problem_new(
                                                STORE_PROBLEM_LAYER, id,
                                                "layer %.12s has lost its directory", id));
        else if (!link_is_right(place, id))
                g_ptr_array_add(problems,
                                store_problem_new(
                                                STORE_PROBLEM_LINK, id,
                                                "layer %.12s has lost its short name", id));
}

static void note(GHashTable *used, JsonObject *record, const char *member) {
        const char *id = NULL;
        if (json_get_string(record, member, &id, NULL) && id && *id)
                g_hash_table_add(used, g_strdup(id));
}

static bool note_all(GHashTable *used, const char *path, const char *member, GError **error) {
        g_autoptr(JsonNode) root = NULL;
        if (!records_load(path, &root, error))
                return false;
        JsonArray *records = json_node_get_array(root);
        for (guint i = 0; i < json_array_get_length(records); i++)
                note(used, json_array_get_object_element(records, i), member);
        return true;
}

/* Layers that no image, container or other layer stands on. Ids that mapped layers have are kept by
 * being named in no list of ours: they have no diff digest. */
static bool
check_unused(const StorePlace *place, JsonArray *layers, GPtrArray *problems, GError **error) {
        g_autoptr(GHashTable) used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autofree char *images = place_images_path(place, "images.json");
        g_autofree char *containers = g_build_filename(
                        place->path, "overlay-containers", "containers.json", NULL);
        g_autofree char *more = g_build_filename(
                        place->path, "overlay-containers", "volatile-containers.json", NULL);
        if (!note_all(used, images, "layer", error) ||
            !note_all(used, containers, "layer", error) || !note_all(used, more, "layer", error))
                return false;
        for (guint i = 0; i < json_array_get_length(layers); i++)
                note(used, json_array_get_object_element(layers, i), "parent");
        for (guint i = 0; i < json_array_get_length(layers); i++) {
                JsonObject *record = json_array_get_object_element(layers, i);
                const char *id = json_object_get_string_member(record, "id");
                if (g_hash_table_contains(used, id) || record_is_incomplete(record) ||
                    !json_object_has_member(record, "diff-digest"))
                        continue;
                g_ptr_array_add(problems, store_problem_new(
                                                          STORE_PROBLEM_UNUSED_LAYER, id,
                                                          "layer %.12s is not used", id));
        }
        return true;
}

static void check_orphans(const char *directory, JsonArray *records, GPtrArray *problems) {
        DIR *dir = opendir(directory);
        if (!dir)
                return;
        for (struct dirent *e; (e = readdir(dir));) {
                if (!hex_id_is_valid(e->d_name) || records_find(records, e->d_name))
                        continue;
                StoreProblem *problem = store_problem_new(
                                STORE_PROBLEM_ORPHAN, e->d_name, "'%s/%s' belongs to nothing",
                                directory, e->d_name);
                problem->path = g_build_filename(directory, e->d_name, NULL);
                g_ptr_array_add(problems, problem);
        }
        closedir(dir);
}

/* Layers of --rm containers that Podman 5 keeps in a list of their own. */
static bool with_volatile(const StorePlace *place, JsonArray *layers, GError **error) {
        g_autofree char *path = place_layers_path(place, "volatile-layers.json");
        g_autoptr(JsonNode) root = NULL;
        if (!records_load(path, &root, error))
                return false;
        JsonArray *more = json_node_get_array(root);
        for (guint i = 0; i < json_array_get_length(more); i++)
                json_array_add_object_element(
                                layers, json_object_ref(json_array_get_object_element(more, i)));
        return true;
}

GPtrArray *store_check(Store *store, GError **error) {
        const StorePlace *place = store->places->pdata[0];
        g_autoptr(GPtrArray) problems =
                        g_ptr_array_new_with_free_func((GDestroyNotify) store_problem_free);
        if (access(place->path, F_OK) < 0)
                return g_steal_pointer(&problems);
        g_autoptr(GPtrArray) images = NULL;
        if (!store_image_list(store, &images, error))
                return NULL;
        check_images(store, images, problems); /* takes readers' locks: before ours */
        g_autoptr(StoreEdit) edit = store_edit_begin(store, error);
        if (!edit || !with_volatile(place, edit->layers, error))
                return NULL;
        for (guint i = 0; i < json_array_get_length(edit->layers); i++)
                check_layer(place, json_array_get_object_element(edit->layers, i), problems);
        g_autofree char *overlay = g_build_filename(place->path, "overlay", NULL);
        g_autofree char *documents = g_build_filename(place->path, "overlay-images", NULL);
        check_orphans(overlay, edit->layers, problems);
        check_orphans(documents, edit->images, problems);
        return check_unused(place, edit->layers, problems, error) ? g_steal_pointer(&problems)
                                                                  : NULL;
}

static bool repair_link(const StorePlace *place, const char *id, GError **error) {
        g_autofree char *path = place_overlay_path(place, id, "link");
        g_autofree char *name = NULL;
        if (!file_read_text(AT_FDCWD, path, LINK_SIZE_MAX, &name, error) || strchr(name, '/'))
                return false;
        g_autofree char *link = place_overlay_path(place, "l", name);
        g_autofree char *target = g_build_filename("..", id, "diff", NULL);
        (void) unlink(link);
        return symlink(target, link) == 0 ||
               error_set_errno(error, errno, "Cannot link '%s'", link);
}

/* Under the locks a layer may have found users since it was looked at. */
static bool drop_layer(Store *store, const char *id, GError **error) {
        g_autoptr(StoreStage) trash = store_stage_new(store, error);
        g_autoptr(StoreEdit) edit = trash ? store_edit_begin(store, error) : NULL;
        if (!edit)
                return false;
        g_autoptr(GHashTable) parents =
                        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (guint i = 0; i < json_array_get_length(edit->layers); i++)
                note(parents, json_array_get_object_element(edit->layers, i), "parent");
        for (guint i = 0; i < json_array_get_length(edit->images); i++)
                note(parents, json_array_get_object_element(edit->images, i), "layer");
        if (g_hash_table_contains(parents, id) || !records_find(edit->layers, id))
                return true;
        g_autoptr(GPtrArray) ids = g_ptr_array_new();
        g_ptr_array_add(ids, (char *) id);
        return store_edit_drop_layers(edit, ids, trash, error);
}

static bool repair_one(Store *store, const StoreProblem *problem, GError **error) {
        const StorePlace *place = store->places->pdata[0];
        switch (problem->kind) {
        case STORE_PROBLEM_IMAGE:
                return store_image_remove(store, problem->id, error);
        case STORE_PROBLEM_LAYER:
        case STORE_PROBLEM_UNUSED_LAYER:
                return drop_layer(store, problem->id, error);
        case STORE_PROBLEM_LINK:
                return repair_link(place, problem->id, error);
        case STORE_PROBLEM_ORPHAN:
                return file_remove_tree(AT_FDCWD, problem->path, error);
        }
        g_assert_not_reached();
}

bool store_repair(Store *store, GPtrArray *problems, unsigned int *ret_fixed, GError **error) {
        *ret_fixed = 0;
        if (!store_prepare(store, error))
                return false;
        for (guint i = 0; i < problems->len; i++) {
                g_autoptr(GError) inner = NULL;
                /* one image's removal may have taken what the next problem is about */
                if (repair_one(store, problems->pdata[i], &inner) ||
                    g_error_matches(inner, STORE_ERROR, STORE_ERROR_NOT_FOUND)) {
                        (*ret_fixed)++;
                        continue;
                }
                g_propagate_error(error, g_steal_pointer(&inner));
                return false;
        }
        return true;
}
