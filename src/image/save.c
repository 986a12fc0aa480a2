/* SPDX-License-Identifier: Apache-2.0 */
/* `berth save`. */
#include "image/save.h"

#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "image/save-target.h"
#include "image/tar-join.h"
#include "oci/manifest-writer.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "store/place.h"

/* One image on its way out. */
typedef struct Leaving {
        StoreImage *image;
        GPtrArray *names; /* the ones asked for; empty when it was asked for by id */
        GPtrArray *chain; /* of StoreLayer, topmost first */
        GBytes *config;
} Leaving;

static void leaving_free(gpointer data) {
        Leaving *leaving = data;
        store_image_free(leaving->image);
        g_clear_pointer(&leaving->names, g_ptr_array_unref);
        g_clear_pointer(&leaving->chain, g_ptr_array_unref);
        g_clear_pointer(&leaving->config, g_bytes_unref);
        g_free(leaving);
}

static void note_name(Leaving *leaving, const char *text) {
        if (g_str_has_prefix(leaving->image->id, text))
                return; /* by id: no name goes along */
        g_autoptr(OciReference) reference = oci_reference_parse_tagged(text, NULL);
        g_autofree char *full = reference ? oci_reference_format_stored(reference) : NULL;
        const char *const *have = (const char *const *) leaving->image->names;
        if (full && g_strv_contains(have, full))
                g_ptr_array_add(leaving->names, g_steal_pointer(&full));
        else if (have[0])
                g_ptr_array_add(leaving->names, g_strdup(have[0]));
}

static bool collect(Store *store, const char *name, GPtrArray *all, GError **error) {
        g_autoptr(StoreImage) image = NULL;
        if (!store_image_find(store, name, &image, error))
                return false;
        for (guint i = 0; i < all->len; i++) { /* two names of one image */
                Leaving *other = all->pdata[i];
                if (g_str_equal(other->image->id, image->id)) {
                        note_name(other, name);
                        return true;
                }
        }
        Leaving *leaving = g_new0(Leaving, 1);
        g_ptr_array_add(all, leaving);
        leaving->image = g_steal_pointer(&image);
        leaving->names = g_ptr_array_new_with_free_func(g_free);
        note_name(leaving, name);
        return store_image_read_config(store, leaving->image, &leaving->config, error) &&
               store_layer_chain(store, leaving->image->layer, &leaving->chain, error);
}

static bool write_bytes(void *data, const void *bytes, size_t size, GError **error) {
        return save_target_bytes(data, bytes, size, error);
}

/* Each layer once, however many images share it. */
static bool
write_layers(SaveTarget *target,
             const Leaving *leaving,
             const char *pattern,
             GHashTable *written,
             GError **error) {
        for (guint i = leaving->chain->len; i > 0; i--) {
                const StoreLayer *layer = leaving->chain->pdata[i - 1];
                if (!digest_is_valid(layer->diff_digest))
                        return error_set_invalid(error, "layer '%s' has no digest", layer->id);
                if (!g_hash_table_add(written, g_strdup(layer->diff_digest)))
                        continue;
                g_autofree char *name = g_strdup_printf(pattern, digest_hex(layer->diff_digest));
                if (!save_target_begin(target, name, layer->diff_size, error) ||
                    !tar_join(layer, write_bytes, target, error) || !save_target_end(target, error))
                        return false;
        }
        return true;
}

static JsonObject *docker_entry(const Leaving *leaving) {
        JsonObject *entry = json_object_new();
        g_autofree char *config = g_strconcat(leaving->image->id, ".json", NULL);
        JsonArray *tags = json_array_new(), *layers = json_array_new();
        for (guint i = 0; i < leaving->names->len; i++)
                json_array_add_string_element(tags, leaving->names->pdata[i]);
        for (guint i = leaving->chain->len; i > 0; i--) {
                const StoreLayer *layer = leaving->chain->pdata[i - 1];
                g_autofree char *name = g_strconcat(digest_hex(layer->diff_digest), ".tar", NULL);
                json_array_add_string_element(layers, name);
        }
        json_object_set_string_member(entry, "Config", config);
        json_object_set_array_member(entry, "RepoTags", tags);
        json_object_set_array_member(entry, "Layers", layers);
        return entry;
}

static GBytes *array_bytes(JsonArray *array) {
        g_autoptr(JsonNode) root = json_node_new(JSON_NODE_ARRAY);
        json_node_set_array(root, array);
        char *text = json_format(root, false);
        return g_bytes_new_take(text, strlen(text));
}

static bool save_docker(SaveTarget *target, GPtrArray *all, GHashTable *written, GError **error) {
        g_autoptr(JsonArray) entries = json_array_new();
        for (guint i = 0; i < all->len; i++) {
                const Leaving *leaving = all->pdata[i];
                g_autofree char *config = g_strconcat(leaving->image->id, ".json", NULL);
                if (!write_layers(target, leaving, "%s.tar", written, error) ||
                    !save_target_file(target, config, leaving->config, error))
                        return false;
                json_array_add_object_element(entries, docker_entry(leaving));
        }
        g_autoptr(GBytes) manifest = array_bytes(entries);
        return save_target_file(target, "manifest.json", manifest, error);
}

static GBytes *manifest_bytes(bool docker, const Leaving *leaving) {
        g_autofree char *config = g_strconcat("sha256:", leaving->image->id, NULL);
        g_autoptr(ManifestWriter) writer = manifest_writer_new(
                        docker, config, (int64_t) g_bytes_get_size(leaving->config));
        for (guint i = leaving->chain->len; i > 0; i--) {
                const StoreLayer *layer = leaving->chain->pdata[i - 1];
                manifest_writer_layer(writer, layer->diff_digest, layer->diff_size, false);
        }
        return manifest_writer_finish(writer);
}

/* One entry per name, or one without. */
static void add_index_entries(JsonArray *entries, const Leaving *leaving, GBytes *manifest) {
        gsize size;
        const void *data = g_bytes_get_data(manifest, &size);
        g_autofree char *digest = digest_of_bytes(data, size);
        for (guint i = 0; i < MAX(leaving->names->len, 1); i++) {
                JsonObject *entry = json_object_new();
                json_object_set_string_member(entry, "mediaType", OCI_MEDIA_MANIFEST);
                json_object_set_string_member(entry, "digest", digest);
                json_object_set_int_member(entry, "size", (gint64) size);
                if (leaving->names->len > 0) {
                        JsonObject *annotations = json_object_new();
                        json_object_set_string_member(
                                        annotations, "org.opencontainers.image.ref.name",
                                        leaving->names->pdata[i]);
                        json_object_set_object_member(entry, "annotations", annotations);
                }
                json_array_add_object_element(entries, entry);
        }
}

static bool write_blob(SaveTarget *target, GBytes *bytes, GHashTable *written, GError **error) {
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        g_autofree char *digest = digest_of_bytes(data, size);
        g_autofree char *name = g_strconcat("blobs/sha256/", digest_hex(digest), NULL);
        return !g_hash_table_add(written, g_strdup(digest)) ||
               save_target_file(target, name, bytes, error);
}

static bool save_oci(SaveTarget *target, GPtrArray *all, GHashTable *written, GError **error) {
        g_autoptr(JsonObject) index = json_object_new();
        JsonArray *entries = json_array_new();
        json_object_set_int_member(index, "schemaVersion", 2);
        json_object_set_array_member(index, "manifests", entries);
        for (guint i = 0; i < all->len; i++) {
                const Leaving *leaving = all->pdata[i];
                g_autoptr(GBytes) manifest = manifest_bytes(false, leaving);
                if (!write_layers(target, leaving, "blobs/sha256/%s", written, error) ||
                    !write_blob(target, leaving->config, written, error) ||
                    !write_blob(target, manifest, written, error))
                        return false;
                add_index_entries(entries, leaving, manifest);
        }
        char *text = json_format_object(index, false);
        g_autoptr(GBytes) index_bytes = g_bytes_new_take(text, strlen(text));
        static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
        g_autoptr(GBytes) layout_bytes = g_bytes_new_static(layout, strlen(layout));
        return save_target_file(target, "index.json", index_bytes, error) &&
               save_target_file(target, "oci-layout", layout_bytes, error);
}

/* skopeo's dir: layout; it has room for one image, and none for its name. */
static bool
save_dir(SaveTarget *target, const Leaving *leaving, GHashTable *written, GError **error) {
        static const char version[] = "Directory Transport Version: 1.1\n";
        g_autoptr(GBytes) version_bytes = g_bytes_new_static(version, strlen(version));
        g_autoptr(GBytes) manifest = manifest_bytes(true, leaving);
        return write_layers(target, leaving, "%s", written, error) &&
               save_target_file(target, leaving->image->id, leaving->config, error) &&
               save_target_file(target, "manifest.json", manifest, error) &&
               save_target_file(target, "version", version_bytes, error);
}

/* Without -m what follows the first name are further names for it, which nobody need have. */
static bool add_names(Leaving *leaving, const char *const *names, GError **error) {
        for (; *names; names++) {
                char *name = oci_reference_given_name(*names, error);
                if (!name)
                        return false;
                g_ptr_array_add(leaving->names, name);
        }
        return true;
}

static bool
write_all(SaveTarget *target,
          SaveFormat format,
          GPtrArray *all,
          GHashTable *written,
          GError **error) {
        switch (format) {
        case SAVE_DOCKER_ARCHIVE:
                return save_docker(target, all, written, error);
        case SAVE_OCI_ARCHIVE:
        case SAVE_OCI_DIRECTORY:
                return save_oci(target, all, written, error);
        case SAVE_DOCKER_DIRECTORY:
                return save_dir(target, all->pdata[0], written, error);
        }
        g_assert_not_reached();
}

bool save_images(
                Store *store,
                const char *const *names,
                const SaveRequest *request,
                GError **error) {
        g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(leaving_free);
        if (request->multi && request->format != SAVE_DOCKER_ARCHIVE && names[1])
                return error_set_invalid(error, "only docker-archive can hold several images (-m)");
        if (!collect(store, names[0], all, error))
                return false;
        for (const char *const *name = names + 1; request->multi && *name; name++)
                if (!collect(store, *name, all, error))
                        return false;
        if (!request->multi && !add_names(all->pdata[0], names + 1, error))
                return false;
        bool is_directory = request->format == SAVE_OCI_DIRECTORY ||
                            request->format == SAVE_DOCKER_DIRECTORY;
        g_autoptr(SaveTarget) target =
                        is_directory ? save_target_new_directory(request->path, error)
                                     : save_target_new_archive(request->fd);
        g_autoptr(GHashTable) written =
                        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        if (!target)
                return false;
        if (write_all(target, request->format, all, written, error) &&
            save_target_finish(target, error))
                return true;
        save_target_drop(target);
        return false;
}
