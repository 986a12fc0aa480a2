/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* File descriptors. This file is part of libchild: no GLib, no allocation. Errors are negative
 * errno. */

/* Closes *fd when it is >= 0 and sets it to -1; errno is kept. */
void fd_close(int *fd);

/* A descriptor that closes itself at the end of its scope: `autofd int fd = -1;` */
#define autofd __attribute__((cleanup(fd_close)))

/* Returns *fd and leaves -1 behind: the caller owns it now. */
int fd_steal(int *fd);

/* Marks every descriptor >= first close-on-exec (close_range(2)); falls back to /proc/self/fd. */
int fd_cloexec_from(unsigned int first);

/* Closes every descriptor >= first (close_range(2)). */
int fd_close_from(unsigned int first);

int fd_set_cloexec(int fd, bool on);

/* Writes all bytes, restarting on EINTR and short writes. 0 or -errno. */
int fd_write_all(int fd, const void *bytes, size_t size);

/* Reads until size bytes or end of file. Returns the count or -errno. */
ssize_t fd_read_full(int fd, void *bytes, size_t size);

/* Sends size bytes and up to 16 descriptors in one message (SCM_RIGHTS). 0 or -errno. */
int fd_send(int socket_fd, const void *bytes, size_t size, const int *fds, size_t n_fds);

/* Receives one message; descriptors arrive close-on-exec and belong to the caller; surplus ones are
 * closed. Returns bytes received (0 = peer closed) or -errno; *ret_n_fds is how many came. */
ssize_t
fd_receive(int socket_fd, void *bytes, size_t size, int *fds, size_t max_fds, size_t *ret_n_fds);

/* Writes "/proc/self/fd/N" into path (at least 32 bytes) and returns path. */
char *fd_path(int fd, char *path);
