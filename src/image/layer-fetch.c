/* SPDX-License-Identifier: Apache-2.0 */
/* A few threads take layers, the largest first. Each streams its layer all the way from the socket
 * to the files, so that there is nothing to hand over and memory is bounded per thread. */
#include "image/layer-fetch.h"

#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "image/http.h"
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
        GPtrArray *queue; /* of LayerFetch, borrowed; largest last */
        GMutex mutex;
        GError *error; /* the first one */
        int cancel;    /* g_atomic_int */
} Job;

typedef struct Receiver {
        Job *job;
        LayerStream *stream;
} Receiver;

static bool receive(void *data, const void *bytes, size_t size, GError **error) {
        Receiver *receiver = data;
        if (g_atomic_int_get(&cancelled) || g_atomic_int_get(&receiver->job->cancel))
                return error_set(error, IMAGE_ERROR, IMAGE_ERROR_CANCELLED, "cancelled");
        progress_bytes(receiver->job->progress, (int64_t) size);
        return layer_stream_push(receiver->stream, bytes, size, error);
}

static bool fetch_layer(Job *job, LayerFetch *fetch, GError **error) {
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
        g_autoptr(LayerStream) stream = layer_stream_new(directory_fd, &want, error);
        Receiver receiver = { job, stream };
        bool ok = stream &&
                  job->source->class->blob(
                                  job->source, descriptor, receive, &receiver, &job->cancel,
                                  error) &&
                  layer_stream_finish(stream, &fetch->result, error);
        if (!ok) {
                store_stage_drop(job->stage, name);
                return false;
        }
        fetch->staged = g_steal_pointer(&name);
        return true;
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
        Job job = { .source = source, .stage = stage, .progress = progress };
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
