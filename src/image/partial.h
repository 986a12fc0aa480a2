/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "image/source.h"

/* What came of a blob before its transfer ended early, kept for the next try: a file named by the
 * digest in a directory of the store. A transfer that will be over in seconds is not kept: it costs
 * less to repeat than to write twice. Nothing here can fail a pull. */

#define PARTIAL_HOLD_SIZE   (2u << 20) /* bytes in memory before the rate of a transfer is known */
#define PARTIAL_SLOW_USEC   (3 * G_USEC_PER_SEC) /* a longer transfer is worth keeping */
#define PARTIAL_AGE_MAX_SEC (7 * 24 * 3600)

typedef struct Partial Partial;

/* dir_fd is borrowed. One process at a time has the file of a digest; for another there is none. */
Partial *partial_open(int dir_fd, const char *digest, int64_t size_bytes);

/* keep: leaves what there is for the next try; else it is removed. */
void partial_close(Partial *partial, bool keep);

/* Bytes that are there already. */
int64_t partial_size(const Partial *partial);

/* Hands them on. False with *error from the sink, or when they cannot be read. */
bool partial_replay(Partial *partial, ImageSink sink, void *data, GError **error);

/* Notes bytes that came behind those. */
void partial_append(Partial *partial, const void *bytes, size_t size);

/* Removes what nobody came back for. */
void partial_prune(int dir_fd);
