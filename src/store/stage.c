/* SPDX-License-Identifier: Apache-2.0 */
/* The store's tree and the staging directories in it. They are beside overlay/: within it, Podman
 * takes every directory for a layer (and older versions empty overlay/staging/ whenever they exit).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "store/edit.h"
#include "store/lock.h"
#include "store/writer.h"

#define STAGING  "berth-staging"
#define PARTIALS "berth-partial"

struct StoreStage {
        char *path;
        int fd;
        int lock_fd;
        unsigned int n_made;
};

static const StorePlace *main_place(const Store *store) {
        return store->places->pdata[0];
}

static bool make_tree(const StorePlace *place, GError **error) {
        static const struct {
                const char *name;
                mode_t mode;
        } directories[] = {
                { "overlay", 0700 },
                { "overlay/l", 0755 },
                { "overlay-layers", 0700 },
                { "overlay-images", 0700 },
                { "overlay-containers", 0700 },
                { STAGING, 0700 },
                { PARTIALS, 0700 },
        };
        if (!file_make_directories(AT_FDCWD, place->path, 0700, error))
                return false;
        for (size_t i = 0; i < G_N_ELEMENTS(directories); i++) {
                g_autofree char *path = g_build_filename(place->path, directories[i].name, NULL);
                if (mkdir(path, directories[i].mode) < 0 && errno != EEXIST)
                        return error_set_errno(error, errno, "Cannot make directory '%s'", path);
        }
        return true;
}

static int take_storage_lock(const StorePlace *place, GError **error) {
        g_autofree char *path = g_build_filename(place->path, "storage.lock", NULL);
        return lock_take(path, STORE_LOCK_WRITE, error);
}

/* A staging directory whose writer is dead; its lock is ours now. */
typedef struct DeadStage {
        char *name;
        int lock_fd;
} DeadStage;

static void dead_stage_clear(gpointer data) {
        DeadStage *dead = data;
        g_free(dead->name);
        fd_close(&dead->lock_fd);
}

/* Under storage.lock, under which new ones are made and locked, too. */
static bool find_dead_stages(const StorePlace *place, DIR *dir, GArray *dead, GError **error) {
        autofd int lock = take_storage_lock(place, error);
        if (lock < 0)
                return false;
        for (struct dirent *e; (e = readdir(dir));) {
                if (e->d_name[0] == '.')
                        continue;
                g_autofree char *path = g_build_filename(place->path, STAGING, e->d_name, NULL);
                g_autofree char *file = g_build_filename(path, "lock", NULL);
                bool busy = false;
                DeadStage one = { .lock_fd = lock_try(file, STORE_LOCK_WRITE, &busy, NULL) };
                if (busy)
                        continue;
                one.name = g_strdup(e->d_name);
                g_array_append_val(dead, one);
        }
        return true;
}

static bool prune_stages(const StorePlace *place, GError **error) {
        g_autofree char *staging = g_build_filename(place->path, STAGING, NULL);
        DIR *dir = opendir(staging);
        if (!dir)
                return error_set_errno(error, errno, "Cannot list '%s'", staging);
        g_autoptr(GArray) dead = g_array_new(FALSE, TRUE, sizeof(DeadStage));
        g_array_set_clear_func(dead, dead_stage_clear);
        bool ok = find_dead_stages(place, dir, dead, error);
        for (guint i = 0; ok && i < dead->len; i++)
                ok = file_remove_tree(dirfd(dir), g_array_index(dead, DeadStage, i).name, error);
        closedir(dir);
        return ok;
}

static bool stage_open(StoreStage *stage, GError **error) {
        if (mkdir(stage->path, 0700) < 0)
                return error_set_errno(error, errno, "Cannot make directory '%s'", stage->path);
        g_autofree char *lock_path = g_build_filename(stage->path, "lock", NULL);
        stage->lock_fd = lock_take(lock_path, STORE_LOCK_WRITE, error);
        if (stage->lock_fd < 0)
                return false;
        stage->fd = open(stage->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return stage->fd >= 0 || error_set_errno(error, errno, "Cannot open '%s'", stage->path);
}

StoreStage *store_stage_new(Store *store, GError **error) {
        const StorePlace *place = main_place(store);
        if (!make_tree(place, error))
                return NULL;
        autofd int lock = take_storage_lock(place, error);
        if (lock < 0)
                return NULL;
        g_autoptr(StoreStage) stage = g_new0(StoreStage, 1);
        stage->fd = stage->lock_fd = -1;
        g_autofree char *id = hex_id_new();
        g_autofree char *name = g_strndup(id, 16);
        stage->path = g_build_filename(place->path, STAGING, name, NULL);
        return stage_open(stage, error) ? g_steal_pointer(&stage) : NULL;
}

void store_stage_free(StoreStage *stage) {
        if (!stage)
                return;
        /* What cannot be removed now, the next writer finds without a lock. */
        (void) file_remove_tree(AT_FDCWD, stage->path, NULL);
        fd_close(&stage->fd);
        fd_close(&stage->lock_fd);
        g_free(stage->path);
        g_free(stage);
}

bool store_prepare(Store *store, GError **error) {
        g_autoptr(StoreStage) trash = store_stage_new(store, error);
        if (!trash)
                return false;
        g_autoptr(StoreEdit) edit = store_edit_begin(store, error);
        if (!edit || !store_edit_drop_incomplete(edit, trash, error))
                return false;
        g_clear_pointer(&edit, store_edit_free); /* removing trees takes time: no lock */
        return prune_stages(main_place(store), error);
}

int store_stage_make(StoreStage *stage, char **ret_name, GError **error) {
        g_autofree char *name = g_strdup_printf("%u", g_atomic_int_add(&stage->n_made, 1));
        if (mkdirat(stage->fd, name, 0700) < 0) {
                error_set_errno(error, errno, "Cannot make directory '%s/%s'", stage->path, name);
                return -1;
        }
        int fd = openat(stage->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                error_set_errno(error, errno, "Cannot open '%s/%s'", stage->path, name);
        else
                *ret_name = g_steal_pointer(&name);
        return fd;
}

void store_stage_drop(StoreStage *stage, const char *name) {
        (void) file_remove_tree(stage->fd, name, NULL); /* the stage itself goes later */
}

char *store_stage_relative(const StoreStage *stage, const char *name) {
        const char *slash = strrchr(stage->path, '/');
        return g_build_filename(STAGING, slash + 1, name, NULL);
}

int store_stage_open_partials(const StoreStage *stage) {
        return openat(stage->fd, "../../" PARTIALS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int store_stage_fd(const StoreStage *stage) {
        return stage->fd;
}
