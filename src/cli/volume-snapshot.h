/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "runtime/container.h"
#include "runtime/volume.h"

/* Copies of a volume's data: VOLUMES/NAME/snapshots/ID/{data,data.tar} with snapshot.json beside
 * it. Where the file system shares extents (btrfs, XFS) a copy costs next to nothing; elsewhere it
 * is a tar archive. IDs sort by age. */

typedef struct Snapshot {
        char *id;
        char *image; /* that the data was last used with, or NULL */
        char *container;
        bool is_archive;
        int64_t created_nsec;
} Snapshot;

/* Oldest first; element type Snapshot, owned. Damaged ones are left out. */
GPtrArray *volume_snapshots(const Volume *volume, GError **error);

/* Its id is *ret_id; the oldest ones go, down to what the volume keeps. */
bool volume_snapshot_take(
                const Volume *volume,
                const char *image,
                const char *container,
                char **ret_id,
                GError **error);

/* Puts the data back as it was (id NULL: the newest), in one step; what was there is a snapshot
 * itself then, *ret_saved. No container runs with it: that is the caller's to know. */
bool volume_snapshot_restore(
                const Volume *volume,
                const char *id,
                char **ret_restored,
                char **ret_saved,
                GError **error);

/* Before a container starts: of volumes that keep snapshots one is taken when the container has
 * another image than the last time. */
bool volume_snapshot_before_update(
                Runtime *runtime, const ContainerOptions *options, GError **error);

/* For `volume inspect`. */
JsonArray *volume_snapshots_json(const Volume *volume);
