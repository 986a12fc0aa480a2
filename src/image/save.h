/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "store/store.h"

typedef enum SaveFormat {
        SAVE_DOCKER_ARCHIVE,
        SAVE_OCI_ARCHIVE,
} SaveFormat;

/* Writes images of the store as one archive into fd. Layers come out as the plain tars they were,
 * so the archive is the same every time. */
bool save_images(Store *store, const char *const *names, SaveFormat format, int fd, GError **error);
