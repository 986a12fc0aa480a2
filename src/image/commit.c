/* SPDX-License-Identifier: Apache-2.0 */
/* A container's layer over its image's -> a new image. */
#include "image/commit.h"

#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "image/image-change.h"
#include "image/new-image.h"
#include "oci/image-config.h"
#include "store/place.h"

#define REQUEST_SIZE_MAX (16u << 20)
#define LENGTH_DIGITS    16

typedef struct Commit {
        JsonNode *request_root, *config_root;
        JsonObject *request, *document; /* borrowed from them */
        StoreImage *base;
        GPtrArray *chain; /* of StoreLayer, topmost first */
        bool docker, squash;
        char *created;
} Commit;

static void commit_clear(Commit *commit) {
        g_clear_pointer(&commit->request_root, json_node_unref);
        g_clear_pointer(&commit->config_root, json_node_unref);
        store_image_free(commit->base);
        g_clear_pointer(&commit->chain, g_ptr_array_unref);
        g_free(commit->created);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Commit, commit_clear)

static bool read_request(Commit *commit, int fd, GError **error) {
        char digits[LENGTH_DIGITS + 1] = "";
        guint64 size;
        if (fd_read_full(fd, digits, LENGTH_DIGITS) != LENGTH_DIGITS ||
            !g_ascii_string_to_unsigned(digits, 16, 1, REQUEST_SIZE_MAX, &size, error))
                return error_set_invalid(error, "this is no request of berth commit");
        g_autofree char *text = g_malloc(size);
        if (fd_read_full(fd, text, size) != (ssize_t) size)
                return error_set_invalid(error, "the request of berth commit is cut");
        return json_parse_object(
                               text, size, REQUEST_SIZE_MAX, "request", &commit->request_root,
                               &commit->request, error) &&
               json_get_bool(commit->request, "docker", &commit->docker, error) &&
               json_get_bool(commit->request, "squash", &commit->squash, error);
}

static bool load_base(Commit *commit, Store *store, GError **error) {
        const char *id;
        g_autoptr(GBytes) config = NULL;
        if (!json_need_string(commit->request, "image", &id, error) ||
            !store_image_find(store, id, &commit->base, error) ||
            !store_image_read_config(store, commit->base, &config, error) ||
            !store_layer_chain(store, commit->base->layer, &commit->chain, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(config, &size);
        return json_parse_object(
                        text, size, OCI_IMAGE_CONFIG_SIZE_MAX, "image configuration",
                        &commit->config_root, &commit->document, error);
}

/* config.md has these; the rest is Docker's. */
static void keep_oci_members(JsonObject *config) {
        static const char *const known[] = { "User",       "ExposedPorts", "Env",    "Entrypoint",
                                             "Cmd",        "Volumes",      "Labels", "WorkingDir",
                                             "StopSignal", "ArgsEscaped",  NULL };
        g_autoptr(GList) names = json_object_get_members(config);
        g_autoptr(GPtrArray) foreign = g_ptr_array_new_with_free_func(g_free);
        for (GList *name = names; name; name = name->next)
                if (!g_strv_contains(known, name->data))
                        g_ptr_array_add(foreign, g_strdup(name->data));
        for (guint i = 0; i < foreign->len; i++)
                json_object_remove_member(config, foreign->pdata[i]);
}

static bool change_config(Commit *commit, GError **error) {
        JsonObject *config, *given;
        const char *merge;
        g_auto(GStrv) changes = NULL;
        if (!json_get_object(commit->document, "config", &config, error) ||
            !json_need_object(commit->request, "config", &given, error) ||
            !json_get_string(commit->request, "merge", &merge, error) ||
            !json_get_strings(commit->request, "changes", &changes, error))
                return false;
        if (!config) {
                config = json_object_new();
                json_object_set_object_member(commit->document, "config", config);
        }
        json_object_remove_member(config, "Env"); /* the container's has all that is left of it */
        if (!image_config_merge(config, given, error))
                return false;
        g_autoptr(JsonNode) root = NULL;
        JsonObject *merged;
        if (merge && (!json_parse_object(
                                      merge, strlen(merge), REQUEST_SIZE_MAX, "--config", &root,
                                      &merged, error) ||
                      !image_config_merge(config, merged, error)))
                return false;
        g_autoptr(JsonObject) over = json_object_new();
        for (char **change = changes; change && *change; change++)
                if (!image_change_apply(over, *change, error))
                        return false;
        if (!image_config_merge(config, over, error))
                return false;
        if (!commit->docker)
                keep_oci_members(config);
        return true;
}

static bool
set_optional(const Commit *commit,
             const char *from,
             JsonObject *object,
             const char *to,
             GError **error) {
        const char *value;
        if (!json_get_string(commit->request, from, &value, error))
                return false;
        if (value)
                json_object_set_string_member(object, to, value);
        return true;
}

static JsonArray *array_member(JsonObject *object, const char *name, bool fresh) {
        JsonNode *node = json_object_get_member(object, name);
        if (fresh || !node || !JSON_NODE_HOLDS_ARRAY(node))
                json_object_set_array_member(object, name, json_array_new());
        return json_object_get_array_member(object, name);
}

/* config.md, "history": one entry a layer, the last one ours. */
static bool add_history(const Commit *commit, GError **error) {
        JsonObject *entry = json_object_new();
        const char *const *names = (const char *const *) commit->base->names;
        g_autofree char *comment =
                        g_strconcat("FROM ", names[0] ? names[0] : commit->base->id, NULL);
        json_array_add_object_element(
                        array_member(commit->document, "history", commit->squash), entry);
        json_object_set_string_member(entry, "created", commit->created);
        json_object_set_string_member(entry, "created_by", "/bin/sh");
        json_object_set_string_member(entry, "comment", comment);
        return set_optional(commit, "author", entry, "author", error);
}

static GBytes *make_config(Commit *commit, const LayerResult *layer, GError **error) {
        /* of the image that this one comes from, docker-image-spec */
        static const char *const stale[] = {
                "id", "parent", "container", "container_config", "docker_version", "comment"
        };
        JsonObject *document = commit->document, *rootfs;
        for (size_t i = 0; i < G_N_ELEMENTS(stale); i++)
                json_object_remove_member(document, stale[i]);
        json_object_set_string_member(document, "created", commit->created);
        if (!set_optional(commit, "author", document, "author", error) ||
            !set_optional(commit, "message", document, "comment", error) ||
            !json_need_object(document, "rootfs", &rootfs, error) || !add_history(commit, error))
                return NULL;
        json_array_add_string_element(
                        array_member(rootfs, "diff_ids", commit->squash), layer->diff_id);
        char *text = json_format_object(document, false);
        return g_bytes_new_take(text, strlen(text));
}

static GPtrArray *
all_layers(const Commit *commit, const LayerResult *result, const char *staged, GError **error) {
        g_autoptr(GPtrArray) layers =
                        g_ptr_array_new_with_free_func((GDestroyNotify) store_new_layer_free);
        const char *parent = NULL;
        for (guint i = commit->squash ? 0 : commit->chain->len; i > 0; i--) {
                const StoreLayer *below = commit->chain->pdata[i - 1];
                if (!below->diff_digest || below->diff_size < 0) {
                        error_set(error, STORE_ERROR, STORE_ERROR_DAMAGED,
                                  "layer '%s' has no digest", below->id);
                        return NULL;
                }
                StoreNewLayer *layer = g_new0(StoreNewLayer, 1);
                layer->id = g_strdup(below->id);
                layer->digest = g_strdup(below->diff_digest);
                layer->size = below->diff_size;
                g_ptr_array_add(layers, layer);
                parent = layer->id;
        }
        g_ptr_array_add(layers, new_image_layer(parent, result, staged));
        return g_steal_pointer(&layers);
}

static bool
write_image(Commit *commit,
            Store *store,
            StoreStage *stage,
            const LayerResult *layer,
            const char *staged,
            char **ret_id,
            GError **error) {
        const char *name;
        g_autoptr(GBytes) config = make_config(commit, layer, error);
        if (!config || !json_get_string(commit->request, "name", &name, error))
                return false;
        GPtrArray *layers = all_layers(commit, layer, staged, error);
        if (!layers)
                return false;
        g_autoptr(StoreNewImage) image =
                        new_image_make(commit->docker, layers, config, commit->created);
        if (name)
                g_ptr_array_add(image->names, g_strdup(name));
        if (!store_commit(store, stage, image, error))
                return false;
        *ret_id = g_strdup(image->id);
        return true;
}

bool commit_read(Store *store, int fd, char **ret_id, GError **error) {
        g_auto(Commit) commit = { .created = text_format_time(g_get_real_time() * 1000) };
        if (!read_request(&commit, fd, error) || !load_base(&commit, store, error) ||
            !change_config(&commit, error) || !store_prepare(store, error))
                return false;
        g_autoptr(StoreStage) stage = store_stage_new(store, error);
        g_autofree char *staged = NULL;
        autofd int directory_fd = stage ? store_stage_make(stage, &staged, error) : -1;
        LayerResult layer = { 0 };
        if (directory_fd < 0 || !new_image_read_layer(fd, directory_fd, &layer, error))
                return false;
        bool ok = write_image(&commit, store, stage, &layer, staged, ret_id, error);
        layer_result_clear(&layer);
        return ok;
}
