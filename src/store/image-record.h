/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "store/edit.h"
#include "store/writer.h"

/* Inside the store layer: records in images.json. */

/* Writes the image's items, then its record. */
bool image_record_commit(StoreEdit *edit, const StoreNewImage *image, GError **error);

/* Puts name first in the record of id (NULL: only takes it away), and out of all others. */
void image_record_move_name(StoreEdit *edit, const char *id, const char *name);
