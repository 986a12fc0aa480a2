/* SPDX-License-Identifier: Apache-2.0 */
/* A few threads take layers, the largest first. Each streams its layer all the way from the socket
 * to the files, so that there is nothing to hand over and memory is bounded per thread. */
#include "image/layer-fetch.h"

#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "image/http.h"
#include "image/partial.h"
#include "image/pull.h"

static int cancelled; /* g_atomic_int: by a signal, for the whole process */

void pull_cancel_all(void) {
        g_atomic_int_set(&cancelled, 1);
}

void layer_fetch_free(LayerFetch *fetch) {
        if (!fetch)
                return;
        g_free(fetch->id);
        g_free(fetch->staged);
        layer_result_clear(&fetch->result);
        g_free(fetch);
}

bool layer_fetch_find_present(Store *store, GPtrArray *layers, GError **error) {
        for (guint i = 0; i < layers->len; i++) {
                LayerFetch *fetch = layers->pdata[i];
                if (!fetch->staged && !store_layer_exists(store, fetch->id, &fetch->present, error))
                        return false;
        }
        return true;
}

typedef struct Job {
        ImageSource *source;
        StoreStage *stage;
        Progress *progress;
        int partials_fd;  /* where what came in part is kept; -1: nowhere */
        GPtrArray *queue; /* of LayerFetch, borrowed; largest last */
        GMutex mutex;
        GError *error; /* the first one */
        int cancel;    /* g_atomic_int */
} Job;

typedef struct Receiver {
        Job *job;
        LayerStream *stream;
        Partial *partial; /* what came is noted there; may be NULL */
} Receiver;

static bool push(void *data, const void *bytes, size_t size, GError **error) {
        Receiver *receiver = data;
        if (g_atomic_int_get(&cancelled) || g_atomic_int_get(&receiver->job->cancel))
                return error_set(error, IMAGE_ERROR, IMAGE_ERROR_CANCELLED, "cancelled");
        progress_bytes(receiver->job->progress, (int64_t) size);
        return layer_stream_push(receiver->stream, bytes, size, error);
}

static bool receive(void *data, const void *bytes, size_t size, GError **error) {
        Receiver *receiver = data;
        if (receiver->partial)
                partial_append(receiver->partial, bytes, size);
        return push(receiver, bytes, size, error);
}

/* The transfer ended early, and what came of it is good. */
static bool is_worth_keeping(const GError *error) {
        return g_error_matches(error, IMAGE_ERROR, IMAGE_ERROR_UNREACHABLE) ||
               g_error_matches(error, IMAGE_ERROR, IMAGE_ERROR_STALLED) ||
               g_error_matches(error, IMAGE_ERROR, IMAGE_ERROR_CANCELLED);
}

static bool stream_blob(Job *job, const OciDescriptor *descriptor, Receiver *to, GError **error) {
        const ImageSourceClass *class = job->source->class;
        int64_t had = to->partial ? partial_size(to->partial) : 0;
        if (!to->partial)
                return class->blob(job->source, descriptor, receive, to, &job->cancel, error);
        if (!partial_replay(to->partial, push, to, error))
                return false;
        return had == descriptor->size ||
               class->blob_from(job->source, descriptor, had, receive, to, &job->cancel, error);
}

/* Once, into a directory of its own. *ret_resumed: a part was there already. */
static bool fetch_once(Job *job, LayerFetch *fetch, bool *ret_resumed, GError **error) {
        const OciDescriptor *descriptor = fetch->descriptor;
        g_autofree char *name = NULL;
        autofd int directory_fd = store_stage_make(job->stage, &name, error);
        if (directory_fd < 0)
                return false;
        LayerWant want = {
                .digest = descriptor->digest,
                .size = descriptor->size,
                .diff_id = fetch->diff_id,
        };
        g_autoptr(GError) inner = NULL;
        g_autoptr(LayerStream) stream = layer_stream_new(directory_fd, &want, &inner);
        Receiver to = { .job = job, .stream = stream };
        if (job->partials_fd >= 0 && job->source->class->blob_from)
                to.partial = partial_open(job->partials_fd, descriptor->digest, descriptor->size);
        *ret_resumed = to.partial && partial_size(to.partial) > 0;
        bool ok = stream && stream_blob(job, descriptor, &to, &inner) &&
                  layer_stream_finish(stream, &fetch->result, &inner);
        partial_close(to.partial, !ok && is_worth_keeping(inner));
        if (ok) {
                fetch->staged = g_steal_pointer(&name);
                return true;
        }
        store_stage_drop(job->stage, name);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
}

/* What was kept may be bad (a power cut, a disk): then it is gone now, and all of it is fetched. */
static bool fetch_layer(Job *job, LayerFetch *fetch, GError **error) {
        bool resumed = false;
        g_autoptr(GError) inner = NULL;
        if (fetch_once(job, fetch, &resumed, &inner))
                return true;
        if (resumed && !is_worth_keeping(inner))
                return fetch_once(job, fetch, &resumed, error);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
}

static void note_failure(Job *job, const LayerFetch *fetch, GError *error) {
        g_mutex_lock(&job->mutex);
        if (!job->error) {
                g_prefix_error(&error, "layer '%s': ", fetch->descriptor->digest);
                job->error = error;
        } else {
                g_error_free(error);
        }
        g_mutex_unlock(&job->mutex);
        g_atomic_int_set(&job->cancel, 1);
}

static void *work(void *data) {
        Job *job = data;
        for (;;) {
                g_mutex_lock(&job->mutex);
                LayerFetch *fetch =
                                job->queue->len > 0 && !g_atomic_int_get(&job->cancel)
                                                ? g_ptr_array_steal_index(
                                                                  job->queue, job->queue->len - 1)
                                                : NULL;
                g_mutex_unlock(&job->mutex);
                if (!fetch)
                        return NULL;
                GError *error = NULL;
                if (fetch_layer(job, fetch, &error))
                        progress_layer(job->progress);
                else
                        note_failure(job, fetch, error);
        }
}

static gint by_size(gconstpointer a, gconstpointer b) {
        int64_t x = (*(LayerFetch *const *) a)->descriptor->size;
        int64_t y = (*(LayerFetch *const *) b)->descriptor->size;
        return x < y ? -1 : x > y;
}

/* As many as there are cores, but two on a single one: one waits for the network meanwhile. */
static guint count_workers(guint n_layers) {
        guint cores = g_get_num_processors();
        return MIN(CLAMP(cores, 2, PULL_WORKERS_MAX), n_layers);
}

bool layer_fetch_all(
                ImageSource *source,
                StoreStage *stage,
                GPtrArray *layers,
                Progress *progress,
                GError **error) {
        autofd int partials_fd = store_stage_open_partials(stage);
        Job job = {
                .source = source,
                .stage = stage,
                .progress = progress,
                .partials_fd = partials_fd,
        };
        if (partials_fd >= 0)
                partial_prune(partials_fd);
        int64_t total = 0;
        g_autoptr(GPtrArray) queue = g_ptr_array_new();
        for (guint i = 0; i < layers->len; i++) {
                LayerFetch *fetch = layers->pdata[i];
                if (fetch->present || fetch->staged)
                        continue;
                g_ptr_array_add(queue, fetch);
                total += fetch->descriptor->size;
        }
        g_ptr_array_sort(queue, by_size);
        progress_expect(progress, queue->len, total);
        job.queue = queue;
        g_mutex_init(&job.mutex);
        GThread *threads[PULL_WORKERS_MAX];
        guint n = count_workers(queue->len);
        for (guint i = 0; i < n; i++)
                threads[i] = g_thread_new("layer", work, &job);
        for (guint i = 0; i < n; i++)
                g_thread_join(threads[i]);
        g_mutex_clear(&job.mutex);
        if (!job.error)
                return true;
        g_propagate_error(error, job.error);
        return false;
}
