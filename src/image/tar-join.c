/* SPDX-License-Identifier: Apache-2.0 */
/* tar-split backwards: raw segments as they are, bodies from the layer's directory, each checked by
 * its CRC. */
#include "image/tar-join.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/sys.h"
#include "image/crc64.h"
#include "image/inflate.h"
#include "image/tar.h"

#define LINE_SIZE_MAX (8u << 20)
#define BUFFER_SIZE   (256u << 10)

typedef struct Join {
        int diff_fd;
        ImageSink sink;
        void *data;
        GString *line;
        char *buffer;
} Join;

static bool emit_raw(Join *join, JsonObject *record, GError **error) {
        const char *payload;
        if (!json_get_string(record, "payload", &payload, error))
                return false;
        gsize size = 0;
        g_autofree guchar *bytes = payload ? g_base64_decode(payload, &size) : NULL;
        return size == 0 || join->sink(join->data, bytes, size, error);
}

static bool copy_body(Join *join, int fd, int64_t size, uint64_t *ret_crc, GError **error) {
        uint64_t crc = 0;
        while (size > 0) {
                ssize_t n = read(fd, join->buffer, (size_t) MIN(size, (int64_t) BUFFER_SIZE));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return error_set_errno(
                                        error, n < 0 ? errno : ENODATA, "Cannot read the file");
                crc = crc64_iso(crc, join->buffer, (size_t) n);
                if (!join->sink(join->data, join->buffer, (size_t) n, error))
                        return false;
                size -= n;
        }
        *ret_crc = crc;
        return true;
}

/* "name", or "name_raw" in base64 when it is not UTF-8. */
static char *entry_name(JsonObject *record, GError **error) {
        const char *name, *raw;
        if (!json_get_string(record, "name", &name, error) ||
            !json_get_string(record, "name_raw", &raw, error))
                return NULL;
        if (!raw)
                return g_strdup(name ? name : "");
        gsize size;
        g_autofree guchar *bytes = g_base64_decode(raw, &size);
        return g_strndup((const char *) bytes, size);
}

static bool emit_body(Join *join, JsonObject *record, GError **error) {
        int64_t size;
        const char *payload;
        if (!json_get_int(record, "size", &size, error) ||
            !json_get_string(record, "payload", &payload, error))
                return false;
        if (size <= 0)
                return true;
        g_autofree char *name = entry_name(record, error);
        if (!name)
                return false;
        autofd int fd = sys_open_in_root(
                        join->diff_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
        if (fd < 0)
                return error_set_errno(error, fd, "'%s' is missing", name);
        uint64_t crc;
        if (!copy_body(join, fd, size, &crc, error)) {
                g_prefix_error(error, "'%s': ", name);
                return false;
        }
        guint64 big = GUINT64_TO_BE(crc);
        g_autofree char *text = g_base64_encode((const guchar *) &big, sizeof big);
        if (g_strcmp0(text, payload) != 0)
                return error_set_invalid(error, "'%s' was changed", name);
        return true;
}

static bool on_line(Join *join, GError **error) {
        g_autoptr(JsonNode) node = NULL;
        JsonObject *record;
        int64_t type;
        if (!json_parse_object(
                            join->line->str, join->line->len, LINE_SIZE_MAX, "tar-split", &node,
                            &record, error) ||
            !json_need_int(record, "type", &type, error))
                return false;
        return type == 1 ? emit_body(join, record, error) : emit_raw(join, record, error);
}

static bool on_text(void *data, const void *bytes, size_t size, GError **error) {
        Join *join = data;
        const char *at = bytes;
        while (size > 0) {
                const char *newline = memchr(at, '\n', size);
                size_t n = newline ? (size_t) (newline - at) : size;
                if (join->line->len + n > LINE_SIZE_MAX)
                        return error_set_invalid(error, "tar-split: a line is too long");
                g_string_append_len(join->line, at, (gssize) n);
                if (newline) {
                        if (join->line->len > 0 && !on_line(join, error))
                                return false;
                        g_string_truncate(join->line, 0);
                        n++;
                }
                at += n;
                size -= n;
        }
        return true;
}

static bool run(Join *join, int split_fd, GError **error) {
        g_autoptr(Inflater) inflater = inflater_new(on_text, join);
        g_autofree char *buffer = g_malloc(BUFFER_SIZE);
        for (;;) {
                ssize_t n = read(split_fd, buffer, BUFFER_SIZE);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(error, errno, "Cannot read tar-split");
                if (n == 0)
                        break;
                if (!inflater_push(inflater, buffer, (size_t) n, error))
                        return false;
        }
        return inflater_finish(inflater, error) && (join->line->len == 0 || on_line(join, error));
}

bool tar_join(const StoreLayer *layer, ImageSink sink, void *data, GError **error) {
        g_autofree char *name = g_strconcat(layer->id, ".tar-split.gz", NULL);
        g_autofree char *split = place_layers_path(layer->place, name);
        g_autofree char *diff = place_overlay_path(layer->place, layer->id, "diff");
        autofd int split_fd = open(split, O_RDONLY | O_CLOEXEC);
        autofd int diff_fd = open(diff, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (split_fd < 0 || diff_fd < 0)
                return error_set_errno(
                                error, errno, "Cannot open '%s'", split_fd < 0 ? split : diff);
        Join join = {
                .diff_fd = diff_fd,
                .sink = sink,
                .data = data,
                .line = g_string_new(NULL),
                .buffer = g_malloc(BUFFER_SIZE),
        };
        bool ok = run(&join, split_fd, error);
        if (!ok)
                g_prefix_error(error, "layer '%s': ", layer->id);
        g_string_free(join.line, TRUE);
        g_free(join.buffer);
        return ok;
}
