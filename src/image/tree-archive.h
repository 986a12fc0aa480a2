/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Unpacks an archive, possibly compressed, over the tree below root_fd: volumes. Containers may
 * write to the tree meanwhile; no symbolic link is followed. Both borrowed. */
bool tree_archive_read(int input_fd, int root_fd, GError **error);
