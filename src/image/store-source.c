/* SPDX-License-Identifier: Apache-2.0 */
/* containers-storage: as a source. The manifest is made up from the config and the plain layers. */
#include "image/store-source.h"

#include <string.h>

#include "base/error.h"
#include "image/tar-join.h"
#include "oci/image-config.h"
#include "oci/manifest-writer.h"
#include "store/place.h"

typedef struct StoreSource {
        ImageSource base;
        GPtrArray *chain; /* of StoreLayer, topmost first */
        GBytes *config, *manifest;
        char *config_digest;
} StoreSource;

static bool
store_manifest(ImageSource *base,
               const char *digest,
               GBytes **ret_bytes,
               char **ret_type,
               GError **error) {
        *ret_bytes = g_bytes_ref(((StoreSource *) base)->manifest);
        *ret_type = g_strdup(OCI_MEDIA_MANIFEST);
        return true;
}

static bool
store_blob(ImageSource *base,
           const OciDescriptor *descriptor,
           ImageSink sink,
           void *data,
           const int *cancel,
           GError **error) {
        StoreSource *source = (StoreSource *) base;
        if (g_str_equal(descriptor->digest, source->config_digest)) {
                gsize size;
                const void *bytes = g_bytes_get_data(source->config, &size);
                return sink(data, bytes, size, error);
        }
        for (guint i = 0; i < source->chain->len; i++) {
                const StoreLayer *layer = source->chain->pdata[i];
                if (g_strcmp0(layer->diff_digest, descriptor->digest) == 0)
                        return tar_join(layer, sink, data, error);
        }
        return error_set_invalid(error, "no layer '%s'", descriptor->digest);
}

static void store_source_free(ImageSource *base) {
        StoreSource *source = (StoreSource *) base;
        g_clear_pointer(&source->chain, g_ptr_array_unref);
        g_clear_pointer(&source->config, g_bytes_unref);
        g_clear_pointer(&source->manifest, g_bytes_unref);
        g_free(source->config_digest);
        g_free(source);
}

static const ImageSourceClass store_class = {
        .manifest = store_manifest,
        .blob = store_blob,
        .free = store_source_free,
};

static void make_manifest(StoreSource *source) {
        g_autoptr(ManifestWriter) writer = manifest_writer_new(
                        false, source->config_digest, (int64_t) g_bytes_get_size(source->config));
        for (guint i = source->chain->len; i > 0; i--) {
                const StoreLayer *layer = source->chain->pdata[i - 1];
                manifest_writer_layer(writer, layer->diff_digest, layer->diff_size, false);
        }
        source->manifest = manifest_writer_finish(writer);
}

static bool fill(StoreSource *source, Store *store, const StoreImage *image, GError **error) {
        if (!store_image_read_config(store, image, &source->config, error) ||
            !store_layer_chain(store, image->layer, &source->chain, error))
                return false;
        for (guint i = 0; i < source->chain->len; i++) {
                const StoreLayer *layer = source->chain->pdata[i];
                if (!layer->diff_digest || layer->diff_size < 0)
                        return error_set(
                                        error, STORE_ERROR, STORE_ERROR_DAMAGED,
                                        "layer '%s' has no digest", layer->id);
        }
        source->config_digest = g_strconcat("sha256:", image->id, NULL);
        make_manifest(source);
        return true;
}

GPtrArray *store_source_images(Store *store, const char *name, GError **error) {
        g_autoptr(StoreImage) image = NULL;
        if (!store_image_find(store, name, &image, error))
                return NULL;
        StoreSource *source = g_new0(StoreSource, 1);
        source->base.class = &store_class;
        source->base.name = g_strconcat("containers-storage:", name, NULL);
        if (!fill(source, store, image, error)) {
                image_source_free(&source->base);
                return NULL;
        }
        LocalImage *local = g_new0(LocalImage, 1);
        local->source = &source->base;
        local->names = g_strdupv(image->names);
        GPtrArray *images = g_ptr_array_new_with_free_func((GDestroyNotify) local_image_free);
        g_ptr_array_add(images, local);
        return images;
}
