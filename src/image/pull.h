/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "image/source.h"
#include "store/store.h"

/* Brings one image from a source into the store: choose, verify, fetch what is missing, commit. */

#define PULL_WORKERS_MAX 6 /* as many as other engines fetch at once */

typedef struct PullOptions {
        const OciPlatformWish *platform; /* NULL: this machine */
        const char *const *names;        /* fully qualified; NULL or empty: none */
        const char *what;                /* for messages */
        bool quiet;
        /* Asked before any byte of the image enters the store; sets the error when it says no. The
         * signatures it found good are added to the array and kept with the image. */
        bool (*verify)(void *data,
                       ImageSource *source,
                       const char *manifest_digest,
                       GPtrArray *signatures,
                       GPtrArray *signers,
                       GError **error);
        void *verify_data;
} PullOptions;

/* Stops every pull of this process at the next byte: for signal handlers. */
void pull_cancel_all(void);

/* The digest of the manifest that a pull of the source would take. Caller frees. */
bool pull_find_manifest(
                ImageSource *source,
                const OciPlatformWish *platform,
                char **ret_digest,
                GError **error);

bool pull_image(Store *store,
                ImageSource *source,
                const PullOptions *options,
                char **ret_id,
                GError **error);
