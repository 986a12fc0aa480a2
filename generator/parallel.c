/* SPDX-License-Identifier: Apache-2.0 */
/* A loop over independent items. Reading and writing thousands of small files is a walk through the
 * kernel's locks and caches: it is what a second processor helps most with. */
#include "generator/parallel.h"

#define ITEMS_MIN   64 /* below, a thread costs more than it brings */
#define THREADS_MAX 4
#define CHUNK       16

typedef struct Loop {
        guint n;
        gint next; /* atomic: first index that nobody has taken */
        ParallelFunction function;
        void *data;
} Loop;

static gpointer work(gpointer data) {
        Loop *loop = data;
        for (;;) {
                guint from = (guint) g_atomic_int_add(&loop->next, CHUNK);
                if (from >= loop->n)
                        return NULL;
                for (guint i = from; i < MIN(from + CHUNK, loop->n); i++)
                        loop->function(i, loop->data);
        }
}

void parallel_for(guint n, ParallelFunction function, void *data) {
        Loop loop = { .n = n, .function = function, .data = data };
        GThread *threads[THREADS_MAX] = { NULL };
        guint n_threads = n < ITEMS_MIN ? 0 : MIN(g_get_num_processors(), THREADS_MAX) - 1;
        /* a thread that cannot be had is no reason to fail: this one does the rest */
        for (guint i = 0; i < n_threads; i++)
                threads[i] = g_thread_try_new("generator", work, &loop, NULL);
        work(&loop);
        for (guint i = 0; i < n_threads; i++)
                if (threads[i])
                        g_thread_join(threads[i]);
}
