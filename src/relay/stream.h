/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "systemd/log-line.h"

/* One output stream of a container, on its way to the journal without loss.
 *
 * The pipe itself is the buffer that survives us: the service manager holds its read end in the fd
 * store. So nothing is taken out of the pipe before the journal has it. tee(2) copies what the pipe
 * holds into a scratch pipe, the lines in it are sent one by one, and only then as many bytes are
 * read away. Two counters in a shared mapping of a file on a tmpfs say how far we got; they are
 * stored before the step they describe becomes irreversible, so that a SIGKILL at any instruction
 * repeats at most one line and loses none:
 *
 *   sent      += length       after the journal took a line
 *   consumed  += length       before those bytes are read away
 *
 * On restart the pipe's first byte is number `consumed` of the stream, and bytes up to `sent` are
 * skipped. */

typedef struct StreamState { /* the mapped file: state, then the fields as text */
        uint64_t magic;
        uint64_t consumed;
        uint64_t sent;
        uint32_t priority;
        uint32_t fields_size;
        char fields[3000];
} StreamState;

typedef struct Stream {
        char name[48]; /* of the file and in the fd store */
        int fd;        /* read end, non-blocking; of a terminal its master */
        int file_fd;   /* where the lines go instead of the journal, or -1 */
        bool is_console;
        bool is_input;       /* fd is the end of the container's standard input that we hold open */
        int client_fd;       /* who is attached sees a terminal's output at once; -1: nobody */
        size_t pending_size; /* of a terminal: what is no whole line yet */
        char pending[4096];
        StreamState *state;
        LogSource source;
        char fields[3008]; /* taken apart for the source */
} Stream;

/* A terminal's master (log driver and -t): it can not be looked at without taking, so that what is
 * no whole line is lost with us. Closing the last copy of it would hang the terminal up: the fd
 * store keeps one.
 *
 * A new stream: makes DIR/name with the fields. Takes fd over on success. 0 or -errno. */
int stream_create(
                Stream *stream,
                int dir_fd,
                const char *name,
                const char *fields,
                int priority,
                int fd);

/* Its lines go to the file from now on. Takes file_fd over. */
void stream_set_file(Stream *stream, int file_fd);

/* A stream that an earlier relay had. -ENOENT when its file is gone. Takes fd over on success. */
int stream_restore(Stream *stream, int dir_fd, const char *name, int fd);

/* Of the container with that id. */
bool stream_is_of(const Stream *stream, const char *container_id);

/* Takes client_fd over, a pipe's write end. */
void stream_set_client(Stream *stream, int client_fd);

/* Sends all whole lines that the pipe holds. Returns 1 when the last writer is gone and everything
 * is sent, 0 while there may be more, -errno. scratch: the two ends of a pipe of ours. */
int stream_drain(Stream *stream, const int scratch[2]);

/* Ends the stream: closes the descriptor, unmaps, and removes its file. */
void stream_destroy(Stream *stream, int dir_fd);
