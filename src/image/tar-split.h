/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Writes the tar-split of a layer: all of the tar but the files' bodies, with which Podman makes
 * the exact archive again for push and save. gzip of JSON lines: {"type":2} raw bytes, {"type":1}
 * a body by name, size and CRC-64. */

typedef struct TarSplit TarSplit;

/* Writes into fd, which is borrowed. */
TarSplit *tar_split_new(int fd);
void tar_split_free(TarSplit *split);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TarSplit, tar_split_free)

bool tar_split_raw(TarSplit *split, const void *bytes, size_t size, GError **error);
void tar_split_body(TarSplit *split, const void *bytes, size_t size);
bool tar_split_entry(TarSplit *split, const char *name, uint64_t size, GError **error);
bool tar_split_finish(TarSplit *split, GError **error);
