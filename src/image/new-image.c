/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an image that is made here. */
#include "image/new-image.h"

#include <errno.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "oci/manifest-writer.h"

#define BUFFER_SIZE (256u << 10)

bool new_image_read_layer(int fd, int directory_fd, LayerResult *ret_result, GError **error) {
        LayerWant want = { .size = -1 };
        g_autoptr(LayerStream) stream = layer_stream_new(directory_fd, &want, error);
        g_autofree char *buffer = g_malloc(BUFFER_SIZE);
        if (!stream)
                return false;
        for (;;) {
                ssize_t n = read(fd, buffer, BUFFER_SIZE);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(error, errno, "Cannot read the archive");
                if (n == 0)
                        return layer_stream_finish(stream, ret_result, error);
                if (!layer_stream_push(stream, buffer, (size_t) n, error))
                        return false;
        }
}

StoreNewLayer *new_image_layer(const char *parent, const LayerResult *result, const char *staged) {
        StoreNewLayer *layer = g_new0(StoreNewLayer, 1);
        layer->id = store_chain_id(parent, result->diff_id);
        layer->staged = g_strdup(staged);
        layer->diff_id = g_strdup(result->diff_id);
        layer->digest = g_strdup(result->digest);
        layer->diff_size = result->diff_size;
        layer->size = result->size;
        layer->compression = (int) result->compression;
        layer->uids = g_array_ref(result->uids);
        layer->gids = g_array_ref(result->gids);
        return layer;
}

static char *bytes_digest(GBytes *bytes, int64_t *ret_size) {
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        *ret_size = (int64_t) size;
        return digest_of_bytes(data, size);
}

StoreNewImage *new_image_make(bool docker, GPtrArray *layers, GBytes *config, const char *created) {
        int64_t config_size, manifest_size;
        g_autofree char *config_digest = bytes_digest(config, &config_size);
        g_autoptr(ManifestWriter) writer = manifest_writer_new(docker, config_digest, config_size);
        for (guint i = 0; i < layers->len; i++) {
                const StoreNewLayer *layer = layers->pdata[i];
                manifest_writer_layer(
                                writer, layer->digest, layer->size,
                                layer->compression == INFLATE_GZIP);
        }
        g_autoptr(GBytes) manifest = manifest_writer_finish(writer);

        StoreNewImage *image = store_new_image_new();
        image->id = g_strdup(digest_hex(config_digest));
        image->digest = bytes_digest(manifest, &manifest_size);
        image->created = g_strdup(created);
        g_ptr_array_extend_and_steal(image->layers, layers);
        g_autofree char *key = g_strconcat("manifest-", image->digest, NULL);
        store_new_image_add_item(image, config_digest, config);
        store_new_image_add_item(image, key, manifest);
        store_new_image_add_item(image, "manifest", manifest);
        return image;
}
