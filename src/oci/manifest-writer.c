/* SPDX-License-Identifier: Apache-2.0 */
/* Writing manifests. */
#include "oci/manifest-writer.h"

#include <string.h>

#include "base/json.h"
#include "oci/manifest.h"

struct ManifestWriter {
        bool docker;
        JsonObject *root;
        JsonArray *layers; /* borrowed from root */
};

static JsonObject *descriptor(const char *type, const char *digest, int64_t size) {
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "mediaType", type);
        json_object_set_string_member(object, "digest", digest);
        json_object_set_int_member(object, "size", size);
        return object;
}

ManifestWriter *manifest_writer_new(bool docker, const char *config_digest, int64_t config_size) {
        ManifestWriter *writer = g_new0(ManifestWriter, 1);
        writer->docker = docker;
        writer->root = json_object_new();
        writer->layers = json_array_new();
        json_object_set_int_member(writer->root, "schemaVersion", 2);
        json_object_set_string_member(
                        writer->root, "mediaType",
                        docker ? DOCKER_MEDIA_MANIFEST : OCI_MEDIA_MANIFEST);
        json_object_set_object_member(
                        writer->root, "config",
                        descriptor(docker ? DOCKER_MEDIA_CONFIG : OCI_MEDIA_CONFIG, config_digest,
                                   config_size));
        json_object_set_array_member(writer->root, "layers", writer->layers);
        return writer;
}

void manifest_writer_free(ManifestWriter *writer) {
        if (!writer)
                return;
        json_object_unref(writer->root);
        g_free(writer);
}

void manifest_writer_layer(ManifestWriter *writer, const char *digest, int64_t size, bool gzip) {
        static const char *const types[2][2] = {
                { "application/vnd.oci.image.layer.v1.tar",
                  "application/vnd.oci.image.layer.v1.tar+gzip" },
                { "application/vnd.docker.image.rootfs.diff.tar",
                  "application/vnd.docker.image.rootfs.diff.tar.gzip" },
        };
        json_array_add_object_element(
                        writer->layers, descriptor(types[writer->docker][gzip], digest, size));
}

GBytes *manifest_writer_finish(ManifestWriter *writer) {
        char *text = json_format_object(writer->root, false);
        return g_bytes_new_take(text, strlen(text));
}
