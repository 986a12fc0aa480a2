/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "store/store.h"

typedef enum SaveFormat {
        SAVE_DOCKER_ARCHIVE,
        SAVE_OCI_ARCHIVE,
        SAVE_DOCKER_DIRECTORY, /* "dir:" */
        SAVE_OCI_DIRECTORY,
} SaveFormat;

typedef struct SaveRequest {
        SaveFormat format;
        bool multi;       /* all names are images; else the others are further names of the first */
        int fd;           /* of an archive, borrowed */
        const char *path; /* of a directory */
} SaveRequest;

/* Writes images of the store. Layers come out as the plain tars they were, so the result is the
 * same every time. */
bool save_images(
                Store *store, const char *const *names, const SaveRequest *request, GError **error);
