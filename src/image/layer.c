/* SPDX-License-Identifier: Apache-2.0 */
/* The pipeline of one layer. */
#include "image/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "image/hash.h"
#include "image/tar-split.h"
#include "image/tar.h"
#include "image/unpack.h"

struct LayerStream {
        LayerWant want; /* strings borrowed */
        int diff_fd, split_fd;
        Hash *blob_hash, *diff_hash;
        int64_t blob_size, diff_size;
        Inflater *inflater;
        TarReader *tar;
        TarSplit *split;
        Unpacker *unpacker;
};

void layer_result_clear(LayerResult *result) {
        g_clear_pointer(&result->digest, g_free);
        g_clear_pointer(&result->diff_id, g_free);
        g_clear_pointer(&result->uids, g_array_unref);
        g_clear_pointer(&result->gids, g_array_unref);
}

static bool on_raw(void *data, const void *bytes, size_t size, GError **error) {
        LayerStream *stream = data;
        return tar_split_raw(stream->split, bytes, size, error);
}

static bool on_header(void *data, const TarEntry *entry, GError **error) {
        LayerStream *stream = data;
        return unpacker_header(stream->unpacker, entry, error);
}

static bool on_body(void *data, const void *bytes, size_t size, GError **error) {
        LayerStream *stream = data;
        tar_split_body(stream->split, bytes, size);
        return unpacker_body(stream->unpacker, bytes, size, error);
}

static bool on_end(void *data, const TarEntry *entry, GError **error) {
        LayerStream *stream = data;
        return tar_split_entry(stream->split, entry->name, entry->size, error) &&
               unpacker_end(stream->unpacker, entry, error);
}

/* A few bytes that unpack to a disk full of zeros: the digest of the plain tar is known only at its
 * end, so the relation to what came in must do. */
static bool check_bomb(const LayerStream *stream, GError **error) {
        if (stream->diff_size > LAYER_DIFF_SIZE_MAX)
                return error_set_invalid(
                                error, "the layer unpacks to more than %" G_GINT64_FORMAT " GiB",
                                LAYER_DIFF_SIZE_MAX >> 30);
        if (stream->diff_size > LAYER_BOMB_SIZE_MIN &&
            stream->diff_size / LAYER_BOMB_RATIO_MAX > stream->blob_size)
                return error_set_invalid(
                                error,
                                "the layer unpacks to more than %d times its size: a "
                                "decompression bomb",
                                LAYER_BOMB_RATIO_MAX);
        return true;
}

static bool on_plain(void *data, const void *bytes, size_t size, GError **error) {
        LayerStream *stream = data;
        stream->diff_size += (int64_t) size;
        if (!check_bomb(stream, error))
                return false;
        hash_update(stream->diff_hash, bytes, size);
        return tar_reader_push(stream->tar, bytes, size, error);
}

static const TarSink tar_sink = {
        .raw = on_raw,
        .header = on_header,
        .body = on_body,
        .end = on_end,
};

LayerStream *layer_stream_new(int directory_fd, const LayerWant *want, GError **error) {
        g_autoptr(LayerStream) stream = g_new0(LayerStream, 1);
        stream->want = *want;
        stream->diff_fd = stream->split_fd = -1;
        if (mkdirat(directory_fd, "diff", 0555) < 0) {
                error_set_errno(error, errno, "Cannot make a directory for the layer");
                return NULL;
        }
        stream->diff_fd = openat(directory_fd, "diff", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        stream->split_fd =
                        openat(directory_fd, "tar-split.gz",
                               O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (stream->diff_fd < 0 || stream->split_fd < 0) {
                error_set_errno(error, errno, "Cannot open the layer's directory");
                return NULL;
        }
        stream->unpacker = unpacker_new(stream->diff_fd, directory_fd, error);
        if (!stream->unpacker)
                return NULL;
        stream->blob_hash = want->digest ? hash_new_for(want->digest) : hash_new(HASH_SHA256);
        stream->diff_hash = want->diff_id ? hash_new_for(want->diff_id) : hash_new(HASH_SHA256);
        stream->inflater = inflater_new(on_plain, stream);
        stream->tar = tar_reader_new(&tar_sink, stream);
        stream->split = tar_split_new(stream->split_fd);
        return g_steal_pointer(&stream);
}

void layer_stream_free(LayerStream *stream) {
        if (!stream)
                return;
        hash_free(stream->blob_hash);
        hash_free(stream->diff_hash);
        inflater_free(stream->inflater);
        tar_reader_free(stream->tar);
        tar_split_free(stream->split);
        unpacker_free(stream->unpacker);
        fd_close(&stream->diff_fd);
        fd_close(&stream->split_fd);
        g_free(stream);
}

bool layer_stream_push(LayerStream *stream, const void *bytes, size_t size, GError **error) {
        stream->blob_size += (int64_t) size;
        if (stream->want.size >= 0 && stream->blob_size > stream->want.size)
                return error_set_invalid(
                                error,
                                "more than the %" G_GINT64_FORMAT " bytes that the manifest says",
                                stream->want.size);
        hash_update(stream->blob_hash, bytes, size);
        return inflater_push(stream->inflater, bytes, size, error);
}

static bool check(const char *what, const char *want, const char *have, GError **error) {
        if (want && !g_str_equal(want, have))
                return error_set_invalid(
                                error, "%s does not match: expected '%s', got '%s'", what, want,
                                have);
        return true;
}

bool layer_stream_finish(LayerStream *stream, LayerResult *ret_result, GError **error) {
        const LayerWant *want = &stream->want;
        if (want->size >= 0 && stream->blob_size != want->size)
                return error_set_invalid(
                                error,
                                "truncated: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " bytes",
                                stream->blob_size, want->size);
        g_autofree char *digest = hash_finish(stream->blob_hash);
        if (!check("the layer's digest", want->digest, digest, error) ||
            !inflater_finish(stream->inflater, error) || !tar_reader_finish(stream->tar, error))
                return false;
        g_autofree char *diff_id = hash_finish(stream->diff_hash);
        if (!check("the digest of the unpacked layer (diff id)", want->diff_id, diff_id, error) ||
            !unpacker_finish(stream->unpacker, error) || !tar_split_finish(stream->split, error))
                return false;
        *ret_result = (LayerResult){
                .digest = g_steal_pointer(&digest),
                .size = stream->blob_size,
                .diff_id = g_steal_pointer(&diff_id),
                .diff_size = stream->diff_size,
                .compression = inflater_format(stream->inflater),
                .uids = unpacker_uids(stream->unpacker),
                .gids = unpacker_gids(stream->unpacker),
        };
        return true;
}
