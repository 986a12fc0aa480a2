/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "image/local-source.h"
#include "store/store.h"

/* An image of another store as a source: its layers come out as plain tars. */
GPtrArray *store_source_images(Store *store, const char *name, GError **error);
