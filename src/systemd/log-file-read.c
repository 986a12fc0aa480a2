/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the lines of log driver k8s-file back. */
#include "systemd/log-file-read.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "systemd/log-line.h"

#define POLL_MSEC     100
#define DRAIN_ROUNDS  2 /* quiet rounds after the payload's end before all is believed to be out */
#define LINE_SIZE_MAX (2 * LOG_LINE_MAX)

typedef struct LogFile {
        const JournalRequest *request;
        JournalLine line;
        void *data;
        int fd;
        GString *pending; /* no whole line yet */
} LogFile;

/* False when the reader has enough; what is no line of ours is left out. */
static bool emit(const LogFile *file, const char *bytes, size_t size) {
        g_autofree char *text = g_strndup(bytes, size);
        char *stream = strchr(text, ' ');
        char *kind = stream ? strchr(stream + 1, ' ') : NULL;
        char *message = kind ? strchr(kind + 1, ' ') : NULL;
        int64_t nsec;
        if (!message)
                return true;
        *stream = *kind = *message = '\0';
        if (!text_parse_time(text, &nsec) ||
            (uint64_t) nsec / 1000 < file->request->not_before_usec)
                return true;
        size_t skip = (size_t) (message + 1 - text);
        return file->line(
                        (uint64_t) nsec / 1000, strcmp(stream + 1, "stderr") == 0 ? 3 : 6,
                        bytes + skip, size - skip, kind[1] == 'P', file->data);
}

static bool emit_whole_lines(LogFile *file) {
        for (char *end; (end = memchr(file->pending->str, '\n', file->pending->len));) {
                size_t size = (size_t) (end - file->pending->str);
                if (!emit(file, file->pending->str, size))
                        return false;
                g_string_erase(file->pending, 0, (gssize) size + 1);
        }
        if (file->pending->len > LINE_SIZE_MAX)
                g_string_truncate(file->pending, 0); /* not written by us */
        return true;
}

/* From the end backwards to where the last N lines begin. */
static bool seek_tail(const LogFile *file) {
        struct stat st;
        if (file->request->tail < 0 || fstat(file->fd, &st) < 0)
                return true;
        off_t at = st.st_size;
        for (int64_t lines = -1; at > 0;) { /* the last newline ends a line and begins none */
                char buffer[4096];
                off_t from = MAX(at - (off_t) sizeof buffer, 0);
                ssize_t n = pread(file->fd, buffer, (size_t) (at - from), from);
                if (n <= 0)
                        return false;
                for (ssize_t i = n; i > 0; i--)
                        if (buffer[i - 1] == '\n' && ++lines == file->request->tail)
                                return lseek(file->fd, from + i, SEEK_SET) >= 0;
                at = from;
        }
        return lseek(file->fd, 0, SEEK_SET) >= 0;
}

static bool is_gone(int pid_fd) {
        struct pollfd polled = { .fd = pid_fd, .events = POLLIN };
        return pid_fd >= 0 && poll(&polled, 1, 0) > 0;
}

/* The file began anew (max-size). */
static void follow_truncation(const LogFile *file) {
        struct stat st;
        off_t at = lseek(file->fd, 0, SEEK_CUR);
        if (fstat(file->fd, &st) == 0 && st.st_size < at)
                (void) lseek(file->fd, 0, SEEK_SET);
}

static bool read_lines(LogFile *file, const char *path, GError **error) {
        char buffer[65536];
        for (int quiet = 0;;) {
                follow_truncation(file);
                ssize_t n = read(file->fd, buffer, sizeof buffer);
                if (n < 0)
                        return error_set_errno(error, errno, "Cannot read '%s'", path);
                g_string_append_len(file->pending, buffer, n);
                if (!emit_whole_lines(file))
                        return true;
                if (n > 0) {
                        quiet = 0;
                        continue;
                }
                if (!file->request->follow ||
                    (is_gone(file->request->until_gone_fd) && ++quiet > DRAIN_ROUNDS))
                        return true;
                g_usleep(POLL_MSEC * 1000);
        }
}

bool log_file_read(
                const char *path,
                const JournalRequest *request,
                JournalLine line,
                void *data,
                GError **error) {
        autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 && errno == ENOENT)
                return true;
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", path);
        g_autoptr(GString) pending = g_string_new(NULL);
        LogFile file = { request, line, data, fd, pending };
        if (!seek_tail(&file))
                return error_set_errno(error, EIO, "Cannot read '%s'", path);
        return read_lines(&file, path, error);
}
