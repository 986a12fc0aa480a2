/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "image/tar.h"

/* Applies the entries of one layer's tar to its `diff` directory (image-spec layer.md), turning
 * whiteouts into overlayfs's. Nothing outside of the directory is touched, whatever the names
 * say. The process runs with umask 0. */

typedef struct Unpacker Unpacker;

/* root_fd and its parent directory stay the caller's. scratch_fd is a directory on the same file
 * system for a nameless temporary file. */
Unpacker *unpacker_new(int root_fd, int scratch_fd, GError **error);
void unpacker_free(Unpacker *unpacker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Unpacker, unpacker_free)

/* For archives that are no layers: names that begin with ".wh." are files as any other. */
void unpacker_set_plain(Unpacker *unpacker);

bool unpacker_header(Unpacker *unpacker, const TarEntry *entry, GError **error);
bool unpacker_body(Unpacker *unpacker, const void *bytes, size_t size, GError **error);
bool unpacker_end(Unpacker *unpacker, const TarEntry *entry, GError **error);

/* Sets the directories' times, which every entry below them changed. */
bool unpacker_finish(Unpacker *unpacker, GError **error);

/* The distinct owners seen, whiteouts excluded, sorted: for layers.json. Caller frees. */
GArray *unpacker_uids(const Unpacker *unpacker);
GArray *unpacker_gids(const Unpacker *unpacker);
