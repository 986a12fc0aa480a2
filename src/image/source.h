/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "oci/manifest.h"

/* Where an image comes from: a registry, a directory, an archive, another store. Blobs are read by
 * several threads at once. */

typedef struct ImageSource ImageSource;

typedef bool (*ImageSink)(void *data, const void *bytes, size_t size, GError **error);

typedef struct ImageSourceClass {
        /* The manifest or index; digest NULL: the one that the name stands for. The caller checks
         * the digest. *ret_type may become NULL. */
        bool (*manifest)(
                        ImageSource *source,
                        const char *digest,
                        GBytes **ret_bytes,
                        char **ret_type,
                        GError **error);
        /* Streams a blob; the receiver checks digest and size. */
        bool (*blob)(ImageSource *source,
                     const OciDescriptor *descriptor,
                     ImageSink sink,
                     void *data,
                     const int *cancel,
                     GError **error);
        /* The same from a byte on, for what came before the last try broke; NULL where starting
         * again costs nothing. */
        bool (*blob_from)(
                        ImageSource *source,
                        const OciDescriptor *descriptor,
                        int64_t offset,
                        ImageSink sink,
                        void *data,
                        const int *cancel,
                        GError **error);
        /* The signatures of a manifest in containers/image's encoding (GBytes), or NULL member:
         * this kind of source has none. */
        bool (*signatures)(
                        ImageSource *source,
                        const char *digest,
                        GPtrArray *signatures,
                        GError **error);
        void (*free)(ImageSource *source);
} ImageSourceClass;

struct ImageSource {
        const ImageSourceClass *class;
        char *name; /* for messages: "docker://host/repo:tag" */
};

void image_source_free(ImageSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageSource, image_source_free)

/* Reads a blob into memory, checked against size and digest. */
bool image_source_read_blob(
                ImageSource *source,
                const OciDescriptor *descriptor,
                size_t limit,
                GBytes **ret_bytes,
                GError **error);
