/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The lock files of containers/storage. Podman and CRI-O take POSIX record locks on them; ours are
 * open file description locks (F_OFD_SETLKW), which conflict with those and are not lost when some
 * other descriptor on the file is closed. The first 64 bytes are a token: whoever changed the data
 * writes a fresh one, and readers that keep the data in memory compare it. */

typedef enum StoreLockMode {
        STORE_LOCK_READ,
        STORE_LOCK_WRITE,
} StoreLockMode;

/* Waits. Returns a descriptor that holds the lock until it is closed, or -1. The file is made when
 * absent; in a read-only store a read lock is taken on the file as it is. */
int lock_take(const char *path, StoreLockMode mode, GError **error);

/* Same without waiting: *ret_busy tells whether someone else holds it (then -1 without error). */
int lock_try(const char *path, StoreLockMode mode, bool *ret_busy, GError **error);

/* Writes a fresh token. The descriptor holds a write lock. */
bool lock_touch(int fd, GError **error);
