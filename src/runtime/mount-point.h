/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/container.h"

/* A container's files where people can reach them: `berth mount`. An upper directory serves one
 * mount at a time, so that a running container's own mount is shown, and a start takes what is
 * mounted already. */

/* RUN/containers/<id>/merged. Caller frees. */
char *mount_point_path(const Runtime *runtime, const ContainerRecord *record);
bool mount_point_is_mounted(const char *path);

/* Counted: mounts with the first, and is undone by as many mount_point_release(). *ret_path is
 * owned. */
bool mount_point_take(Runtime *runtime, ContainerRecord *record, char **ret_path, GError **error);
bool mount_point_release(Runtime *runtime, ContainerRecord *record, bool all, GError **error);

/* The mount at path, detached, for a start; -1 without error when nothing is mounted. Owned. */
bool mount_point_clone(const char *path, int *ret_fd, GError **error);
