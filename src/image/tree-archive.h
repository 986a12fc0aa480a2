/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Whole directories as tar archives: volumes. Containers may write to the tree meanwhile, so
 * nothing is reached by a path: no symbolic link is ever followed. */

/* Writes the tree below root_fd as a pax archive (POSIX.1-2001) with numeric owners, extended
 * attributes, hard links and devices; sockets are left out. Both borrowed. */
bool tree_archive_write(int root_fd, int output_fd, GError **error);

/* Unpacks an archive, possibly compressed, over the tree below root_fd. */
bool tree_archive_read(int input_fd, int root_fd, GError **error);
