/* SPDX-License-Identifier: Apache-2.0 */
/* For `diff` and `commit`. */
#include "cli/container-changes.h"

#include <errno.h>
#include <fcntl.h>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/rootfs.h"

/* Mount points and files that every container gets; Podman leaves out the same. */
static const char *const made_by_us[] = {
        "/dev",
        "/etc/hostname",
        "/etc/hosts",
        "/etc/mtab",
        "/etc/resolv.conf",
        "/proc",
        "/run",
        "/run/.containerenv",
        "/run/notify",
        "/run/secrets",
        "/run/secrets/etc-pki-entitlement",
        "/sys",
        NULL,
};

/* Layers, topmost first, as one tree. One layer is that already, and overlayfs wants two. */
static bool open_merged(Runtime *runtime, char **layers, int *ret_fd, GError **error) {
        if (!layers[1]) {
                *ret_fd = open(layers[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
                return *ret_fd >= 0 ||
                       error_set_errno(error, errno, "Cannot open layer '%s'", layers[0]);
        }
        g_autofree char *attach =
                        g_build_filename(records_run_dir(runtime->records), "rootfs", NULL);
        const OverlayRequest request = {
                .lower_paths = (const char *const *) layers,
                .attach_path = attach,
                .userns_fd = -1,
        };
        return rootfs_mount_overlay(&request, ret_fd, error);
}

static bool
open_lower(Runtime *runtime, const ContainerRecord *record, int *ret_fd, GError **error) {
        g_autoptr(StoreImage) image = NULL;
        g_auto(GStrv) layers = NULL;
        if (!store_image_find(runtime->store, record->image_id, &image, error) ||
            !store_image_layer_paths(runtime->store, image, &layers, error))
                return false;
        if (!layers[0])
                return error_set_invalid(error, "image '%s' has no layers", image->id);
        return open_merged(runtime, layers, ret_fd, error);
}

GHashTable *container_changes(
                Runtime *runtime,
                const ContainerRecord *record,
                int *ret_upper_fd,
                GError **error) {
        autofd int lower_fd = -1;
        if (!record->image_id) {
                error_set_invalid(
                                error,
                                "container '%s' has no layer of its own: it uses a "
                                "directory as root (--rootfs)",
                                record->name);
                return NULL;
        }
        g_autofree char *path = record_data_path(runtime->records, record);
        g_autofree char *upper = g_build_filename(path, "upper", NULL);
        if (!open_lower(runtime, record, &lower_fd, error))
                return NULL;
        autofd int upper_fd = open(upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (upper_fd < 0) {
                error_set_errno(error, errno, "Cannot open '%s'", upper);
                return NULL;
        }
        GHashTable *changes = layer_diff(upper_fd, lower_fd, error);
        for (const char *const *made = made_by_us; changes && *made; made++)
                g_hash_table_remove(changes, *made);
        if (changes && ret_upper_fd)
                *ret_upper_fd = fd_steal(&upper_fd);
        return changes;
}

GHashTable *image_changes(Runtime *runtime, const char *name, GError **error) {
        g_autoptr(StoreImage) image = NULL;
        g_auto(GStrv) layers = NULL;
        autofd int lower_fd = -1; /* of a single layer: there is nothing below, all is added */
        if (!store_image_find(runtime->store, name, &image, error) ||
            !store_image_layer_paths(runtime->store, image, &layers, error))
                return NULL;
        if (!layers[0]) {
                error_set_invalid(error, "image '%s' has no layers", image->id);
                return NULL;
        }
        if (layers[1] && !open_merged(runtime, layers + 1, &lower_fd, error))
                return NULL;
        autofd int upper_fd = open(layers[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (upper_fd < 0) {
                error_set_errno(error, errno, "Cannot open layer '%s'", layers[0]);
                return NULL;
        }
        return layer_diff(upper_fd, lower_fd, error);
}
