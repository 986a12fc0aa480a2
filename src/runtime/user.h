/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* Users by the container's own passwd(5) and group(5), read inside its root (image-spec config.md,
 * "User"; facts as Podman applies them). The files are untrusted: no symlink leads out, sizes are
 * limited. */

typedef struct ContainerUser {
        uid_t uid;
        gid_t gid;
        GArray *groups; /* supplementary, of gid_t */
        char *home;     /* "/" when there is none */
        char *name;     /* NULL when passwd does not have the uid */
} ContainerUser;

/* text: "user|uid[:group|gid]"; NULL or "" is 0:0. root_fd: the container's root directory. */
bool user_resolve(int root_fd, const char *text, ContainerUser *ret_user, GError **error);

/* A group's gid by name or number. */
bool user_resolve_group(int root_fd, const char *text, gid_t *ret_gid, GError **error);

void container_user_clear(ContainerUser *user);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ContainerUser, container_user_clear)
