/* SPDX-License-Identifier: Apache-2.0 */
/* `podman image inspect`, from the store's documents. */
#include "cli/image-json.h"

#include <string.h>

#include "base/json.h"
#include "cli/image-filter.h"
#include "oci/image-config.h"
#include "oci/manifest.h"

/* "config" and "history" as they are written in the document: nothing is lost. */
static void copy_member(JsonObject *from, const char *name, JsonObject *to, const char *as) {
        JsonNode *node = json_object_get_member(from, name);
        if (node)
                json_object_set_member(to, as, json_node_ref(node));
        else
                json_object_set_null_member(to, as);
}

static void set_text(JsonObject *object, const char *name, const char *value) {
        json_object_set_string_member(object, name, value ? value : "");
}

static bool
add_layers(Store *store,
           const StoreImage *image,
           JsonObject *object,
           const OciImageConfig *config,
           GError **error) {
        g_auto(GStrv) paths = NULL;
        uint64_t size;
        if (!store_image_layer_paths(store, image, &paths, error) ||
            !store_image_size(store, image, &size, error))
                return false;
        json_object_set_int_member(object, "Size", (gint64) size);
        json_object_set_int_member(object, "VirtualSize", (gint64) size);

        JsonObject *data = json_object_new();
        guint n = g_strv_length(paths);
        if (n > 1) {
                g_autofree char *lower = g_strjoinv(":", paths + 1);
                json_object_set_string_member(data, "LowerDir", lower);
        }
        if (n > 0) {
                g_autofree char *layer = g_path_get_dirname(paths[0]);
                g_autofree char *work = g_build_filename(layer, "work", NULL);
                json_object_set_string_member(data, "UpperDir", paths[0]);
                json_object_set_string_member(data, "WorkDir", work);
        }
        JsonObject *driver = json_object_new();
        json_object_set_string_member(driver, "Name", "overlay");
        json_object_set_object_member(driver, "Data", data);
        json_object_set_object_member(object, "GraphDriver", driver);

        JsonObject *root_fs = json_object_new();
        json_object_set_string_member(root_fs, "Type", "layers");
        json_set_strings(root_fs, "Layers", (const char *const *) config->diff_ids);
        json_object_set_object_member(object, "RootFS", root_fs);
        return true;
}

static void add_manifest(Store *store, const StoreImage *image, JsonObject *object) {
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(OciManifest) manifest = NULL;
        gsize size;
        if (store_image_read_manifest(store, image, &bytes, NULL)) {
                const char *text = g_bytes_get_data(bytes, &size);
                manifest = oci_manifest_parse(text, size, NULL, NULL);
        }
        set_text(object, "ManifestType", manifest ? manifest->media_type : NULL);
        json_set_string_map(object, "Annotations", manifest ? manifest->annotations : NULL);
}

JsonObject *image_json(Store *store, const char *name, GError **error) {
        g_autoptr(StoreImage) image = NULL;
        g_autoptr(GBytes) bytes = NULL;
        if (!store_image_find(store, name, &image, error) ||
            !store_image_read_config(store, image, &bytes, error))
                return NULL;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        g_autoptr(OciImageConfig) config = oci_image_config_parse(text, size, error);
        g_autoptr(JsonNode) node = NULL;
        JsonObject *document;
        const char *comment;
        if (!config || !json_parse_object(
                                       text, size, OCI_IMAGE_CONFIG_SIZE_MAX, "image config", &node,
                                       &document, error))
                return NULL;
        g_autoptr(JsonObject) object = json_object_new();
        g_autoptr(GPtrArray) digests = image_repo_digests(image);
        set_text(object, "Id", image->id);
        set_text(object, "Digest", image->digest);
        json_set_strings(object, "RepoTags", (const char *const *) image->names);
        json_set_strings(object, "RepoDigests", (const char *const *) digests->pdata);
        set_text(object, "Parent", "");
        if (!json_get_string(document, "comment", &comment, error))
                return NULL;
        if (!comment && config->n_history > 0) /* the oldest step's, as Podman has it */
                comment = config->history[0].comment;
        set_text(object, "Comment", comment);
        set_text(object, "Created", config->created);
        copy_member(document, "config", object, "Config");
        set_text(object, "Version", "");
        set_text(object, "Author", config->author);
        set_text(object, "Architecture", config->architecture);
        set_text(object, "Os", config->os);
        if (!add_layers(store, image, object, config, error))
                return NULL;
        json_set_string_map(object, "Labels", config->labels);
        add_manifest(store, image, object);
        set_text(object, "User", config->user);
        copy_member(document, "history", object, "History");
        json_set_strings(object, "NamesHistory", (const char *const *) image->names_history);
        json_set_strings(object, "Signers", (const char *const *) image->signers);
        if (image->read_only)
                json_object_set_boolean_member(object, "ReadOnly", TRUE);
        return g_steal_pointer(&object);
}
