/* SPDX-License-Identifier: Apache-2.0 */
/* The pull: resolve the manifest, verify it, plan, let layer-fetch.c work, commit. */
#include "image/pull.h"

#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "image/http.h"
#include "image/layer-fetch.h"
#include "image/progress.h"
#include "oci/image-config.h"
#include "store/writer.h"

#define INDEX_DEPTH_MAX 2
#define COMMIT_TRIES    4 /* a reused layer may be removed under us that often */

typedef struct Document {
        GBytes *bytes;
        char *digest;
        OciManifest *manifest;
} Document;

static void document_clear(Document *document) {
        g_clear_pointer(&document->bytes, g_bytes_unref);
        g_clear_pointer(&document->digest, g_free);
        g_clear_pointer(&document->manifest, oci_manifest_free);
}

typedef struct Pull {
        Store *store;
        ImageSource *source;
        const PullOptions *options;
        Document documents[INDEX_DEPTH_MAX + 1]; /* the last one is the image's manifest */
        int n_documents;
        GBytes *config_bytes;
        OciImageConfig *config;
        GPtrArray *signatures, *signers;
        GPtrArray *layers; /* of LayerFetch */
} Pull;

static void pull_clear(Pull *pull) {
        for (int i = 0; i < pull->n_documents; i++)
                document_clear(&pull->documents[i]);
        g_clear_pointer(&pull->config_bytes, g_bytes_unref);
        g_clear_pointer(&pull->config, oci_image_config_free);
        g_clear_pointer(&pull->signatures, g_ptr_array_unref);
        g_clear_pointer(&pull->signers, g_ptr_array_unref);
        g_clear_pointer(&pull->layers, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pull, pull_clear)

static const Document *image_document(const Pull *pull) {
        return &pull->documents[pull->n_documents - 1];
}

/* Reads and checks one document; wanted is its descriptor in the index above it. */
static bool read_document(Pull *pull, const OciDescriptor *wanted, GError **error) {
        g_autoptr(GBytes) bytes = NULL;
        g_autofree char *type = NULL;
        if (!pull->source->class->manifest(
                            pull->source, wanted ? wanted->digest : NULL, &bytes, &type, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        if (wanted && (int64_t) size != wanted->size)
                return error_set_invalid(
                                error,
                                "manifest '%s' has %zu bytes, the index says %" G_GINT64_FORMAT,
                                wanted->digest, size, wanted->size);
        if (wanted && !digest_verify(wanted->digest, text, size, "the manifest", error))
                return false;
        Document *document = &pull->documents[pull->n_documents];
        document->manifest = oci_manifest_parse(text, size, type, error);
        if (!document->manifest)
                return false;
        document->digest = wanted ? g_strdup(wanted->digest) : digest_of_bytes(text, size);
        document->bytes = g_steal_pointer(&bytes);
        pull->n_documents++;
        return true;
}

static bool resolve(Pull *pull, GError **error) {
        OciPlatformWish host = oci_platform_host();
        const OciPlatformWish *wish = pull->options->platform ? pull->options->platform : &host;
        const OciDescriptor *wanted = NULL;
        for (;;) {
                if (pull->n_documents > INDEX_DEPTH_MAX)
                        return error_set_invalid(
                                        error, "indexes nested more than %d deep", INDEX_DEPTH_MAX);
                if (!read_document(pull, wanted, error))
                        return false;
                const OciManifest *manifest = image_document(pull)->manifest;
                if (manifest->kind == OCI_DOCUMENT_MANIFEST)
                        break;
                wanted = oci_index_choose(manifest, wish, error);
                if (!wanted)
                        return false;
        }
        const OciManifest *manifest = image_document(pull)->manifest;
        if (!oci_manifest_is_image(manifest))
                return error_set_invalid(
                                error,
                                "unsupported media type '%s': this is an artifact, not an "
                                "image",
                                manifest->config->media_type ? manifest->config->media_type : "");
        return true;
}

static bool read_config(Pull *pull, GError **error) {
        const OciManifest *manifest = image_document(pull)->manifest;
        gsize size;
        if (!g_str_has_prefix(manifest->config->digest, "sha256:"))
                return error_set_invalid(error, "the config's digest is not sha256");
        if (!image_source_read_blob(
                            pull->source, manifest->config, OCI_IMAGE_CONFIG_SIZE_MAX,
                            &pull->config_bytes, error)) {
                g_prefix_error(error, "image config: ");
                return false;
        }
        const char *text = g_bytes_get_data(pull->config_bytes, &size);
        pull->config = oci_image_config_parse(text, size, error);
        if (!pull->config)
                return false;
        guint n = g_strv_length(pull->config->diff_ids);
        if (n != manifest->layers->len)
                return error_set_invalid(
                                error, "the manifest has %u layers, the config %u diff ids",
                                manifest->layers->len, n);
        return true;
}

static void plan_layers(Pull *pull) {
        const OciManifest *manifest = image_document(pull)->manifest;
        const char *parent = NULL;
        pull->layers = g_ptr_array_new_with_free_func((GDestroyNotify) layer_fetch_free);
        for (guint i = 0; i < manifest->layers->len; i++) {
                LayerFetch *fetch = g_new0(LayerFetch, 1);
                fetch->descriptor = manifest->layers->pdata[i];
                fetch->diff_id = pull->config->diff_ids[i];
                fetch->id = store_chain_id(parent, fetch->diff_id);
                parent = fetch->id;
                g_ptr_array_add(pull->layers, fetch);
        }
}

static StoreNewLayer *new_layer(const LayerFetch *fetch) {
        StoreNewLayer *layer = g_new0(StoreNewLayer, 1);
        layer->id = g_strdup(fetch->id);
        if (!fetch->staged)
                return layer;
        layer->staged = g_strdup(fetch->staged);
        layer->diff_id = g_strdup(fetch->result.diff_id);
        layer->digest = g_strdup(fetch->result.digest);
        layer->diff_size = fetch->result.diff_size;
        layer->size = fetch->result.size;
        layer->compression = (int) fetch->result.compression;
        layer->uids = g_array_ref(fetch->result.uids);
        layer->gids = g_array_ref(fetch->result.gids);
        return layer;
}

static StoreNewImage *new_image(const Pull *pull) {
        const Document *document = image_document(pull);
        StoreNewImage *image = store_new_image_new();
        image->id = g_strdup(digest_hex(document->manifest->config->digest));
        image->digest = g_strdup(document->digest);
        image->created = g_strdup(pull->config->created);
        for (const char *const *name = pull->options->names; name && *name; name++)
                g_ptr_array_add(image->names, g_strdup(*name));
        for (guint i = 0; i < pull->layers->len; i++)
                g_ptr_array_add(image->layers, new_layer(pull->layers->pdata[i]));
        store_new_image_add_item(image, document->manifest->config->digest, pull->config_bytes);
        for (int i = 0; i < pull->n_documents; i++) {
                g_autofree char *key = g_strconcat("manifest-", pull->documents[i].digest, NULL);
                store_new_image_add_item(image, key, pull->documents[i].bytes);
        }
        store_new_image_add_item(image, "manifest", document->bytes);
        image->signatures = g_ptr_array_ref(pull->signatures);
        image->signers = g_ptr_array_ref(pull->signers);
        return image;
}

/* Fetches what is missing and commits; when a layer that was to be reused has been removed by
 * someone meanwhile, that one is fetched, too. */
static bool fetch_and_commit(Pull *pull, Progress *progress, GError **error) {
        g_autoptr(StoreStage) stage = NULL;
        for (int attempt = 0;; attempt++) {
                g_autoptr(GError) inner = NULL;
                if (!layer_fetch_find_present(pull->store, pull->layers, error))
                        return false;
                if (!stage)
                        stage = store_stage_new(pull->store, error);
                if (!stage || !layer_fetch_all(pull->source, stage, pull->layers, progress, error))
                        return false;
                g_autoptr(StoreNewImage) image = new_image(pull);
                if (store_commit(pull->store, stage, image, &inner))
                        return true;
                if (!g_error_matches(inner, STORE_ERROR, STORE_ERROR_NOT_FOUND) ||
                    attempt + 1 >= COMMIT_TRIES) {
                        g_propagate_error(error, g_steal_pointer(&inner));
                        return false;
                }
        }
}

bool pull_find_manifest(
                ImageSource *source,
                const OciPlatformWish *platform,
                char **ret_digest,
                GError **error) {
        PullOptions options = { .platform = platform };
        g_auto(Pull) pull = { .source = source, .options = &options };
        if (!resolve(&pull, error))
                return false;
        *ret_digest = g_strdup(image_document(&pull)->digest);
        return true;
}

bool pull_image(Store *store,
                ImageSource *source,
                const PullOptions *options,
                char **ret_id,
                GError **error) {
        g_auto(Pull) pull = { .store = store, .source = source, .options = options };
        pull.signatures = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        pull.signers = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(Progress) progress = progress_new(options->what, options->quiet);
        if (!resolve(&pull, error))
                return false;
        /* Trust is decided before anything that the manifest names is used. */
        if (options->verify &&
            !options->verify(
                            options->verify_data, source, image_document(&pull)->digest,
                            pull.signatures, pull.signers, error))
                return false;
        if (!read_config(&pull, error) || !store_prepare(store, error))
                return false;
        plan_layers(&pull);
        if (!fetch_and_commit(&pull, progress, error))
                return false;
        *ret_id = g_strdup(digest_hex(image_document(&pull)->manifest->config->digest));
        return true;
}
