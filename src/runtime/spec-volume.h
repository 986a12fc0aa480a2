/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/spec-build.h"

/* --volume [SRC:]DST[:OPTIONS]: a host path, a named volume or an anonymous one. */
bool spec_volume_add(const SpecRequest *request, const char *text, OciSpec *spec, GError **error);

/* --mount type=bind|volume|tmpfs,…: comma-separated, quoted as CSV. */
bool spec_mount_add(const SpecRequest *request, const char *text, OciSpec *spec, GError **error);

/* The VOLUMEs of the image that nothing else covers, as anonymous volumes. */
bool spec_volume_add_image_volumes(const SpecRequest *request, OciSpec *spec, GError **error);

/* A volume of the local driver: its directory is VOLUMES/NAME/_data. Made when absent; a new one
 * starts with what the image has at destination (NULL: empty). Caller frees the path. */
char *volume_local_path(
                const SpecRequest *request,
                const char *name,
                const char *destination,
                GError **error);
