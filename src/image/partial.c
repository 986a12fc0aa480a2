/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs that came in part. */
#include "image/partial.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

#define REPLAY_SIZE 65536

typedef enum PartialState {
        PARTIAL_HOLDING, /* the rate is not known yet */
        PARTIAL_WRITING,
        PARTIAL_OFF, /* too fast to be kept, or it cannot be written */
} PartialState;

struct Partial {
        int dir_fd; /* borrowed */
        char *name;
        int fd; /* locked; -1: no file yet */
        int64_t want_size, size;
        char *held;
        size_t held_size;
        gint64 began_usec;
        PartialState state;
};

/* The file, locked, or -1. Who removes it holds the lock: a file without a name is not the one. */
static int open_locked(const Partial *p, int flags) {
        autofd int fd = openat(p->dir_fd, p->name, flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
        struct stat st;
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 || st.st_nlink == 0 ||
            !S_ISREG(st.st_mode))
                return -1;
        return fd_steal(&fd);
}

static void drop_file(Partial *p) {
        if (p->fd < 0)
                return;
        (void) unlinkat(p->dir_fd, p->name, 0); /* else the next pull finds and checks it */
        fd_close(&p->fd);
        p->size = 0;
}

Partial *partial_open(int dir_fd, const char *digest, int64_t size_bytes) {
        Partial *p = g_new0(Partial, 1);
        struct stat st;
        p->dir_fd = dir_fd;
        p->name = g_strdup(digest);
        g_strdelimit(p->name, ":/", '-');
        p->want_size = size_bytes;
        p->began_usec = g_get_monotonic_time();
        p->fd = open_locked(p, 0);
        if (p->fd < 0)
                return p;
        if (fstat(p->fd, &st) == 0 && st.st_size <= size_bytes &&
            lseek(p->fd, 0, SEEK_END) == st.st_size) {
                p->size = st.st_size;
                p->state = PARTIAL_WRITING;
        } else {
                drop_file(p);
        }
        return p;
}

int64_t partial_size(const Partial *p) {
        return p->size;
}

bool partial_replay(Partial *p, ImageSink sink, void *data, GError **error) {
        char buffer[REPLAY_SIZE];
        for (int64_t at = 0; at < p->size;) {
                ssize_t n = pread(p->fd, buffer, sizeof buffer, at);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return error_set_errno(
                                        error, n < 0 ? errno : EIO,
                                        "Cannot read what came of '%s' before", p->name);
                if (!sink(data, buffer, (size_t) n, error))
                        return false;
                at += n;
        }
        return true;
}

/* A full disk ends the pull elsewhere, if it must: here it only ends the keeping. */
static void write_bytes(Partial *p, const void *bytes, size_t size) {
        if (p->fd < 0)
                p->fd = open_locked(p, O_CREAT);
        if (p->fd < 0 || fd_write_all(p->fd, bytes, size) < 0) {
                drop_file(p);
                p->state = PARTIAL_OFF;
                return;
        }
        p->size += (int64_t) size;
}

static void flush(Partial *p) {
        p->state = PARTIAL_WRITING;
        write_bytes(p, p->held, p->held_size);
        g_clear_pointer(&p->held, g_free);
}

/* Once enough came to judge: how long will the whole of it take? */
static void decide(Partial *p) {
        gint64 spent = MAX(g_get_monotonic_time() - p->began_usec, 1);
        double whole = (double) spent / (double) p->held_size * (double) p->want_size;
        if (whole >= (double) PARTIAL_SLOW_USEC) {
                flush(p);
                return;
        }
        g_clear_pointer(&p->held, g_free);
        p->state = PARTIAL_OFF;
}

void partial_append(Partial *p, const void *bytes, size_t size) {
        if (p->state == PARTIAL_WRITING) {
                write_bytes(p, bytes, size);
                return;
        }
        if (p->state == PARTIAL_OFF)
                return;
        if (!p->held)
                p->held = g_malloc(PARTIAL_HOLD_SIZE);
        size_t fits = MIN(size, PARTIAL_HOLD_SIZE - p->held_size);
        memcpy(p->held + p->held_size, bytes, fits);
        p->held_size += fits;
        if (p->held_size < PARTIAL_HOLD_SIZE)
                return;
        decide(p);
        if (size > fits)
                partial_append(p, (const char *) bytes + fits, size - fits);
}

void partial_close(Partial *p, bool keep) {
        if (!p)
                return;
        if (keep && p->state == PARTIAL_HOLDING && p->held_size > 0)
                flush(p);
        if (!keep)
                drop_file(p);
        fd_close(&p->fd);
        g_free(p->held);
        g_free(p->name);
        g_free(p);
}

void partial_prune(int dir_fd) {
        int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
        if (!dir) {
                fd_close(&fd);
                return;
        }
        for (struct dirent *e; (e = readdir(dir));) {
                struct stat st;
                if (e->d_name[0] == '.' ||
                    fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
                    st.st_mtime > time(NULL) - PARTIAL_AGE_MAX_SEC)
                        continue;
                Partial p = { .dir_fd = dir_fd, .name = e->d_name };
                p.fd = open_locked(&p, 0);
                drop_file(&p);
        }
        closedir(dir);
}
