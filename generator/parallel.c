/* SPDX-License-Identifier: Apache-2.0 */
/* A loop over independent items. Reading and writing thousands of small files is a walk through the
 * kernel's locks and caches: it is what a second processor helps most with. */
#include "generator/parallel.h"

#include <stdbool.h>

#include "generator/heap.h"

#define ITEMS_MIN   64 /* below, a thread costs more than it brings */
#define THREADS_MAX 4
#define CHUNK       16

typedef struct Loop {
        guint n;
        gint next; /* atomic: first index that nobody has taken */
        ParallelFunction function;
        void *data;
        gint *done; /* atomic, one a chunk: its calls have returned; NULL where nobody asks */
        GMutex mutex;
        GCond chunk_done;
} Loop;

/* Takes the next chunk and does it; false when none is left. */
static bool work_chunk(Loop *loop) {
        guint from = (guint) g_atomic_int_add(&loop->next, CHUNK);
        if (from >= loop->n)
                return false;
        for (guint i = from; i < MIN(from + CHUNK, loop->n); i++)
                loop->function(i, loop->data);
        if (loop->done) {
                g_mutex_lock(&loop->mutex);
                g_atomic_int_set(&loop->done[from / CHUNK], 1);
                g_cond_signal(&loop->chunk_done);
                g_mutex_unlock(&loop->mutex);
        }
        return true;
}

static gpointer work(gpointer data) {
        while (work_chunk(data))
                continue;
        return NULL;
}

static gpointer run_thread(gpointer data) {
        heap_reserve();
        return work(data);
}

/* A thread that cannot be had is no reason to fail: the calling one does the rest. */
static void start_threads(Loop *loop, GThread *threads[THREADS_MAX]) {
        guint n_threads = loop->n < ITEMS_MIN ? 0 : MIN(g_get_num_processors(), THREADS_MAX) - 1;
        for (guint i = 0; i < n_threads; i++)
                threads[i] = g_thread_try_new("generator", run_thread, loop, NULL);
}

static void join_threads(GThread *threads[THREADS_MAX]) {
        for (guint i = 0; i < THREADS_MAX; i++)
                if (threads[i])
                        g_thread_join(threads[i]);
}

void parallel_for(guint n, ParallelFunction function, void *data) {
        Loop loop = { .n = n, .function = function, .data = data };
        GThread *threads[THREADS_MAX] = { NULL };
        start_threads(&loop, threads);
        work(&loop);
        join_threads(threads);
}

static void wait_chunk(Loop *loop, guint chunk) {
        g_mutex_lock(&loop->mutex);
        while (!g_atomic_int_get(&loop->done[chunk]))
                g_cond_wait(&loop->chunk_done, &loop->mutex);
        g_mutex_unlock(&loop->mutex);
}

void parallel_pipe(guint n, ParallelFunction produce, ParallelFunction consume, void *data) {
        g_autofree gint *done = g_new0(gint, n / CHUNK + 1);
        Loop loop = { .n = n, .function = produce, .data = data, .done = done };
        GThread *threads[THREADS_MAX] = { NULL };
        g_mutex_init(&loop.mutex);
        g_cond_init(&loop.chunk_done);
        start_threads(&loop, threads);
        for (guint i = 0; i < n; i++) {
                while (!g_atomic_int_get(&done[i / CHUNK]))
                        if (!work_chunk(&loop))
                                wait_chunk(&loop, i / CHUNK);
                consume(i, data);
        }
        join_threads(threads);
        g_cond_clear(&loop.chunk_done);
        g_mutex_clear(&loop.mutex);
}
