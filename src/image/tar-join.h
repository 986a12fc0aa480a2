/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "image/source.h"
#include "store/place.h"

/* The exact tar that a layer came as, from its tar-split and its files. */
bool tar_join(const StoreLayer *layer, ImageSink sink, void *data, GError **error);
