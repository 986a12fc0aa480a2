/* SPDX-License-Identifier: Apache-2.0 */
/* Progress of a pull. */
#include "image/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image/notify.h"

#define TICK_USEC    (200 * 1000)
#define NOTIFY_TICKS 5
#define EXTEND_USEC  (30 * G_USEC_PER_SEC) /* longer than a stall is waited for */
#define BAR_WIDTH    30

struct Progress {
        char *what;
        bool terminal, notify;
        GThread *thread;
        GMutex mutex;
        GCond wake;
        bool stop;
        int64_t total; /* what follows: under the mutex */
        int64_t done;
        unsigned int n_layers, layers_done;
        bool drawn;
};

/* "Pulling 3/7 layers, 412/980 MiB" */
static char *status_text(const Progress *progress) {
        return g_strdup_printf(
                        "Pulling %u/%u layers, %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT " MiB",
                        progress->layers_done, progress->n_layers, progress->done >> 20,
                        (progress->total + (1 << 20) - 1) >> 20);
}

static void draw(Progress *progress) {
        if (progress->total <= 0)
                return;
        g_autofree char *text = status_text(progress);
        int filled = (int) (MIN(progress->done, progress->total) * BAR_WIDTH / progress->total);
        char bar[BAR_WIDTH + 1];
        memset(bar, '.', BAR_WIDTH);
        memset(bar, '#', (size_t) filled);
        bar[BAR_WIDTH] = '\0';
        fprintf(stderr, "\r[%s] %s\033[K", bar, text);
        progress->drawn = true;
}

static void tell_systemd(Progress *progress, int64_t *last) {
        g_autofree char *text = status_text(progress);
        if (progress->done == *last) {
                notify_status(text, 0); /* nothing arrives: the manager's clock runs on */
                return;
        }
        *last = progress->done;
        notify_status(text, EXTEND_USEC);
}

static void *watch(void *data) {
        Progress *progress = data;
        int64_t last = 0;
        g_mutex_lock(&progress->mutex);
        for (unsigned int tick = 1; !progress->stop; tick++) {
                gint64 until = g_get_monotonic_time() + TICK_USEC;
                g_cond_wait_until(&progress->wake, &progress->mutex, until);
                if (progress->terminal)
                        draw(progress);
                if (progress->notify && tick % NOTIFY_TICKS == 0)
                        tell_systemd(progress, &last);
        }
        g_mutex_unlock(&progress->mutex);
        return NULL;
}

Progress *progress_new(const char *what, bool quiet) {
        Progress *progress = g_new0(Progress, 1);
        g_mutex_init(&progress->mutex);
        g_cond_init(&progress->wake);
        progress->what = g_strdup(what);
        progress->terminal = !quiet && isatty(STDERR_FILENO);
        progress->notify = notify_is_wanted();
        if (!quiet)
                fprintf(stderr, "Trying to pull %s...\n", what);
        if (progress->terminal || progress->notify)
                progress->thread = g_thread_new("progress", watch, progress);
        return progress;
}

void progress_free(Progress *progress) {
        if (!progress)
                return;
        g_mutex_lock(&progress->mutex);
        progress->stop = true;
        g_cond_signal(&progress->wake);
        g_mutex_unlock(&progress->mutex);
        if (progress->thread)
                g_thread_join(progress->thread);
        if (progress->drawn)
                fprintf(stderr, "\r\033[K");
        g_cond_clear(&progress->wake);
        g_mutex_clear(&progress->mutex);
        g_free(progress->what);
        g_free(progress);
}

void progress_expect(Progress *progress, unsigned int n_layers, int64_t bytes) {
        g_mutex_lock(&progress->mutex);
        progress->n_layers = n_layers;
        progress->total = bytes;
        g_mutex_unlock(&progress->mutex);
}

void progress_bytes(Progress *progress, int64_t bytes) {
        g_mutex_lock(&progress->mutex);
        progress->done += bytes;
        g_mutex_unlock(&progress->mutex);
}

void progress_layer(Progress *progress) {
        g_mutex_lock(&progress->mutex);
        progress->layers_done++;
        g_mutex_unlock(&progress->mutex);
}
