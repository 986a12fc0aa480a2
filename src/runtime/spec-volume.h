/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/spec-build.h"

/* --volume [SRC:]DST[:OPTIONS]: a host path, a named volume or an anonymous one. */
bool spec_volume_add(const SpecRequest *request, const char *text, OciSpec *spec, GError **error);

/* --mount type=bind|volume|tmpfs|image|glob|ramfs|devpts,…: comma-separated, quoted as CSV. */
bool spec_mount_add(const SpecRequest *request, const char *text, OciSpec *spec, GError **error);

/* The VOLUMEs of the image that nothing else covers, as anonymous volumes. */
bool spec_volume_add_image_volumes(const SpecRequest *request, OciSpec *spec, GError **error);

/* What both are made of. */
typedef struct VolumeFlags {
        GPtrArray *mount_words; /* for the runtime configuration */
        bool no_copy;
        bool propagation_given;
        bool gives_owner;         /* "U" */
        bool is_overlay;          /* "O": what is written goes away with the container */
        const char *upper, *work; /* of "O"; NULL: in /run */
} VolumeFlags;

/* Words of the third field, "ro,z,…". */
bool spec_volume_parse_flags(
                const char *text, const char *what, VolumeFlags *flags, GError **error);

/* A path, the name of a volume, or NULL for an anonymous one. */
bool spec_volume_add_source(
                const SpecRequest *request,
                const char *source,
                const char *destination,
                const VolumeFlags *flags,
                const char *what,
                OciSpec *spec,
                GError **error);

/* lower: paths with colons between. What is written goes to the upper directory of flags, or to one
 * in the container's own in /run. */
bool spec_volume_add_overlay(
                const SpecRequest *request,
                OciSpec *spec,
                const char *lower,
                const char *destination,
                const VolumeFlags *flags,
                bool writable,
                const char *what,
                GError **error);

/* An image's files, read-only or until the container is gone. */
bool spec_volume_add_image(
                const SpecRequest *request,
                const char *name,
                const char *destination,
                const VolumeFlags *flags,
                bool writable,
                const char *what,
                OciSpec *spec,
                GError **error);

/* What the user asks for replaces a default. */
void spec_volume_drop_covered(OciSpec *spec, const char *destination);
