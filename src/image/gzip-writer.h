/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* gzip into a file, fast rather than small. */
typedef struct GzipWriter GzipWriter;

GzipWriter *gzip_writer_new(int fd); /* borrowed */
void gzip_writer_free(GzipWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GzipWriter, gzip_writer_free)

bool gzip_writer_write(GzipWriter *writer, const void *bytes, size_t size, GError **error);
bool gzip_writer_finish(GzipWriter *writer, GError **error);
