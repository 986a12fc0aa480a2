/* SPDX-License-Identifier: Apache-2.0 */
/* Locks and change tokens of containers/storage. */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

#define TOKEN_SIZE 64

static int open_lock(const char *path, StoreLockMode mode, GError **error) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
        if (fd < 0 && mode == STORE_LOCK_READ && (errno == EROFS || errno == EACCES))
                fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                error_set_errno(error, errno, "Cannot open lock '%s'", path);
        return fd;
}

static int take(const char *path, StoreLockMode mode, int command, bool *ret_busy, GError **error) {
        autofd int fd = open_lock(path, mode, error);
        if (fd < 0)
                return -1;
        struct flock lock = {
                .l_type = mode == STORE_LOCK_WRITE ? F_WRLCK : F_RDLCK,
                .l_whence = SEEK_SET,
        };
        int r;
        do
                r = fcntl(fd, command, &lock);
        while (r < 0 && errno == EINTR);
        if (r < 0 && ret_busy && (errno == EAGAIN || errno == EACCES)) {
                *ret_busy = true;
                return -1;
        }
        if (r < 0) {
                error_set_errno(error, errno, "Cannot lock '%s'", path);
                return -1;
        }
        return fd_steal(&fd);
}

int lock_take(const char *path, StoreLockMode mode, GError **error) {
        return take(path, mode, F_OFD_SETLKW, NULL, error);
}

int lock_try(const char *path, StoreLockMode mode, bool *ret_busy, GError **error) {
        *ret_busy = false;
        return take(path, mode, F_OFD_SETLK, ret_busy, error);
}

bool lock_touch(int fd, GError **error) {
        uint8_t token[TOKEN_SIZE] = { 0 };
        struct timespec now;
        (void) clock_gettime(CLOCK_REALTIME, &now); /* cannot fail on a known clock */
        uint64_t nsec = (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
        uint32_t pid = (uint32_t) getpid();
        /* The layout of containers/storage (time, counter, pid, random); readers only compare. */
        memcpy(token, &nsec, sizeof nsec);
        memcpy(token + 16, &pid, sizeof pid);
        if (getrandom(token + 20, TOKEN_SIZE - 20, 0) != TOKEN_SIZE - 20)
                return error_set_errno(error, errno, "Cannot get random bytes");
        if (pwrite(fd, token, TOKEN_SIZE, 0) != TOKEN_SIZE)
                return error_set_errno(error, errno, "Cannot write the store's change token");
        return true;
}
