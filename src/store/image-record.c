/* SPDX-License-Identifier: Apache-2.0 */
/* images.json: adding records, moving names. */
#include "store/image-record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "store/records.h"

static void item_free(gpointer data) {
        StoreItem *item = data;
        g_free(item->key);
        g_bytes_unref(item->bytes);
        g_free(item);
}

StoreNewImage *store_new_image_new(void) {
        StoreNewImage *image = g_new0(StoreNewImage, 1);
        image->names = g_ptr_array_new_with_free_func(g_free);
        image->layers = g_ptr_array_new_with_free_func((GDestroyNotify) store_new_layer_free);
        image->items = g_ptr_array_new_with_free_func(item_free);
        return image;
}

void store_new_image_free(StoreNewImage *image) {
        if (!image)
                return;
        g_free(image->id);
        g_free(image->digest);
        g_free(image->created);
        g_ptr_array_unref(image->names);
        g_ptr_array_unref(image->layers);
        g_ptr_array_unref(image->items);
        g_clear_pointer(&image->signatures, g_ptr_array_unref);
        g_clear_pointer(&image->signers, g_ptr_array_unref);
        g_free(image);
}

void store_new_image_add_item(StoreNewImage *image, const char *key, GBytes *bytes) {
        StoreItem *item = g_new0(StoreItem, 1);
        item->key = g_strdup(key);
        item->bytes = g_bytes_ref(bytes);
        g_ptr_array_add(image->items, item);
}

static JsonArray *without(JsonArray *names, const char *name) {
        JsonArray *copy = json_array_new();
        for (guint i = 0; names && i < json_array_get_length(names); i++) {
                const char *one = json_array_get_string_element(names, i);
                if (one && !g_str_equal(one, name))
                        json_array_add_string_element(copy, one);
        }
        return copy;
}

static JsonArray *with_first(JsonArray *names, const char *name) {
        g_autoptr(JsonArray) rest = without(names, name);
        JsonArray *copy = json_array_new();
        json_array_add_string_element(copy, name);
        for (guint i = 0; i < json_array_get_length(rest); i++)
                json_array_add_string_element(copy, json_array_get_string_element(rest, i));
        return copy;
}

static bool contains(JsonArray *names, const char *name) {
        for (guint i = 0; names && i < json_array_get_length(names); i++)
                if (g_strcmp0(json_array_get_string_element(names, i), name) == 0)
                        return true;
        return false;
}

void image_record_move_name(StoreEdit *edit, const char *id, const char *name) {
        for (guint i = 0; i < json_array_get_length(edit->images); i++) {
                JsonObject *old = json_array_get_object_element(edit->images, i);
                bool ours = g_strcmp0(json_object_get_string_member(old, "id"), id) == 0;
                if (!ours && !contains(record_names(old), name))
                        continue;
                JsonObject *record = record_thaw(old);
                JsonArray *names = record_names(record);
                json_object_set_array_member(
                                record, "names",
                                ours ? with_first(names, name) : without(names, name));
                if (ours) {
                        JsonArray *history = NULL;
                        (void) json_get_array(record, "names-history", &history, NULL);
                        json_object_set_array_member(
                                        record, "names-history", with_first(history, name));
                }
                records_put(edit->images, record);
        }
}

/* A mutable copy of a member that is an object, made when absent, put into the record. */
static JsonObject *member_thaw(JsonObject *record, const char *name) {
        JsonObject *inner = NULL;
        (void) json_get_object(record, name, &inner, NULL); /* another type is replaced */
        JsonObject *copy = inner ? record_thaw(inner) : json_object_new();
        json_object_set_object_member(record, name, copy);
        return copy;
}

static void note_item(JsonObject *record, const char *key, GBytes *bytes) {
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        g_autofree char *digest = digest_of_bytes(data, size);
        JsonArray *keys = NULL;
        (void) json_get_array(record, "big-data-names", &keys, NULL);
        if (!contains(keys, key)) {
                JsonArray *more = keys ? without(keys, key) : json_array_new();
                json_array_add_string_element(more, key);
                json_object_set_array_member(record, "big-data-names", more);
        }
        json_object_set_int_member(member_thaw(record, "big-data-sizes"), key, (gint64) size);
        json_object_set_string_member(member_thaw(record, "big-data-digests"), key, digest);
}

static bool
write_item(StoreEdit *edit, const char *id, const char *key, GBytes *bytes, GError **error) {
        g_autofree char *path = place_image_item_path(edit->place, id, key);
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        return file_replace(AT_FDCWD, path, data, size, 0600, FILE_DURABLE, error);
}

static JsonArray *size_array(const StoreNewImage *image) {
        JsonArray *sizes = json_array_new();
        for (guint i = 0; i < image->signatures->len; i++)
                json_array_add_int_element(
                                sizes, (gint64) g_bytes_get_size(image->signatures->pdata[i]));
        return sizes;
}

/* containers/image keeps signatures as one item, cut by the sizes in the metadata. It passes over
 * our own member. */
static GBytes *join_signatures(const StoreNewImage *image, char **ret_metadata) {
        GByteArray *all = g_byte_array_new();
        for (guint i = 0; i < image->signatures->len; i++) {
                gsize size;
                const void *data = g_bytes_get_data(image->signatures->pdata[i], &size);
                g_byte_array_append(all, data, (guint) size);
        }
        g_autoptr(JsonObject) metadata = json_object_new();
        JsonObject *by_digest = json_object_new();
        JsonArray *signers = json_array_new();
        for (guint i = 0; image->signers && i < image->signers->len; i++)
                json_array_add_string_element(signers, image->signers->pdata[i]);
        json_object_set_array_member(by_digest, image->digest, size_array(image));
        json_object_set_array_member(metadata, "signature-sizes", size_array(image));
        json_object_set_object_member(metadata, "signatures-sizes", by_digest);
        json_object_set_array_member(metadata, "berth-signers", signers);
        *ret_metadata = json_format_object(metadata, false);
        return g_byte_array_free_to_bytes(all);
}

static JsonObject *new_record(const StoreNewImage *image) {
        JsonObject *record = json_object_new();
        json_object_set_string_member(record, "id", image->id);
        json_object_set_string_member(record, "digest", image->digest);
        if (image->layers->len > 0) {
                const StoreNewLayer *top = image->layers->pdata[image->layers->len - 1];
                json_object_set_string_member(record, "layer", top->id);
        }
        json_object_set_string_member(record, "metadata", "{}");
        g_autofree char *now = text_format_time(g_get_real_time() * 1000);
        json_object_set_string_member(record, "created", image->created ? image->created : now);
        return record;
}

bool image_record_commit(StoreEdit *edit, const StoreNewImage *image, GError **error) {
        g_autofree char *directory = place_images_path(edit->place, image->id);
        if (mkdir(directory, 0700) < 0 && errno != EEXIST)
                return error_set_errno(error, errno, "Cannot make directory '%s'", directory);
        JsonObject *old = records_find(edit->images, image->id);
        g_autoptr(JsonObject) record = old ? record_thaw(old) : new_record(image);
        json_object_set_string_member(record, "digest", image->digest);
        for (guint i = 0; i < image->items->len; i++) {
                const StoreItem *item = image->items->pdata[i];
                if (!write_item(edit, image->id, item->key, item->bytes, error))
                        return false;
                note_item(record, item->key, item->bytes);
        }
        if (image->signatures && image->signatures->len > 0) {
                g_autofree char *metadata = NULL;
                g_autofree char *key = g_strconcat("signature-", digest_hex(image->digest), NULL);
                g_autoptr(GBytes) joined = join_signatures(image, &metadata);
                const char *const keys[] = { "signatures", key };
                for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                        if (!write_item(edit, image->id, keys[i], joined, error))
                                return false;
                        note_item(record, keys[i], joined);
                }
                json_object_set_string_member(record, "metadata", metadata);
        }
        records_put(edit->images, json_object_ref(record));
        for (guint i = image->names->len; i > 0; i--)
                image_record_move_name(edit, image->id, image->names->pdata[i - 1]);
        return store_edit_save_images(edit, error);
}
