/* SPDX-License-Identifier: Apache-2.0 */
/* `berth import`. */
#include "image/import.h"

#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "image/image-change.h"
#include "image/new-image.h"
#include "oci/manifest.h"

static GBytes *
make_config(const LayerResult *layer,
            const OciPlatformWish *platform,
            const char *created,
            const char *const *changes,
            const char *message,
            GError **error) {
        g_autoptr(JsonObject) root = json_object_new();
        JsonObject *config = json_object_new(), *rootfs = json_object_new();
        JsonObject *entry = json_object_new();
        JsonArray *history = json_array_new();
        const char *diff_ids[] = { layer->diff_id, NULL };
        json_object_set_string_member(root, "created", created);
        json_object_set_string_member(root, "architecture", platform->architecture);
        json_object_set_string_member(root, "os", platform->os);
        if (platform->variant)
                json_object_set_string_member(root, "variant", platform->variant);
        json_object_set_object_member(root, "config", config);
        json_object_set_object_member(root, "rootfs", rootfs);
        json_object_set_string_member(rootfs, "type", "layers");
        json_set_strings(rootfs, "diff_ids", diff_ids);
        json_object_set_string_member(entry, "created", created);
        json_object_set_string_member(
                        entry, "comment", message ? message : "imported from tarball");
        json_array_add_object_element(history, entry);
        json_object_set_array_member(root, "history", history);
        for (const char *const *change = changes; change && *change; change++)
                if (!image_change_apply(config, *change, error))
                        return NULL;
        char *text = json_format_object(root, false);
        return g_bytes_new_take(text, strlen(text));
}

bool import_tar(Store *store,
                int fd,
                const char *name,
                const OciPlatformWish *platform,
                const char *const *changes,
                const char *message,
                char **ret_id,
                GError **error) {
        if (!store_prepare(store, error))
                return false;
        g_autoptr(StoreStage) stage = store_stage_new(store, error);
        g_autofree char *staged = NULL;
        autofd int directory_fd = stage ? store_stage_make(stage, &staged, error) : -1;
        LayerResult layer = { 0 };
        if (directory_fd < 0 || !new_image_read_layer(fd, directory_fd, &layer, error))
                return false;
        g_autofree char *created = text_format_time(g_get_real_time() * 1000);
        g_autoptr(GBytes) config = make_config(&layer, platform, created, changes, message, error);
        if (!config) {
                layer_result_clear(&layer);
                return false;
        }
        GPtrArray *layers = g_ptr_array_new_with_free_func((GDestroyNotify) store_new_layer_free);
        g_ptr_array_add(layers, new_image_layer(NULL, &layer, staged));
        layer_result_clear(&layer);
        g_autoptr(StoreNewImage) image = new_image_make(false, layers, config, created);
        if (name)
                g_ptr_array_add(image->names, g_strdup(name));
        if (!store_commit(store, stage, image, error))
                return false;
        *ret_id = g_strdup(image->id);
        return true;
}
