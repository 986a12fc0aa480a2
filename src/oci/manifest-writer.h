/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Makes manifests for images that come without one or leave in another form. */
typedef struct ManifestWriter ManifestWriter;

/* docker: schema 2 with Docker's media types, else OCI. */
ManifestWriter *manifest_writer_new(bool docker, const char *config_digest, int64_t config_size);
void manifest_writer_free(ManifestWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ManifestWriter, manifest_writer_free)

void manifest_writer_layer(ManifestWriter *writer, const char *digest, int64_t size, bool gzip);
GBytes *manifest_writer_finish(ManifestWriter *writer);
