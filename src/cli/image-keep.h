/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "cli/image-filter.h"

/* Why an image must not be collected: unit files use it (whether their service runs or not), it is
 * what such a unit used before, a container uses it, it has a name, it is pinned. */
typedef struct ImageKeeper ImageKeeper;

/* Reads the unit files of this manager. all: ImageFacts, borrowed, outlives us. */
ImageKeeper *image_keeper_new(GPtrArray *all);
void image_keeper_free(ImageKeeper *keeper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageKeeper, image_keeper_free)

/* NULL: nothing keeps it. Caller frees. */
char *image_keeper_reason(const ImageKeeper *keeper, const ImageFacts *facts);
