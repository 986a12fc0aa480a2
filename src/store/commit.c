/* SPDX-License-Identifier: Apache-2.0 */
/* Adding layers and an image to the store. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "store/edit.h"
#include "store/image-record.h"
#include "store/records.h"
#include "store/writer.h"

#define LINK_SIZE 26

void store_new_layer_free(StoreNewLayer *layer) {
        if (!layer)
                return;
        g_free(layer->id);
        g_free(layer->staged);
        g_free(layer->diff_id);
        g_free(layer->digest);
        g_clear_pointer(&layer->uids, g_array_unref);
        g_clear_pointer(&layer->gids, g_array_unref);
        g_free(layer);
}

char *store_chain_id(const char *parent, const char *diff_id) {
        if (!parent)
                return g_strndup(digest_hex(diff_id), 64);
        g_autofree char *text = g_strconcat(parent, "+", digest_hex(diff_id), NULL);
        return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

bool store_layer_exists(Store *store, const char *id, bool *ret_exists, GError **error) {
        g_autoptr(GPtrArray) chain = NULL;
        g_autoptr(GError) inner = NULL;
        *ret_exists = store_layer_chain(store, id, &chain, &inner);
        if (*ret_exists || g_error_matches(inner, STORE_ERROR, STORE_ERROR_DAMAGED))
                return true;
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
}

static JsonArray *id_array(GArray *ids) {
        JsonArray *array = json_array_new();
        for (guint i = 0; ids && i < ids->len; i++)
                json_array_add_int_element(array, g_array_index(ids, uint32_t, i));
        return array;
}

static JsonObject *layer_record(const StoreNewLayer *layer, const char *parent) {
        JsonObject *record = json_object_new();
        g_autofree char *created = text_format_time(g_get_real_time() * 1000);
        json_object_set_string_member(record, "id", layer->id);
        if (parent)
                json_object_set_string_member(record, "parent", parent);
        json_object_set_string_member(record, "created", created);
        json_object_set_string_member(record, "compressed-diff-digest", layer->digest);
        json_object_set_int_member(record, "compressed-size", layer->size);
        json_object_set_string_member(record, "diff-digest", layer->diff_id);
        json_object_set_int_member(record, "diff-size", layer->diff_size);
        if (layer->compression != 0)
                json_object_set_int_member(record, "compression", layer->compression);
        json_object_set_array_member(record, "uidset", id_array(layer->uids));
        json_object_set_array_member(record, "gidset", id_array(layer->gids));
        return record;
}

/* The place that has a complete record of the layer: ours as edited now, else the additional
 * stores. */
static const StorePlace *
find_layer(Store *store, StoreEdit *edit, const char *id, bool *ret_failed, GError **error) {
        JsonObject *record = records_find(edit->layers, id);
        if (record)
                return record_is_incomplete(record) ? NULL : edit->place;
        for (guint i = 1; i < store->places->len; i++) {
                const StorePlace *place = store->places->pdata[i];
                g_autofree char *path = place_layers_path(place, "layers.json");
                g_autoptr(JsonNode) root = NULL;
                if (!records_load(path, &root, error)) {
                        *ret_failed = true;
                        return NULL;
                }
                record = records_find(json_node_get_array(root), id);
                if (record && !record_is_incomplete(record))
                        return place;
        }
        return NULL;
}

static char *link_name_new(void) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        uint8_t bytes[LINK_SIZE];
        ssize_t n = getrandom(bytes, sizeof bytes, 0);
        g_assert(n == sizeof bytes); /* random(4): up to 256 bytes are never cut */
        char *name = g_malloc(LINK_SIZE + 1);
        for (size_t i = 0; i < LINK_SIZE; i++)
                name[i] = digits[bytes[i] % 32];
        name[LINK_SIZE] = '\0';
        return name;
}

/* "l/<parent's link>[:<parent's lower>]" */
static bool
lower_of(const StorePlace *place, const char *parent, char **ret_lower, GError **error) {
        g_autofree char *link_path = place_overlay_path(place, parent, "link");
        g_autofree char *lower_path = place_overlay_path(place, parent, "lower");
        g_autofree char *link = NULL;
        g_autofree char *lower = NULL;
        g_autoptr(GError) inner = NULL;
        if (!file_read_text(AT_FDCWD, link_path, 256, &link, error))
                return false;
        if (!file_read_text(AT_FDCWD, lower_path, 64 << 10, &lower, &inner) &&
            !g_error_matches(inner, ERROR_ERRNO, ENOENT)) {
                g_propagate_error(error, g_steal_pointer(&inner));
                return false;
        }
        *ret_lower = g_strconcat("l/", link, lower ? ":" : "", lower ? lower : "", NULL);
        return true;
}

/* The root directory of a layer has its parent's owner and mode: it is the mount's. */
static bool copy_root(const StorePlace *place, const char *parent, int layer_fd, GError **error) {
        g_autofree char *path = place_overlay_path(place, parent, "diff");
        struct stat st;
        if (stat(path, &st) < 0)
                return error_set_errno(error, errno, "Cannot stat '%s'", path);
        if (fchownat(layer_fd, "diff", st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
            fchmodat(layer_fd, "diff", st.st_mode & 07777, 0) < 0)
                return error_set_errno(error, errno, "Cannot set owner and mode of a layer");
        return true;
}

/* Fills the staged directory with what the overlay driver keeps beside diff/. */
static bool
furnish(int layer_fd,
        const StorePlace *parent_place,
        const char *parent,
        const char *link,
        GError **error) {
        static const char *const directories[] = { "work", "merged", "empty" };
        for (size_t i = 0; i < (parent ? 2 : 3); i++)
                if (mkdirat(layer_fd, directories[i], 0700) < 0)
                        return error_set_errno(
                                        error, errno, "Cannot make a layer's '%s'", directories[i]);
        if (!file_replace(layer_fd, "link", link, strlen(link), 0644, FILE_VOLATILE, error))
                return false;
        if (!parent)
                return true;
        g_autofree char *lower = NULL;
        return lower_of(parent_place, parent, &lower, error) &&
               file_replace(layer_fd, "lower", lower, strlen(lower), 0644, FILE_VOLATILE, error) &&
               copy_root(parent_place, parent, layer_fd, error);
}

static bool
move(const StorePlace *place,
     const StoreStage *stage,
     const char *name,
     const char *to,
     GError **error) {
        g_autofree char *from = store_stage_relative(stage, name);
        int r = place_rename(place, from, to);
        return r >= 0 || error_set_errno(error, r, "Cannot move '%s' into place", to);
}

/* Renames the staged directory into place; links and tar-split follow. A directory that is there
 * without a record is a dead writer's. */
static bool
install(StoreEdit *edit,
        StoreStage *stage,
        const StoreNewLayer *layer,
        const StorePlace *parent_place,
        const char *parent,
        GError **error) {
        int stage_fd = store_stage_fd(stage);
        autofd int layer_fd = openat(stage_fd, layer->staged, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (layer_fd < 0)
                return error_set_errno(error, errno, "Cannot open a staged layer");
        g_autofree char *link = link_name_new();
        if (!furnish(layer_fd, parent_place, parent, link, error))
                return false;

        g_autofree char *split = g_strconcat("overlay-layers/", layer->id, ".tar-split.gz", NULL);
        g_autofree char *staged_split = g_build_filename(layer->staged, "tar-split.gz", NULL);
        g_autofree char *directory = g_build_filename("overlay", layer->id, NULL);
        g_autofree char *old = g_strdup_printf("old.%s", layer->id);
        g_autofree char *away = store_stage_relative(stage, old);
        (void) place_rename(edit->place, directory, away); /* mostly there is none */
        if (!move(edit->place, stage, staged_split, split, error) ||
            !move(edit->place, stage, layer->staged, directory, error))
                return false;
        g_autofree char *link_path = place_overlay_path(edit->place, "l", link);
        g_autofree char *target = g_build_filename("..", layer->id, "diff", NULL);
        if (symlink(target, link_path) < 0)
                return error_set_errno(error, errno, "Cannot link '%s'", link_path);
        return true;
}

typedef struct Addition {
        const StoreNewLayer *layer;
        const char *parent;
} Addition;

/* What has to be added; fails when a layer is neither there nor staged. */
static bool
plan(Store *store, StoreEdit *edit, const StoreNewImage *image, GArray *additions, GError **error) {
        const char *parent = NULL;
        for (guint i = 0; i < image->layers->len; i++) {
                const StoreNewLayer *layer = image->layers->pdata[i];
                bool failed = false;
                const StorePlace *place = find_layer(store, edit, layer->id, &failed, error);
                if (failed)
                        return false;
                Addition addition = { layer, parent };
                if (!place && !layer->staged)
                        return error_set(
                                        error, STORE_ERROR, STORE_ERROR_NOT_FOUND,
                                        "layer '%s' was removed meanwhile", layer->id);
                if (!place)
                        g_array_append_val(additions, addition);
                parent = layer->id;
        }
        return true;
}

static bool
add_layers(Store *store, StoreEdit *edit, StoreStage *stage, GArray *additions, GError **error) {
        if (additions->len == 0)
                return true;
        for (guint i = 0; i < additions->len; i++) {
                const Addition *a = &g_array_index(additions, Addition, i);
                JsonObject *record = layer_record(a->layer, a->parent);
                store_record_set_incomplete(record, true);
                records_put(edit->layers, record);
        }
        if (!store_edit_save_layers(edit, error))
                return false;
        for (guint i = 0; i < additions->len; i++) {
                const Addition *a = &g_array_index(additions, Addition, i);
                bool failed = false;
                const StorePlace *place =
                                a->parent ? find_layer(store, edit, a->parent, &failed, error)
                                          : NULL;
                if (failed || !install(edit, stage, a->layer, place, a->parent, error))
                        return false;
                records_put(edit->layers, layer_record(a->layer, a->parent));
        }
        return store_edit_save_layers(edit, error);
}

bool store_commit(Store *store, StoreStage *stage, const StoreNewImage *image, GError **error) {
        /* After a power cut the records must not be on the disk without the bytes: everything
         * staged goes first, still without a lock. */
        if (syncfs(store_stage_fd(stage)) < 0)
                return error_set_errno(error, errno, "Cannot sync the store");
        g_autoptr(StoreEdit) edit = store_edit_begin(store, error);
        if (!edit || !store_edit_drop_incomplete(edit, stage, error))
                return false;
        g_autoptr(GArray) additions = g_array_new(FALSE, FALSE, sizeof(Addition));
        if (!plan(store, edit, image, additions, error))
                return false;
        if (!add_layers(store, edit, stage, additions, error)) {
                /* What is flagged goes at once rather than at the next writer's turn. */
                (void) store_edit_drop_incomplete(edit, stage, NULL);
                return false;
        }
        return image_record_commit(edit, image, error);
}
