/* SPDX-License-Identifier: Apache-2.0 */
/* Images as a reader sees them: list, find by any name, read their documents. */
#include <fcntl.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "oci/image-config.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "store/place.h"
#include "store/records.h"

#define ID_PREFIX_MIN 3

void store_image_free(StoreImage *image) {
        if (!image)
                return;
        g_free(image->id);
        g_free(image->digest);
        g_strfreev(image->names);
        g_strfreev(image->names_history);
        g_strfreev(image->signers);
        g_free(image->layer);
        g_free(image->created);
        g_free(image->store_path);
        g_free(image);
}

static bool take_string(JsonObject *object, const char *name, char **ret_value, GError **error) {
        const char *value;
        if (!json_get_string(object, name, &value, error))
                return false;
        *ret_value = value && *value ? g_strdup(value) : NULL;
        return true;
}

static bool take_names(JsonObject *object, const char *name, char ***ret_names, GError **error) {
        if (!json_get_strings(object, name, ret_names, error))
                return false;
        if (!*ret_names)
                *ret_names = g_new0(char *, 1);
        return true;
}

static bool sum_items(JsonObject *record, uint64_t *ret_size, GError **error) {
        JsonObject *sizes;
        if (!json_get_object(record, "big-data-sizes", &sizes, error))
                return false;
        if (!sizes)
                return true;
        g_autoptr(GList) keys = json_object_get_members(sizes);
        for (GList *at = keys; at; at = at->next) {
                int64_t size;
                if (!json_get_int(sizes, at->data, &size, error))
                        return false;
                *ret_size += (uint64_t) MAX(size, 0);
        }
        return true;
}

/* "metadata" is a JSON document in a string; others may write there what we do not know. */
static char **find_signers(JsonObject *record) {
        const char *metadata = NULL;
        g_autoptr(JsonNode) node = NULL;
        JsonObject *object;
        char **signers = NULL;
        if (json_get_string(record, "metadata", &metadata, NULL) && metadata && *metadata &&
            json_parse_object(
                            metadata, strlen(metadata), RECORDS_SIZE_MAX, "metadata", &node,
                            &object, NULL))
                (void) json_get_strings(object, "berth-signers", &signers, NULL);
        return signers ? signers : g_new0(char *, 1);
}

static StoreImage *image_from(JsonObject *record, const StorePlace *place, GError **error) {
        g_autoptr(StoreImage) image = g_new0(StoreImage, 1);
        image->id = g_strdup(json_object_get_string_member(record, "id"));
        image->store_path = g_strdup(place->path);
        image->read_only = place->read_only;
        image->signers = find_signers(record);
        bool ok = take_string(record, "digest", &image->digest, error) &&
                  take_string(record, "layer", &image->layer, error) &&
                  take_string(record, "created", &image->created, error) &&
                  take_names(record, "names", &image->names, error) &&
                  take_names(record, "names-history", &image->names_history, error) &&
                  sum_items(record, &image->items_size, error);
        if (ok && image->layer && !hex_id_is_valid(image->layer))
                ok = error_set_invalid(error, "'%.80s' is not a layer id", image->layer);
        if (!ok) {
                g_prefix_error(error, "image '%s': ", image->id);
                return NULL;
        }
        return g_steal_pointer(&image);
}

bool store_image_list(Store *store, GPtrArray **ret_images, GError **error) {
        g_autoptr(GPtrArray) images =
                        g_ptr_array_new_with_free_func((GDestroyNotify) store_image_free);
        g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
        for (guint i = 0; i < store->places->len; i++) {
                const StorePlace *place = store->places->pdata[i];
                g_autofree char *path = place_images_path(place, "images.json");
                g_autoptr(JsonNode) root = NULL;
                if (!records_load(path, &root, error))
                        return false;
                JsonArray *records = json_node_get_array(root);
                for (guint k = 0; k < json_array_get_length(records); k++) {
                        StoreImage *image = image_from(
                                        json_array_get_object_element(records, k), place, error);
                        if (!image)
                                return false;
                        if (!g_hash_table_add(seen, image->id)) { /* the main store's wins */
                                store_image_free(image);
                                continue;
                        }
                        g_ptr_array_add(images, image);
                }
        }
        *ret_images = g_steal_pointer(&images);
        return true;
}

static bool has_name(const StoreImage *image, const char *name) {
        return g_strv_contains((const char *const *) image->names, name);
}

static gint find_by_name(GPtrArray *images, const char *name) {
        for (guint i = 0; i < images->len; i++)
                if (has_name(images->pdata[i], name))
                        return (gint) i;
        return -1;
}

/* "repo@digest": an image of that digest that has (or had) a name in the repository. */
static gint find_by_digest(GPtrArray *images, const OciReference *reference) {
        g_autofree char *repository = oci_reference_format_repository(reference);
        size_t n = strlen(repository);
        for (guint i = 0; i < images->len; i++) {
                const StoreImage *image = images->pdata[i];
                if (g_strcmp0(image->digest, reference->digest) != 0)
                        continue;
                for (char **name = image->names; *name; name++)
                        if (strncmp(*name, repository, n) == 0 && strchr(":@", (*name)[n]))
                                return (gint) i;
        }
        return -1;
}

/* A short name also finds "any.registry/team/NAME:tag", as Podman does. */
static gint find_by_suffix(GPtrArray *images, const char *short_name) {
        g_autofree char *suffix = g_strconcat("/", short_name, NULL);
        for (guint i = 0; i < images->len; i++) {
                const StoreImage *image = images->pdata[i];
                for (char **name = image->names; *name; name++)
                        if (g_str_has_suffix(*name, suffix))
                                return (gint) i;
        }
        return -1;
}

static gint find_reference(GPtrArray *images, const char *name) {
        bool is_short = oci_reference_is_short(name);
        g_autofree char *local = is_short ? g_strconcat("localhost/", name, NULL) : NULL;
        const char *const tries[] = { local ? local : name, local ? name : NULL, NULL };
        for (const char *const *at = tries; *at; at++) {
                g_autoptr(OciReference) reference = oci_reference_parse_tagged(*at, NULL);
                if (!reference)
                        return -1;
                g_autofree char *full = oci_reference_format_stored(reference);
                gint found = find_by_name(images, full);
                if (found < 0 && reference->digest)
                        found = find_by_digest(images, reference);
                if (found >= 0)
                        return found;
        }
        if (!is_short || strchr(name, '@'))
                return -1;
        const char *slash = strrchr(name, '/');
        g_autofree char *tagged = strchr(slash ? slash : name, ':')
                                                  ? g_strdup(name)
                                                  : g_strconcat(name, ":latest", NULL);
        return find_by_suffix(images, tagged);
}

static gint find_id(GPtrArray *images, const char *text, bool *ret_ambiguous) {
        const char *id = g_str_has_prefix(text, "sha256:") ? text + 7 : text;
        size_t n = strlen(id);
        gint found = -1;
        if (n < ID_PREFIX_MIN || n > 64 || strspn(id, "0123456789abcdef") != n)
                return -1;
        for (guint i = 0; i < images->len; i++) {
                const StoreImage *image = images->pdata[i];
                if (strncmp(image->id, id, n) != 0)
                        continue;
                *ret_ambiguous = found >= 0;
                if (*ret_ambiguous)
                        return -1;
                found = (gint) i;
        }
        return found;
}

bool store_image_find(Store *store, const char *name, StoreImage **ret_image, GError **error) {
        g_autoptr(GPtrArray) images = NULL;
        if (!store_image_list(store, &images, error))
                return false;
        bool ambiguous = false;
        gint found = -1;
        /* A whole id is never meant as a name. */
        if (hex_id_is_valid(name) || digest_is_valid(name))
                found = find_id(images, name, &ambiguous);
        if (found < 0 && !digest_is_valid(name))
                found = find_reference(images, name);
        if (found < 0)
                found = find_id(images, name, &ambiguous);
        if (found < 0 && ambiguous)
                return error_set(
                                error, STORE_ERROR, STORE_ERROR_AMBIGUOUS,
                                "'%s' is the beginning of more than one image id", name);
        if (found < 0)
                return error_set(
                                error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "%s: image not known",
                                name);
        *ret_image = g_ptr_array_steal_index(images, (guint) found);
        return true;
}

static bool
read_item(Store *store,
          const StoreImage *image,
          const char *key,
          size_t limit,
          GBytes **ret_bytes,
          GError **error) {
        const StorePlace *place = store_place_find(store, image->store_path);
        g_assert(place); /* images come from store_image_list() of this store */
        g_autofree char *path = place_image_item_path(place, image->id, key);
        g_autoptr(GError) inner = NULL;
        if (file_read(AT_FDCWD, path, limit, ret_bytes, &inner))
                return true;
        return error_set(
                        error, STORE_ERROR, STORE_ERROR_DAMAGED, "image '%s' is damaged: %s",
                        image->id, inner->message);
}

bool store_image_read_config(
                Store *store, const StoreImage *image, GBytes **ret_config, GError **error) {
        g_autofree char *digest = g_strconcat("sha256:", image->id, NULL);
        g_autoptr(GBytes) bytes = NULL;
        if (!read_item(store, image, digest, OCI_IMAGE_CONFIG_SIZE_MAX, &bytes, error))
                return false;
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        g_autoptr(GError) inner = NULL;
        if (!digest_verify(digest, data, size, "its config", &inner))
                return error_set(
                                error, STORE_ERROR, STORE_ERROR_DAMAGED,
                                "image '%s' is damaged: %s", image->id, inner->message);
        *ret_config = g_steal_pointer(&bytes);
        return true;
}

bool store_image_read_manifest(
                Store *store, const StoreImage *image, GBytes **ret_manifest, GError **error) {
        return read_item(store, image, "manifest", OCI_MANIFEST_SIZE_MAX, ret_manifest, error);
}
