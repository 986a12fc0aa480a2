/* SPDX-License-Identifier: Apache-2.0 */
/* Changes owners through a tree, by descriptors. */
#include "runtime/volume-owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

#define DEPTH_MAX 512

typedef struct Owner {
        uid_t uid;
        gid_t gid;
        dev_t device;
} Owner;

/* set-id bits stay: who asks for the owner means the files as they are, chown(2) drops them. */
static int give(const Owner *owner, int dir_fd, const char *name, const struct stat *st) {
        if (fchownat(dir_fd, name, owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (S_ISREG(st->st_mode) && (st->st_mode & (S_ISUID | S_ISGID)) &&
            fchmodat(dir_fd, name, st->st_mode & 07777, 0) < 0)
                return -errno;
        return 0;
}

static int walk(const Owner *owner, int fd, unsigned int depth) {
        if (depth > DEPTH_MAX)
                return -ELOOP;
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
        if (!dir) {
                fd_close(&copy);
                return -errno;
        }
        int r = 0;
        for (struct dirent *e; r >= 0 && (e = readdir(dir));) {
                struct stat st;
                if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
                        continue;
                if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                        r = errno == ENOENT ? 0 : -errno; /* gone meanwhile */
                        continue;
                }
                if (st.st_dev != owner->device)
                        continue;
                r = give(owner, fd, e->d_name, &st);
                if (r < 0 || !S_ISDIR(st.st_mode))
                        continue;
                autofd int below = openat(
                                fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                r = below < 0 ? -errno : walk(owner, below, depth + 1);
        }
        closedir(dir);
        return r;
}

bool volume_give_owner(const char *path, uid_t uid, gid_t gid, GError **error) {
        autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(error, errno, "Cannot open volume '%s'", path);
        if (st.st_uid == uid && st.st_gid == gid)
                return true;
        const Owner owner = { uid, gid, st.st_dev };
        int r = S_ISDIR(st.st_mode) ? walk(&owner, fd, 0) : 0;
        /* the top last: a walk that was cut off begins again */
        if (r >= 0 && fchown(fd, uid, gid) < 0)
                r = -errno;
        return r >= 0 || error_set_errno(error, r, "Cannot give volume '%s' to user %u:%u", path,
                                         (unsigned int) uid, (unsigned int) gid);
}
