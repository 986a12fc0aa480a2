/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "store/store.h"

/* What `inspect` shows of an image, with Podman's field names. Caller unrefs; NULL on error. */
JsonObject *image_json(Store *store, const char *name, GError **error);
