/* SPDX-License-Identifier: Apache-2.0 */
/* oci: and dir:, which keep the documents of a registry as files. docker-archive: is in
 * docker-archive.c. */
#include "image/local-source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "image/http.h"
#include "image/local-blob.h"

#define REF_NAME        "org.opencontainers.image.ref.name"
#define CONTAINERD_NAME "io.containerd.image.name"
#define SIGNATURES_MAX  128

typedef struct LocalSource {
        ImageSource base;
        Files *files;   /* borrowed */
        bool directory; /* dir:, else an OCI layout */
        char *digest;   /* of the top document; NULL for dir: */
} LocalSource;

void local_image_free(LocalImage *image) {
        if (!image)
                return;
        image_source_free(image->source);
        g_strfreev(image->names);
        g_free(image);
}

bool local_blob_stream(Files *files, const char *name, ImageSink sink, void *data, GError **error) {
        autofd int fd = files_open(files, name, error);
        if (fd < 0)
                return false;
        g_autofree char *buffer = g_malloc(LOCAL_BUFFER_SIZE);
        for (;;) {
                ssize_t n = read(fd, buffer, LOCAL_BUFFER_SIZE);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(error, errno, "Cannot read '%s'", name);
                if (n == 0)
                        return true;
                if (!sink(data, buffer, (size_t) n, error))
                        return false;
        }
}

/* The file of a blob; the digest is valid, so its parts are safe. */
static char *blob_name(const LocalSource *source, const char *digest) {
        bool sha256 = g_str_has_prefix(digest, "sha256:");
        if (source->directory)
                return sha256 ? g_strdup(digest_hex(digest))
                              : g_strconcat("sha512-", digest_hex(digest), NULL);
        return g_strconcat("blobs/", sha256 ? "sha256/" : "sha512/", digest_hex(digest), NULL);
}

static bool
local_manifest(ImageSource *base,
               const char *digest,
               GBytes **ret_bytes,
               char **ret_type,
               GError **error) {
        LocalSource *source = (LocalSource *) base;
        const char *which = digest ? digest : source->digest;
        g_autofree char *name = NULL;
        if (!which)
                name = g_strdup("manifest.json");
        else if (source->directory)
                name = g_strconcat(digest_hex(which), ".manifest.json", NULL);
        else
                name = blob_name(source, which);
        *ret_type = NULL;
        g_autoptr(GBytes) bytes = NULL;
        if (!files_read(source->files, name, OCI_MANIFEST_SIZE_MAX, &bytes, error))
                return false;
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        if (which && !digest_verify(which, data, size, "the manifest", error))
                return false;
        *ret_bytes = g_steal_pointer(&bytes);
        return true;
}

static bool
local_blob(ImageSource *base,
           const OciDescriptor *descriptor,
           ImageSink sink,
           void *data,
           const int *cancel,
           GError **error) {
        LocalSource *source = (LocalSource *) base;
        g_autofree char *name = blob_name(source, descriptor->digest);
        return local_blob_stream(source->files, name, sink, data, error);
}

/* dir: keeps signatures as signature-1, signature-2, … */
static bool
local_signatures(ImageSource *base, const char *digest, GPtrArray *signatures, GError **error) {
        LocalSource *source = (LocalSource *) base;
        for (unsigned int i = 1; source->directory && i <= SIGNATURES_MAX; i++) {
                g_autofree char *name = g_strdup_printf("signature-%u", i);
                g_autoptr(GBytes) bytes = NULL;
                if (!files_has(source->files, name))
                        break;
                if (!files_read(source->files, name, OCI_MANIFEST_SIZE_MAX, &bytes, error))
                        return false;
                g_ptr_array_add(signatures, g_steal_pointer(&bytes));
        }
        return true;
}

static void local_free(ImageSource *base) {
        g_free(((LocalSource *) base)->digest);
        g_free(base);
}

static const ImageSourceClass local_class = {
        .manifest = local_manifest,
        .blob = local_blob,
        .signatures = local_signatures,
        .free = local_free,
};

static LocalImage *local_image_new(Files *files, bool directory, const char *digest, char *name) {
        LocalSource *source = g_new0(LocalSource, 1);
        source->base.class = &local_class;
        source->base.name = name;
        source->files = files;
        source->directory = directory;
        source->digest = g_strdup(digest);
        LocalImage *image = g_new0(LocalImage, 1);
        image->source = &source->base;
        image->names = g_new0(char *, 2);
        return image;
}

GPtrArray *directory_images(Files *files, const char *label, GError **error) {
        GPtrArray *images = g_ptr_array_new_with_free_func((GDestroyNotify) local_image_free);
        g_ptr_array_add(images,
                        local_image_new(files, true, NULL, g_strconcat("dir:", label, NULL)));
        return images;
}

static const char *annotation(const OciDescriptor *entry, const char *name) {
        return entry->annotations ? g_hash_table_lookup(entry->annotations, name) : NULL;
}

static bool is_meant(const OciDescriptor *entry, guint i, const char *which) {
        if (!which || !*which)
                return true;
        if (*which == '@')
                return g_ascii_strtoull(which + 1, NULL, 10) == i;
        return g_strcmp0(annotation(entry, REF_NAME), which) == 0;
}

GPtrArray *oci_layout_images(Files *files, const char *which, const char *label, GError **error) {
        g_autoptr(GBytes) bytes = NULL;
        if (!files_read(files, "index.json", OCI_MANIFEST_SIZE_MAX, &bytes, error)) {
                g_prefix_error(error, "'%s' is not an OCI layout: ", label);
                return NULL;
        }
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        g_autoptr(OciManifest) index = oci_manifest_parse(text, size, OCI_MEDIA_INDEX, error);
        if (!index) {
                g_prefix_error(error, "'%s': index.json: ", label);
                return NULL;
        }
        g_autoptr(GPtrArray) images =
                        g_ptr_array_new_with_free_func((GDestroyNotify) local_image_free);
        for (guint i = 0; i < index->layers->len; i++) {
                const OciDescriptor *entry = index->layers->pdata[i];
                if (!is_meant(entry, i, which))
                        continue;
                const char *name = annotation(entry, CONTAINERD_NAME);
                if (!name)
                        name = annotation(entry, REF_NAME);
                LocalImage *image = local_image_new(
                                files, false, entry->digest,
                                g_strconcat("oci:", label, name ? ":" : "", name, NULL));
                image->names[0] = g_strdup(name);
                g_ptr_array_add(images, image);
        }
        if (images->len == 0) {
                error_set(error, IMAGE_ERROR, IMAGE_ERROR_NOT_FOUND, "'%s' has no image%s%s%s",
                          label, which && *which ? " '" : "", which ? which : "",
                          which && *which ? "'" : "");
                return NULL;
        }
        return g_steal_pointer(&images);
}
