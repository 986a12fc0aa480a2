/* SPDX-License-Identifier: Apache-2.0 */
/* tee, send, count, consume: see stream.h. */
#include "relay/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define STREAM_MAGIC UINT64_C(0x62657274686c6f67)

static int map_state(Stream *stream, int file_fd) {
        void *memory = mmap(
                        NULL, sizeof(StreamState), PROT_READ | PROT_WRITE, MAP_SHARED, file_fd, 0);
        if (memory == MAP_FAILED)
                return -errno;
        stream->state = memory;
        return 0;
}

/* log_source_parse() cuts its text; the mapped copy stays whole for the next relay. */
static int load_fields(Stream *stream) {
        const StreamState *state = stream->state;
        if (state->magic != STREAM_MAGIC || state->fields_size >= sizeof state->fields ||
            state->priority > 7)
                return -EBADMSG;
        memcpy(stream->fields, state->fields, state->fields_size);
        stream->fields[state->fields_size] = '\0';
        return log_source_parse(&stream->source, stream->fields);
}

static int take_fd(Stream *stream, int fd) {
        int flags = fcntl(fd, F_GETFL);
        struct stat st;
        if (fstat(fd, &st) < 0)
                return -errno;
        stream->is_console = S_ISCHR(st.st_mode);
        stream->is_input = S_ISFIFO(st.st_mode) && (flags & O_ACCMODE) == O_WRONLY;
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return -errno;
        stream->fd = fd;
        return 0;
}

static int set_name(Stream *stream, const char *name) {
        size_t n = strlen(name);
        if (n == 0 || n >= sizeof stream->name || strchr(name, '/') || name[0] == '.')
                return -EINVAL;
        memcpy(stream->name, name, n + 1);
        return 0;
}

int stream_create(
                Stream *stream,
                int dir_fd,
                const char *name,
                const char *fields,
                int priority,
                int fd) {
        *stream = (Stream){ .fd = -1, .file_fd = -1, .client_fd = -1 };
        size_t n = strlen(fields);
        int r = set_name(stream, name);
        if (r < 0 || n >= sizeof stream->state->fields)
                return r < 0 ? r : -E2BIG;
        autofd int file = openat(
                        dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (file < 0)
                return -errno;
        if (ftruncate(file, sizeof(StreamState)) < 0)
                return -errno;
        if ((r = map_state(stream, file)) < 0)
                return r;
        memcpy(stream->state->fields, fields, n);
        stream->state->fields_size = (uint32_t) n;
        stream->state->priority = (uint32_t) priority;
        stream->state->magic = STREAM_MAGIC;
        r = load_fields(stream);
        if (r >= 0)
                r = take_fd(stream, fd);
        if (r < 0)
                stream_destroy(stream, dir_fd);
        return r;
}

int stream_restore(Stream *stream, int dir_fd, const char *name, int fd) {
        *stream = (Stream){ .fd = -1, .file_fd = -1, .client_fd = -1 };
        int r = set_name(stream, name);
        if (r < 0)
                return r;
        autofd int file = openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        struct stat st;
        if (file < 0 || fstat(file, &st) < 0)
                return -errno;
        if (st.st_size != sizeof(StreamState))
                return -EBADMSG;
        if ((r = map_state(stream, file)) < 0)
                return r;
        r = load_fields(stream);
        return r < 0 ? r : take_fd(stream, fd);
}

void stream_set_file(Stream *stream, int file_fd) {
        fd_close(&stream->file_fd);
        stream->file_fd = file_fd;
        stream->source.file_fd = file_fd;
}

void stream_destroy(Stream *stream, int dir_fd) {
        fd_close(&stream->fd);
        fd_close(&stream->file_fd);
        fd_close(&stream->client_fd);
        if (stream->state)
                (void) munmap(stream->state, sizeof(StreamState)); /* an address of our own */
        stream->state = NULL;
        if (stream->name[0])
                (void) unlinkat(dir_fd, stream->name, 0); /* may never have been made */
}

/* Stores in program order: another process, our successor, reads them after we were killed. */
static void count_sent(void *data, size_t size) {
        Stream *stream = data;
        atomic_signal_fence(memory_order_seq_cst);
        stream->state->sent += size;
        atomic_signal_fence(memory_order_seq_cst);
}

/* Reads away what is sent. */
static int consume(Stream *stream) {
        StreamState *state = stream->state;
        char sink[16384];
        while (state->consumed < state->sent) {
                uint64_t rest = state->sent - state->consumed;
                size_t chunk = rest < sizeof sink ? (size_t) rest : sizeof sink;
                atomic_signal_fence(memory_order_seq_cst);
                state->consumed += chunk;
                atomic_signal_fence(memory_order_seq_cst);
                ssize_t n = fd_read_full(stream->fd, sink, chunk);
                if (n < 0)
                        return (int) n;
                if ((size_t) n < chunk)
                        return -EIO; /* somebody else read our pipe */
        }
        return 0;
}

/* Copies what the pipe holds, without taking it. 0: the last writer is gone and the pipe is empty.
 */
static ssize_t peek(Stream *stream, const int scratch[2], char *bytes, size_t size) {
        ssize_t n;
        do
                n = tee(stream->fd, scratch[1], size, SPLICE_F_NONBLOCK);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
                return n < 0 ? -errno : 0;
        return fd_read_full(scratch[0], bytes, (size_t) n);
}

/* POLLHUP on the read end: no writer is left. */
static bool stream_has_ended(const Stream *stream) {
        struct pollfd polled = { .fd = stream->fd, .events = 0 };
        return poll(&polled, 1, 0) > 0 && (polled.revents & POLLHUP);
}

bool stream_is_of(const Stream *stream, const char *container_id) {
        static const char name[] = "CONTAINER_ID_FULL=";
        for (size_t i = 0; i < stream->source.n_fields; i++)
                if (strncmp(stream->source.fields[i], name, sizeof name - 1) == 0)
                        return strcmp(stream->source.fields[i] + sizeof name - 1, container_id) ==
                               0;
        return false;
}

void stream_set_client(Stream *stream, int client_fd) {
        int flags = fcntl(client_fd, F_GETFL);
        fd_close(&stream->client_fd);
        stream->client_fd = client_fd;
        (void) fcntl(client_fd, F_SETFL, flags | O_NONBLOCK); /* else one that sleeps stops us */
}

/* A client that does not keep up misses something, one that left is forgotten; SIGPIPE is blocked.
 */
static void show_client(Stream *stream, const char *bytes, size_t size) {
        if (stream->client_fd >= 0 && write(stream->client_fd, bytes, size) < 0 &&
            errno != EAGAIN && errno != EINTR)
                fd_close(&stream->client_fd);
}

/* EIO: no process has the terminal open any more, pty(7). */
static int drain_console(Stream *stream) {
        for (;;) {
                ssize_t n =
                                read(stream->fd, stream->pending + stream->pending_size,
                                     sizeof stream->pending - stream->pending_size);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return 0;
                bool ended = n <= 0;
                if (!ended)
                        show_client(stream, stream->pending + stream->pending_size, (size_t) n);
                stream->pending_size += ended ? 0 : (size_t) n;
                bool full = stream->pending_size == sizeof stream->pending;
                size_t done = log_lines_send(
                                &stream->source, (int) stream->state->priority, stream->pending,
                                stream->pending_size, ended || full, NULL, NULL);
                stream->pending_size -= done;
                memmove(stream->pending, stream->pending + done, stream->pending_size);
                if (ended)
                        return 1;
        }
}

static int input_has_ended(const Stream *stream) {
        struct pollfd polled = { .fd = stream->fd };
        return poll(&polled, 1, 0) > 0 && (polled.revents & POLLERR);
}

int stream_drain(Stream *stream, const int scratch[2]) {
        if (stream->is_input) /* woken: POLLERR, nobody reads any more, poll(2) */
                return input_has_ended(stream);
        if (stream->is_console)
                return drain_console(stream);
        static char bytes[LOG_LINE_MAX]; /* one stream at a time */
        StreamState *state = stream->state;
        for (bool ending = false;;) {
                ssize_t n = peek(stream, scratch, bytes, sizeof bytes);
                if (n == -EAGAIN)
                        return 0;
                if (n < 0)
                        return (int) n;
                if (n == 0)
                        return 1;
                size_t skip = (size_t) (state->sent - state->consumed);
                if (skip > (size_t) n)
                        return -EIO;
                size_t done =
                                log_lines_send(&stream->source, (int) state->priority, bytes + skip,
                                               (size_t) n - skip, ending, count_sent, stream);
                int r = consume(stream);
                if (r < 0)
                        return r;
                if (done > 0 || ending)
                        continue;
                /* an unfinished line: more may come, unless nobody is left to write it */
                if (!stream_has_ended(stream))
                        return 0;
                ending = true;
        }
}
