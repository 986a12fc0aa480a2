/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "oci/manifest.h"
#include "store/store.h"

/* A root file system in a tar -> an image of one layer. changes are Dockerfile instructions ("CMD
 * [\"/bin/sh\"]", "ENV A=1"); name may be NULL. */
bool import_tar(Store *store,
                int fd,
                const char *name,
                const OciPlatformWish *platform,
                const char *const *changes,
                const char *message,
                char **ret_id,
                GError **error);
