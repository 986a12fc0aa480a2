/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "store/store.h"

/* `berth commit`: what berth tells berth-image, and the image that comes of it. berth reads the
 * container, which only it may see; berth-image writes the store. */

/* On fd: 16 hexadecimal digits, that many bytes of a JSON object, then the layer's tar.
 *
 *   image      id of the container's image
 *   name       full name of the new one; absent: it has none
 *   config     the container's settings, as in an image's "config"
 *   merge      text of --config, put over them; absent: nothing
 *   changes    instructions, put over both
 *   author, message
 *   docker     Docker's format, else OCI
 *   squash     the tar is the whole root and the only layer */
bool commit_read(Store *store, int fd, char **ret_id, GError **error);
