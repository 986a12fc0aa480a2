/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/spec-build.h"

/* --volume [SRC:]DST[:OPTIONS]: a host path, a named volume or an anonymous one. */
bool spec_volume_add(const SpecRequest *request, const char *text, OciSpec *spec, GError **error);

/* --mount type=bind|volume|tmpfs,…: comma-separated, quoted as CSV. */
bool spec_mount_add(const SpecRequest *request, const char *text, OciSpec *spec, GError **error);

/* The VOLUMEs of the image that nothing else covers, as anonymous volumes. */
bool spec_volume_add_image_volumes(const SpecRequest *request, OciSpec *spec, GError **error);
