/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "image/files.h"
#include "image/source.h"

/* Images in directories and archives. Each function gives one source per image found there; all of
 * them share the files, which have to outlive them. */

typedef struct LocalImage {
        ImageSource *source; /* owned */
        char **names;        /* as written there; may be empty */
} LocalImage;

void local_image_free(LocalImage *image);

/* An OCI layout (image-layout.md). which: a reference name, "@N", or NULL: all of index.json. */
GPtrArray *oci_layout_images(Files *files, const char *which, const char *label, GError **error);

/* `docker save`'s layout. which: "name:tag", "@N", or NULL: all. */
GPtrArray *
docker_archive_images(Files *files, const char *which, const char *label, GError **error);

/* skopeo's dir: layout. */
GPtrArray *directory_images(Files *files, const char *label, GError **error);
