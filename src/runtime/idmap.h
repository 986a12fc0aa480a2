/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Id maps of user namespaces and of mounts: user_namespaces(7), mount_setattr(2). A map is a GArray
 * of OciIdMapping. */

/* Where a container's id is outside; false when the map does not have it. */
bool id_map_to_host(const GArray *map, uint32_t id, uint32_t *ret_host);

/* How many ids from 0 up the map has without a gap. */
uint64_t id_map_size(const GArray *map);

/* The text of /proc/PID/uid_map. Caller frees. */
char *id_map_format(const GArray *map);

/* Reads such text: "/proc/self/uid_map" is our own namespace's. Caller unrefs. */
bool id_map_read(const char *path, GArray **ret_map, GError **error);

/* Refuses overlapping, wrapping and too many rows before the kernel says EINVAL. what: "uid". */
bool id_map_check(const GArray *map, const char *what, GError **error);

/* Writes both maps of a process that is in a new user namespace; needs CAP_SETUID and CAP_SETGID
 * over the ids in our own. */
bool id_map_write(pid_t pid, const GArray *uids, const GArray *gids, GError **error);

/* A user namespace with these maps and no process in it, for mount_setattr(2). *ret_fd is owned. */
bool id_map_open_userns(const GArray *uids, const GArray *gids, int *ret_fd, GError **error);

/* Maps the ids of a detached mount by the user namespace. 0 or -errno. */
int id_map_mount(int mount_fd, int userns_fd, bool is_recursive);

/* Makes files through an idmapped mount as the map's root, whom that mount knows, while all
 * capabilities stay: our own id 0 is not in the map and could create nothing there. Both between
 * enter and leave. */
typedef struct FileIds {
        int secure_bits; /* before */
        bool is_entered;
} FileIds;
bool file_ids_enter(uint32_t uid, uint32_t gid, FileIds *ret_before, GError **error);
void file_ids_leave(FileIds *before);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FileIds, file_ids_leave)
