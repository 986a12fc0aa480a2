/* SPDX-License-Identifier: Apache-2.0 */
/* `docker save`: manifest.json names config and layers, and there is no manifest with digests. One
 * is made up, as other tools do: each layer stands for its diff id. */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "image/hash.h"
#include "image/http.h"
#include "image/inflate.h"
#include "image/local-blob.h"
#include "image/local-source.h"
#include "oci/image-config.h"
#include "oci/manifest-writer.h"

#define MANIFEST_SIZE_MAX (1u << 20)

typedef struct ArchiveSource {
        ImageSource base;
        Files *files; /* borrowed */
        char *config_name;
        char **layer_names;
        char **diff_ids;
        GBytes *manifest;
        char *config_digest;
} ArchiveSource;

/* A layer of the archive on its way out: Docker's are plain, others compress them; what the
 * manifest promises is the plain tar. */
typedef struct Plain {
        Inflater *inflater;
} Plain;

static bool inflate_bytes(void *data, const void *bytes, size_t size, GError **error) {
        return inflater_push(((Plain *) data)->inflater, bytes, size, error);
}

static bool
stream_plain(Files *files, const char *name, ImageSink sink, void *data, GError **error) {
        g_autoptr(Inflater) inflater = inflater_new(sink, data);
        Plain plain = { inflater };
        return local_blob_stream(files, name, inflate_bytes, &plain, error) &&
               inflater_finish(inflater, error);
}

static bool archive_manifest(
                ImageSource *base,
                const char *digest,
                GBytes **ret_bytes,
                char **ret_type,
                GError **error) {
        *ret_bytes = g_bytes_ref(((ArchiveSource *) base)->manifest);
        *ret_type = g_strdup(DOCKER_MEDIA_MANIFEST);
        return true;
}

static bool
archive_blob(ImageSource *base,
             const OciDescriptor *descriptor,
             ImageSink sink,
             void *data,
             const int *cancel,
             GError **error) {
        ArchiveSource *source = (ArchiveSource *) base;
        if (g_str_equal(descriptor->digest, source->config_digest))
                return local_blob_stream(source->files, source->config_name, sink, data, error);
        for (guint i = 0; source->layer_names[i]; i++)
                if (g_str_equal(source->diff_ids[i], descriptor->digest))
                        return stream_plain(
                                        source->files, source->layer_names[i], sink, data, error);
        return error_set_invalid(error, "the archive has no blob '%s'", descriptor->digest);
}

static void archive_free(ImageSource *base) {
        ArchiveSource *source = (ArchiveSource *) base;
        g_free(source->config_name);
        g_strfreev(source->layer_names);
        g_strfreev(source->diff_ids);
        g_clear_pointer(&source->manifest, g_bytes_unref);
        g_free(source->config_digest);
        g_free(source);
}

static const ImageSourceClass archive_class = {
        .manifest = archive_manifest,
        .blob = archive_blob,
        .free = archive_free,
};

static bool count_bytes(void *data, const void *bytes, size_t size, GError **error) {
        *(int64_t *) data += (int64_t) size;
        return true;
}

static bool make_manifest(ArchiveSource *source, size_t config_size, GError **error) {
        g_autoptr(ManifestWriter) writer =
                        manifest_writer_new(true, source->config_digest, (int64_t) config_size);
        for (guint i = 0; source->layer_names[i]; i++) {
                int64_t size = 0;
                if (!stream_plain(source->files, source->layer_names[i], count_bytes, &size, error))
                        return false;
                manifest_writer_layer(writer, source->diff_ids[i], size, false);
        }
        source->manifest = manifest_writer_finish(writer);
        return true;
}

static bool fill(ArchiveSource *source, JsonObject *entry, GError **error) {
        const char *config_name;
        if (!json_need_string(entry, "Config", &config_name, error) ||
            !json_get_strings(entry, "Layers", &source->layer_names, error))
                return false;
        source->config_name = g_strdup(config_name);
        if (!source->layer_names)
                source->layer_names = g_new0(char *, 1);
        g_autoptr(GBytes) bytes = NULL;
        if (!files_read(source->files, config_name, OCI_IMAGE_CONFIG_SIZE_MAX, &bytes, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        g_autoptr(OciImageConfig) config = oci_image_config_parse(text, size, error);
        if (!config)
                return false;
        guint n = g_strv_length(source->layer_names);
        if (n != g_strv_length(config->diff_ids))
                return error_set_invalid(
                                error, "%u layers, but the config has %u diff ids", n,
                                g_strv_length(config->diff_ids));
        source->diff_ids = g_steal_pointer(&config->diff_ids);
        source->config_digest = digest_of_bytes(text, size);
        return make_manifest(source, size, error);
}

static LocalImage *
image_from(Files *files, JsonObject *entry, char **tags, const char *label, GError **error) {
        ArchiveSource *source = g_new0(ArchiveSource, 1);
        source->base.class = &archive_class;
        source->base.name = g_strconcat("docker-archive:", label, NULL);
        source->files = files;
        if (!fill(source, entry, error)) {
                image_source_free(&source->base);
                return NULL;
        }
        LocalImage *image = g_new0(LocalImage, 1);
        image->source = &source->base;
        image->names = tags ? g_strdupv(tags) : g_new0(char *, 1);
        return image;
}

static bool is_meant(char **tags, guint i, const char *which) {
        if (!which || !*which)
                return true;
        if (*which == '@')
                return g_ascii_strtoull(which + 1, NULL, 10) == i;
        for (char **tag = tags; tag && *tag; tag++)
                if (g_str_equal(*tag, which) || g_str_has_suffix(*tag, which))
                        return true;
        return false;
}

GPtrArray *
docker_archive_images(Files *files, const char *which, const char *label, GError **error) {
        g_autoptr(GBytes) bytes = NULL;
        if (!files_read(files, "manifest.json", MANIFEST_SIZE_MAX, &bytes, error)) {
                g_prefix_error(error, "'%s' is not a Docker archive: ", label);
                return NULL;
        }
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        g_autoptr(JsonNode) root = NULL;
        if (!json_parse(text, size, MANIFEST_SIZE_MAX, "manifest.json", &root, error))
                return NULL;
        if (!JSON_NODE_HOLDS_ARRAY(root)) {
                error_set_invalid(error, "'%s': manifest.json is not an array", label);
                return NULL;
        }
        JsonArray *entries = json_node_get_array(root);
        g_autoptr(GPtrArray) images =
                        g_ptr_array_new_with_free_func((GDestroyNotify) local_image_free);
        for (guint i = 0; i < json_array_get_length(entries); i++) {
                JsonObject *entry;
                g_auto(GStrv) tags = NULL;
                if (!json_element_object(entries, i, &entry, error) ||
                    !json_get_strings(entry, "RepoTags", &tags, error))
                        return NULL;
                if (!is_meant(tags, i, which))
                        continue;
                LocalImage *image = image_from(files, entry, tags, label, error);
                if (!image) {
                        g_prefix_error(error, "'%s': image %u: ", label, i);
                        return NULL;
                }
                g_ptr_array_add(images, image);
        }
        if (images->len == 0) {
                error_set(error, IMAGE_ERROR, IMAGE_ERROR_NOT_FOUND, "'%s' has no image '%s'",
                          label, which ? which : "");
                return NULL;
        }
        return g_steal_pointer(&images);
}
