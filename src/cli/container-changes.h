/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "cli/layer-diff.h"
#include "runtime/container.h"

/* What a container's own layer changes in its image's files, without the mount points and files
 * that every container gets: absolute path -> LayerChange. Where there is another user namespace
 * the caller has entered it. ret_upper_fd: the layer, owned by the caller; or NULL. Caller unrefs.
 */
GHashTable *container_changes(
                Runtime *runtime, const ContainerRecord *record, int *ret_upper_fd, GError **error);

/* What an image's topmost layer changes in those below it. */
GHashTable *image_changes(Runtime *runtime, const char *name, GError **error);
