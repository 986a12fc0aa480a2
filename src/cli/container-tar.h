/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "cli/copy-end.h"
#include "cli/tree-tar.h"
#include "runtime/container.h"

/* A container's files as a tar stream, owners by its own ids. */

/* The whole root; of what is mounted there only the mount points. Opening it may be only possible
 * before another user namespace is entered, which it does. */
bool container_tar_open_root(Runtime *runtime, const char *name, CopyEnd *ret_root, GError **error);
bool container_tar_root(const CopyEnd *root, TreeTarWrite write, void *data, GError **error);

/* Its own layer, image-spec layer.md. The caller is root of the user namespace that has the files.
 */
bool container_tar_layer(
                Runtime *runtime,
                const ContainerRecord *record,
                TreeTarWrite write,
                void *data,
                GError **error);
