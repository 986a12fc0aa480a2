/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* What an overlay's upper directory changes in what lies below it, overlayfs.rst. */

typedef enum LayerChange {
        LAYER_CHANGED = 'C',
        LAYER_ADDED = 'A',
        LAYER_DELETED = 'D',
} LayerChange;

/* Absolute path -> LayerChange. lower_fd: the root of all lower layers, merged; -1: none. Caller
 * unrefs. */
GHashTable *layer_diff(int upper_fd, int lower_fd, GError **error);
