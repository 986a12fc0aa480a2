/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Manifests and indexes (image-spec manifest.md, image-index.md, and Docker's schema 2, which has
 * the same members). */

#define OCI_MEDIA_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define OCI_MEDIA_INDEX       "application/vnd.oci.image.index.v1+json"
#define OCI_MEDIA_CONFIG      "application/vnd.oci.image.config.v1+json"
#define DOCKER_MEDIA_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_MEDIA_INDEX    "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_MEDIA_CONFIG   "application/vnd.docker.container.image.v1+json"

#define OCI_MANIFEST_SIZE_MAX (4u << 20) /* as c/image */
#define OCI_LAYERS_MAX        500        /* the overlay driver's depth */
#define OCI_INDEX_ENTRIES_MAX 1000

typedef struct OciPlatform {
        char *architecture, *os, *variant;
} OciPlatform;

typedef struct OciDescriptor {
        char *media_type;
        char *digest; /* valid */
        int64_t size; /* >= 0 */
        char **urls;  /* or NULL */
        char *data;   /* inline content in base64, or NULL */
        char *artifact_type;
        GHashTable *annotations; /* name -> value; may be NULL */
        OciPlatform *platform;   /* or NULL */
} OciDescriptor;

typedef enum OciDocumentKind {
        OCI_DOCUMENT_MANIFEST,
        OCI_DOCUMENT_INDEX,
} OciDocumentKind;

typedef struct OciManifest {
        OciDocumentKind kind;
        char *media_type; /* as served or as found out from the structure */
        char *artifact_type;
        OciDescriptor *config;   /* manifest only */
        GPtrArray *layers;       /* of OciDescriptor; of an index: its entries */
        GHashTable *annotations; /* may be NULL */
} OciManifest;

void oci_descriptor_free(OciDescriptor *descriptor);
void oci_manifest_free(OciManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OciDescriptor, oci_descriptor_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OciManifest, oci_manifest_free)

/* Parses either kind. content_type is what the server said, or NULL; a document that contradicts
 * it, or that has members of both kinds, is refused (type confusion). Schema 1 is refused by name.
 */
OciManifest *
oci_manifest_parse(const char *bytes, size_t size, const char *content_type, GError **error);

/* True for images that can be run: the config is an image config. Otherwise an artifact. */
bool oci_manifest_is_image(const OciManifest *manifest);

/* True for layers that registries need not hold ("nondistributable", "foreign"). */
bool oci_layer_is_foreign(const OciDescriptor *layer);

/* What to look for in an index. */
typedef struct OciPlatformWish {
        const char *os, *architecture;
        const char *variant; /* NULL: the best this machine runs */
} OciPlatformWish;

/* This machine, in Go's words ("amd64", "arm64"). */
OciPlatformWish oci_platform_host(void);

/* "linux/arm/v7", "arm64" -> strings owned by the caller; os and variant may stay NULL. */
bool oci_platform_parse(const char *text, OciPlatform *ret_platform, GError **error);
void oci_platform_clear(OciPlatform *platform);

/* The best entry of an index, borrowed. Attestations (unknown/unknown) never match; an entry
 * without platform is the last resort. */
const OciDescriptor *
oci_index_choose(const OciManifest *index, const OciPlatformWish *wish, GError **error);

#define OCI_ERROR oci_error_quark()
GQuark oci_error_quark(void);
typedef enum OciError {
        OCI_ERROR_NO_PLATFORM, /* the index has no entry for it */
        OCI_ERROR_SCHEMA1,
} OciError;
