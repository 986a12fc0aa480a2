/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over independent items. Reading and writing thousands of small files is a walk through the
 * kernel's locks and caches: it is what a second processor helps most with.
 *
 * A whole run takes some twenty milliseconds. Where the scheduler begins a thread, or wakes it, on
 * the processor of the one that makes it work, it waits there for a few of them, so every thread
 * has a processor of its own, and is kept for the loops that follow. */
#include "generator/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "generator/heap.h"

#define ITEMS_MIN   64 /* below, a thread costs more than it brings */
#define THREADS_MAX 3  /* beside the calling one */
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

/* The threads, which live until the process ends. */
static struct {
        GMutex mutex; /* of all below */
        GCond begun;  /* number has changed */
        GCond idle;   /* n_working has become 0 */
        bool started;
        Loop *loop;          /* NULL: there is nothing to do */
        unsigned int number; /* of loops so far */
        unsigned int n_working;
} crew;

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

static void work(Loop *loop) {
        while (work_chunk(loop))
                continue;
}

static void *run_thread(void *data) {
        heap_reserve();
        g_mutex_lock(&crew.mutex);
        for (unsigned int seen = 0;; seen = crew.number) {
                while (crew.number == seen)
                        g_cond_wait(&crew.begun, &crew.mutex);
                if (!crew.loop)
                        continue; /* over before this thread woke */
                crew.n_working++;
                Loop *loop = crew.loop;
                g_mutex_unlock(&crew.mutex);
                work(loop);
                g_mutex_lock(&crew.mutex);
                if (--crew.n_working == 0)
                        g_cond_signal(&crew.idle);
        }
        return data;
}

static void start_thread(int processor) {
        pthread_attr_t attributes;
        pthread_t thread;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET((size_t) processor, &one);
        if (pthread_attr_init(&attributes) != 0)
                return;
        /* a thread that cannot be had is no reason to fail: the calling one does the rest */
        if (pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
            pthread_attr_setaffinity_np(&attributes, sizeof(one), &one) == 0)
                (void) pthread_create(&thread, &attributes, run_thread, NULL);
        pthread_attr_destroy(&attributes);
}

/* One for every other processor that the process may use. */
static void start_crew(void) {
        int own = sched_getcpu();
        cpu_set_t allowed;
        crew.started = true;
        if (own < 0 || sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
                return;
        for (int i = 0, n = 0; i < CPU_SETSIZE && n < THREADS_MAX; i++)
                if (i != own && CPU_ISSET((size_t) i, &allowed)) {
                        start_thread(i);
                        n++;
                }
}

static void begin(Loop *loop) {
        if (loop->n < ITEMS_MIN)
                return;
        g_mutex_lock(&crew.mutex);
        crew.loop = loop;
        crew.number++;
        g_cond_broadcast(&crew.begun);
        g_mutex_unlock(&crew.mutex);
        if (!crew.started)
                start_crew();
}

static void end(void) {
        g_mutex_lock(&crew.mutex);
        crew.loop = NULL;
        while (crew.n_working > 0)
                g_cond_wait(&crew.idle, &crew.mutex);
        g_mutex_unlock(&crew.mutex);
}

void parallel_for(guint n, ParallelFunction function, void *data) {
        Loop loop = { .n = n, .function = function, .data = data };
        begin(&loop);
        work(&loop);
        end();
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
        g_mutex_init(&loop.mutex);
        g_cond_init(&loop.chunk_done);
        begin(&loop);
        for (guint i = 0; i < n; i++) {
                while (!g_atomic_int_get(&done[i / CHUNK]))
                        if (!work_chunk(&loop))
                                wait_chunk(&loop, i / CHUNK);
                consume(i, data);
        }
        end();
        g_cond_clear(&loop.chunk_done);
        g_mutex_clear(&loop.mutex);
}
