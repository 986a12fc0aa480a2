/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* A tar reader in push mode: ustar, pax (POSIX.1-2001) and GNU long names. Own code rather than
 * libarchive, because the store's tar-split needs every byte that is not a file's body exactly as
 * it came, which libarchive does not give, and because bytes are pushed by the network here. */

typedef enum TarKind {
        TAR_REGULAR,
        TAR_HARDLINK,
        TAR_SYMLINK,
        TAR_CHARACTER,
        TAR_BLOCK,
        TAR_DIRECTORY,
        TAR_FIFO,
} TarKind;

typedef struct TarXattr {
        char *name;
        GBytes *value;
} TarXattr;

typedef struct TarEntry {
        TarKind kind;
        char *name; /* as written, no NUL inside */
        char *link; /* target of links, or NULL */
        uint32_t uid, gid;
        mode_t mode;   /* permission bits only */
        uint64_t size; /* of the body; 0 for everything but regular files */
        struct timespec mtime;
        uint32_t major, minor;
        GPtrArray *xattrs; /* of TarXattr, or NULL */
} TarEntry;

#define TAR_EXTENSION_SIZE_MAX (1u << 20) /* one pax header, as Go's archive/tar */
#define TAR_NAME_SIZE_MAX      4096
#define TAR_ENTRIES_MAX        10000000u

typedef struct TarSink {
        /* Every byte of the stream that is not a body, in order, before header() of its entry. */
        bool (*raw)(void *data, const void *bytes, size_t size, GError **error);
        bool (*header)(void *data, const TarEntry *entry, GError **error);
        bool (*body)(void *data, const void *bytes, size_t size, GError **error);
        bool (*end)(void *data, const TarEntry *entry, GError **error);
} TarSink;

typedef struct TarReader TarReader;

TarReader *tar_reader_new(const TarSink *sink, void *data); /* both borrowed */
void tar_reader_free(TarReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TarReader, tar_reader_free)

bool tar_reader_push(TarReader *reader, const void *bytes, size_t size, GError **error);

/* The end of the stream; an error in the middle of an entry. */
bool tar_reader_finish(TarReader *reader, GError **error);
