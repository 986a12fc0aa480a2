/* SPDX-License-Identifier: Apache-2.0 */
/* A repository as the source of one image: manifests, and blobs that go on where the connection
 * broke. */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "image/registry.h"
#include "image/signature-fetch.h"

#define PROGRESS_BYTES (1 << 20) /* so much since the last break, and it is worth going on */
#define BREAKS_MAX     3         /* in a row without that progress */

static const char accept_manifests[] = OCI_MEDIA_MANIFEST
                ", " OCI_MEDIA_INDEX ", " DOCKER_MEDIA_MANIFEST ", " DOCKER_MEDIA_INDEX;

typedef struct RegistrySource {
        ImageSource base;
        Registry *registry;
        OciReference *logical;
} RegistrySource;

static bool
source_manifest(ImageSource *source,
                const char *digest,
                GBytes **ret_bytes,
                char **ret_type,
                GError **error) {
        Registry *registry = ((RegistrySource *) source)->registry;
        const OciReference *name = registry_name(registry);
        const char *tag = name->tag ? name->tag : "latest";
        const char *which = digest ? digest : name->digest ? name->digest : tag;
        g_autofree char *path = g_strconcat("manifests/", which, NULL);
        g_autofree char *what = g_strdup_printf("manifest '%s' of '%s'", which, name->path);
        HttpRequest request = {
                .what = what,
                .accept = accept_manifests,
                .limit = OCI_MANIFEST_SIZE_MAX,
        };
        g_auto(HttpResponse) response = { 0 };
        if (!registry_get(registry, path, &request, &response, error))
                return false;
        *ret_bytes = g_bytes_ref(response.body);
        *ret_type = g_strdup(response.content_type);
        return true;
}

/* One blob over possibly several connections. */
typedef struct BlobStream {
        ImageSink sink;
        void *data;
        int64_t done;    /* bytes handed on */
        int64_t discard; /* of an answer that starts from zero again */
        bool resumed;
        bool failed; /* the receiver refused: not to be tried again */
} BlobStream;

static bool blob_begin(void *data, const HttpResponse *response, GError **error) {
        BlobStream *stream = data;
        stream->discard = 0;
        if (stream->done == 0)
                return true;
        if (!response->content_range) { /* a server without ranges sends all of it again */
                stream->discard = stream->done;
                return true;
        }
        long long first = -1;
        if (sscanf(response->content_range, "bytes %lld-", &first) == 1 && first == stream->done)
                return true;
        stream->failed = true;
        return error_set_invalid(error, "the server resumed at the wrong place");
}

static bool blob_bytes(void *data, const void *bytes, size_t size, GError **error) {
        BlobStream *stream = data;
        size_t skip = (size_t) MIN((int64_t) size, stream->discard);
        stream->discard -= (int64_t) skip;
        if (size == skip)
                return true;
        stream->done += (int64_t) (size - skip);
        if (stream->sink(stream->data, (const char *) bytes + skip, size - skip, error))
                return true;
        stream->failed = true;
        return false;
}

static bool
may_resume(const BlobStream *stream, const GError *error, int64_t since, unsigned int breaks) {
        if (stream->failed || !g_error_matches(error, IMAGE_ERROR, IMAGE_ERROR_UNREACHABLE))
                return false;
        return since >= PROGRESS_BYTES || breaks < BREAKS_MAX;
}

static bool fetch_from_registry(
                Registry *registry,
                const OciDescriptor *descriptor,
                BlobStream *stream,
                const int *cancel,
                GError **error) {
        g_autofree char *path = g_strconcat("blobs/", descriptor->digest, NULL);
        g_autofree char *what = g_strdup_printf("blob '%s'", descriptor->digest);
        unsigned int breaks = 0;
        for (;;) {
                int64_t before = stream->done;
                HttpRequest request = {
                        .what = what,
                        .offset = stream->done,
                        .begin = blob_begin,
                        .sink = blob_bytes,
                        .data = stream,
                        .cancel = cancel,
                };
                g_auto(HttpResponse) response = { 0 };
                g_autoptr(GError) inner = NULL;
                if (registry_get(registry, path, &request, &response, &inner))
                        return true;
                /* All bytes came, only the end of the connection was untidy. */
                if (!stream->failed && stream->done == descriptor->size && stream->done > 0)
                        return true;
                if (!may_resume(stream, inner, stream->done - before, breaks)) {
                        g_propagate_error(error, g_steal_pointer(&inner));
                        return false;
                }
                breaks = stream->done - before >= PROGRESS_BYTES ? 0 : breaks + 1;
                log_debug("%s; going on at byte %" G_GINT64_FORMAT, inner->message, stream->done);
                g_usleep(G_USEC_PER_SEC + (gulong) g_random_int_range(0, 100000));
        }
}

/* image-spec descriptor.md, "urls": elsewhere, without our credentials. */
static bool
fetch_from_urls(Registry *registry,
                const OciDescriptor *descriptor,
                BlobStream *stream,
                const int *cancel,
                GError **error) {
        g_autofree char *what = g_strdup_printf("blob '%s'", descriptor->digest);
        for (char **url = descriptor->urls; *url; url++) {
                if (!g_str_has_prefix(*url, "https://"))
                        continue;
                HttpRequest request = {
                        .url = *url,
                        .what = what,
                        .begin = blob_begin,
                        .sink = blob_bytes,
                        .data = stream,
                        .cancel = cancel,
                };
                g_auto(HttpResponse) response = { 0 };
                g_clear_error(error);
                if (registry_get_foreign(registry, &request, &response, error) &&
                    response.status == 200)
                        return true;
                if (stream->done > 0)
                        break;
        }
        if (error && !*error)
                error_set(error, IMAGE_ERROR, IMAGE_ERROR_NOT_FOUND,
                          "%s is at none of the addresses in the manifest", what);
        return false;
}

static bool source_blob_from(
                ImageSource *source,
                const OciDescriptor *descriptor,
                int64_t offset,
                ImageSink sink,
                void *data,
                const int *cancel,
                GError **error) {
        Registry *registry = ((RegistrySource *) source)->registry;
        BlobStream stream = { .sink = sink, .data = data, .done = offset };
        g_autoptr(GError) inner = NULL;
        if (fetch_from_registry(registry, descriptor, &stream, cancel, &inner))
                return true;
        if (g_error_matches(inner, IMAGE_ERROR, IMAGE_ERROR_NOT_FOUND) && descriptor->urls &&
            descriptor->urls[0] && stream.done == 0)
                return fetch_from_urls(registry, descriptor, &stream, cancel, error);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
}

static bool
source_blob(ImageSource *source,
            const OciDescriptor *descriptor,
            ImageSink sink,
            void *data,
            const int *cancel,
            GError **error) {
        return source_blob_from(source, descriptor, 0, sink, data, cancel, error);
}

static bool
source_signatures(ImageSource *base, const char *digest, GPtrArray *signatures, GError **error) {
        RegistrySource *source = (RegistrySource *) base;
        g_auto(SignatureStore) store = { 0 };
        return registries_d_find(NULL, source->logical, &store, error) &&
               signature_fetch(source->registry, source->logical, &store, digest, signatures,
                               error);
}

static void source_free(ImageSource *source) {
        oci_reference_free(((RegistrySource *) source)->logical);
        registry_free(((RegistrySource *) source)->registry);
        g_free(source);
}

static const ImageSourceClass registry_class = {
        .manifest = source_manifest,
        .blob = source_blob,
        .blob_from = source_blob_from,
        .signatures = source_signatures,
        .free = source_free,
};

ImageSource *registry_source_new(Registry *registry, const OciReference *logical) {
        RegistrySource *source = g_new0(RegistrySource, 1);
        g_autofree char *name = oci_reference_format(registry_name(registry));
        source->base.class = &registry_class;
        source->base.name = g_strconcat("docker://", name, NULL);
        source->registry = registry;
        source->logical = oci_reference_copy(logical);
        return &source->base;
}
