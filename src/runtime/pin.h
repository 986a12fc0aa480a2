/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/container.h"

/* Images in use. Other users of the store (Podman, CRI-O) remove an image unless a container's
 * record in containers.json names it. One record an image, not one a container: only the first
 * container of an image since boot has to write it, all others find a mark in the run directory. It
 * stays while the unit of a container is between two starts, so that a stopped service keeps its
 * image, and goes with the container or with the next look for unused images. */

/* After the container's record is saved; on a start after the payload was released, for this may
 * wait for the store's lock. That the image stays unprotected is a warning, no failure. */
void pin_image(Runtime *runtime, const ContainerRecord *record);

/* Takes the record away unless a container of ours uses the image. */
bool pin_release(Runtime *runtime, const char *image_id, GError **error);

/* The same for all images that have one: before images are looked at for removal. */
bool pin_settle(Runtime *runtime, GError **error);

/* The containers of ours that use the image: ContainerRecord, owned by the array. */
GPtrArray *pin_users(Runtime *runtime, const char *image_id, GError **error);
