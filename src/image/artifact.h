/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "image/source.h"
#include "store/store.h"

/* OCI artifacts: files that travel through registries. They are kept as Podman does, in an OCI
 * layout below the graph root ("artifacts"), not in the image store. */

typedef struct ArtifactStore ArtifactStore;

/* Opens (and when `create` is set, makes) the layout. */
ArtifactStore *artifact_store_open(Store *store, bool create, GError **error);
void artifact_store_free(ArtifactStore *artifacts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArtifactStore, artifact_store_free)

typedef struct Artifact {
        char *name;
        char *digest; /* of the manifest */
        GBytes *bytes;
        OciManifest *manifest;
        int64_t size; /* of all blobs */
} Artifact;

void artifact_free(Artifact *artifact);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Artifact, artifact_free)

/* Artifact, owned by the array. */
GPtrArray *artifact_list(ArtifactStore *artifacts, GError **error);

/* By full name or digest, or a unique beginning of the digest. */
Artifact *artifact_find(ArtifactStore *artifacts, const char *name, GError **error);

/* Fetches all blobs, then the name. verify as in PullOptions. */
bool artifact_pull(
                ArtifactStore *artifacts,
                ImageSource *source,
                const char *name,
                bool (*verify)(void *data,
                               ImageSource *source,
                               const char *digest,
                               GPtrArray *signatures,
                               GPtrArray *signers,
                               GError **error),
                void *verify_data,
                char **ret_digest,
                GError **error);

/* What `add` makes of files. */
typedef struct ArtifactContent {
        const char *type;               /* artifactType, or NULL */
        const char *const *annotations; /* "key=value", of every file */
        const char *const *paths;
} ArtifactContent;

bool artifact_add(
                ArtifactStore *artifacts,
                const char *name,
                const ArtifactContent *content,
                char **ret_digest,
                GError **error);

/* Takes the name away, and the blobs that no other artifact has. */
bool artifact_remove(ArtifactStore *artifacts, const char *name, char **ret_digest, GError **error);

/* The title of a layer (org.opencontainers.image.title), or NULL. */
const char *artifact_title(const OciDescriptor *layer);

/* Copies one blob into an open file. */
bool artifact_extract(ArtifactStore *artifacts, const OciDescriptor *layer, int fd, GError **error);
