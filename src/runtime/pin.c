/* SPDX-License-Identifier: Apache-2.0 */
/* The records that keep others from removing images that our containers use. */
#include "runtime/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "store/writer.h"

#define PIN_NAME                                                                                   \
        "berth-uses-" /* of the record in containers.json: podman ps --external shows it           \
                       */

static char *mark_path(const Runtime *runtime, const char *image_id) {
        return g_build_filename(records_run_dir(runtime->records), "pins", image_id, NULL);
}

/* Ids of containers are 64 hexadecimal digits; this one is always the same for an image. */
static char *record_id(const char *image_id) {
        g_autofree char *text = g_strconcat(PIN_NAME, image_id, NULL);
        return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

static bool write_pin(Runtime *runtime, const char *image_id, const char *mark, GError **error) {
        g_autoptr(StoreImage) image = NULL;
        if (!store_image_find(runtime->store, image_id, &image, error))
                return false;
        if (image->read_only)
                return true; /* nobody can remove it */
        g_autofree char *id = record_id(image_id);
        g_autofree char *name = g_strdup_printf(PIN_NAME "%.12s", image_id);
        g_autofree char *directory = g_path_get_dirname(mark);
        return store_container_add(runtime->store, id, name, image_id, error) &&
               file_make_directories(AT_FDCWD, directory, 0700, error) &&
               file_replace(AT_FDCWD, mark, "", 0, 0600, FILE_VOLATILE, error);
}

void pin_image(Runtime *runtime, const ContainerRecord *record) {
        g_autoptr(GError) error = NULL;
        if (!record->image_id)
                return;
        g_autofree char *mark = mark_path(runtime, record->image_id);
        if (access(mark, F_OK) < 0 && !write_pin(runtime, record->image_id, mark, &error))
                log_warning("The image of container '%s' is not protected from removal: %s",
                            record->name, error->message);
}

GPtrArray *pin_users(Runtime *runtime, const char *image_id, GError **error) {
        GPtrArray *list = record_list(runtime->records, error);
        for (guint i = list ? list->len : 0; i > 0; i--) {
                const ContainerRecord *record = list->pdata[i - 1];
                if (g_strcmp0(record->image_id, image_id) != 0)
                        g_ptr_array_remove_index(list, i - 1);
        }
        return list;
}

typedef struct Release {
        Runtime *runtime;
        const char *image_id;
} Release;

/* With the lock of the records. The mark goes first: a container that comes now writes the record
 * again, after us. */
static bool is_unused(void *data) {
        Release *release = data;
        g_autofree char *mark = mark_path(release->runtime, release->image_id);
        if (unlink(mark) < 0 && errno != ENOENT)
                return false;
        g_autoptr(GPtrArray) users = pin_users(release->runtime, release->image_id, NULL);
        return users && users->len == 0;
}

bool pin_release(Runtime *runtime, const char *image_id, GError **error) {
        g_autofree char *id = record_id(image_id);
        Release release = { runtime, image_id };
        return store_container_remove(runtime->store, id, is_unused, &release, error);
}

bool pin_settle(Runtime *runtime, GError **error) {
        g_autoptr(GPtrArray) all = NULL;
        if (!store_container_list(runtime->store, &all, error))
                return false;
        for (guint i = 0; i < all->len; i++) {
                const StoreContainer *container = all->pdata[i];
                if (container->name && g_str_has_prefix(container->name, PIN_NAME) &&
                    !pin_release(runtime, container->image, error))
                        return false;
        }
        return true;
}
