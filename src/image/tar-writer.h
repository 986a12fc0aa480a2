/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Plain tar archives for `save`: regular files, mode 0444, time 0, as Docker writes them. */
typedef struct TarWriter TarWriter;

TarWriter *tar_writer_new(int fd); /* borrowed */
void tar_writer_free(TarWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TarWriter, tar_writer_free)

/* Announces a file of exactly size bytes, which tar_writer_bytes() then brings. */
bool tar_writer_begin(TarWriter *writer, const char *name, int64_t size, GError **error);
bool tar_writer_bytes(TarWriter *writer, const void *bytes, size_t size, GError **error);
bool tar_writer_end(TarWriter *writer, GError **error);

bool tar_writer_file(TarWriter *writer, const char *name, GBytes *bytes, GError **error);
bool tar_writer_finish(TarWriter *writer, GError **error);
