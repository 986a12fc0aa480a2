/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "image/files.h"
#include "image/local-source.h"
#include "store/writer.h"

/* "oci:DIR:REF", "docker-archive:FILE", … (containers-transports(5)) -> images to bring in. */

typedef struct Transport {
        StoreStage *stage; /* where archives are unpacked */
        Files *files;
        GPtrArray *images; /* of LocalImage */
        Store *other;      /* of containers-storage: */
} Transport;

void transport_clear(Transport *transport);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Transport, transport_clear)

/* True for "docker://…" or a plain name: that is the registries' business. */
bool transport_is_registry(const char *text);

bool transport_open(Store *store, const char *text, Transport *ret_transport, GError **error);

/* What `load` gets: a file or directory of any kind, tried in Podman's order. */
bool transport_open_any(Store *store, const char *path, Transport *ret_transport, GError **error);

/* The full name an image gets in the store for one that is written in an archive. NULL when it
 * cannot be one. Caller frees. */
char *transport_stored_name(const char *written, bool docker);
