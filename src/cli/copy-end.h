/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "runtime/container.h"

/* One side of a copy: a path on the host or in a container, running or not. */

typedef struct CopyEnd {
        const char *container; /* name as given, or NULL: the host; borrowed */
        char *given;           /* the path as given; "-": a stream */
        char *path;            /* absolute */
        bool wants_contents;   /* "/." at its end */
        bool wants_directory;  /* "/" at its end */
        Container loaded;      /* with root_fd; the host's is "/" */
        bool is_stopped;       /* the container: its volumes are not mounted */
        bool in_volume;        /* then root_fd is the volume's directory */
        GArray *uids, *gids;   /* id maps of the container, or NULL */
        uid_t uid;             /* whose files are created there by default, as we see them */
        gid_t gid;

        /* after copy_end_resolve() */
        bool exists, is_directory;
        int fd;     /* the directory itself, or the one that has `leaf` */
        char *leaf; /* NULL for a directory */
} CopyEnd;

#define COPY_END_EMPTY                                                                             \
        { .loaded = { .root_fd = -1, .userns_fd = -1 }, .fd = -1 }

void copy_end_clear(CopyEnd *end);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CopyEnd, copy_end_clear)

/* "CONTAINER:PATH", "PATH" or "-". text is cut at the colon. */
void copy_end_parse(char *text, CopyEnd *end);

/* Opens the root; becomes root of a user namespace where the user is not root. */
bool copy_end_open(Runtime *runtime, CopyEnd *end, GError **error);

/* Finds the path inside the root; a symbolic link there never leads out. A path whose last
 * component is missing is fine when it may be. */
bool copy_end_resolve(CopyEnd *end, bool may_miss, GError **error);

/* Whether what is resolved is the directory or somewhere below it. */
bool copy_end_is_inside(const CopyEnd *end, const CopyEnd *directory);
