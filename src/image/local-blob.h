/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "image/files.h"
#include "image/source.h"

#define LOCAL_BUFFER_SIZE (256u << 10)

/* Streams one file of a set. */
bool local_blob_stream(Files *files, const char *name, ImageSink sink, void *data, GError **error);
