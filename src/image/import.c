/* SPDX-License-Identifier: Apache-2.0 */
/* `berth import`. */
#include "image/import.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "image/layer.h"
#include "oci/manifest-writer.h"
#include "oci/manifest.h"
#include "store/writer.h"

#define BUFFER_SIZE (256u << 10)

static bool read_layer(int fd, int directory_fd, LayerResult *ret_result, GError **error) {
        LayerWant want = { .size = -1 };
        g_autoptr(LayerStream) stream = layer_stream_new(directory_fd, &want, error);
        g_autofree char *buffer = g_malloc(BUFFER_SIZE);
        if (!stream)
                return false;
        for (;;) {
                ssize_t n = read(fd, buffer, BUFFER_SIZE);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(error, errno, "Cannot read the archive");
                if (n == 0)
                        return layer_stream_finish(stream, ret_result, error);
                if (!layer_stream_push(stream, buffer, (size_t) n, error))
                        return false;
        }
}

/* CMD and ENTRYPOINT: a JSON array is the command itself, anything else is for a shell. */
static bool set_command(JsonObject *config, const char *name, const char *value, GError **error) {
        if (*value == '[') {
                g_autoptr(JsonNode) node = NULL;
                if (!json_parse(value, strlen(value), 1 << 20, name, &node, error))
                        return false;
                json_object_set_member(config, name, g_steal_pointer(&node));
                return true;
        }
        const char *shell[] = { "/bin/sh", "-c", value, NULL };
        json_set_strings(config, name, shell);
        return true;
}

static JsonObject *inner_object(JsonObject *config, const char *name) {
        if (!json_object_has_member(config, name))
                json_object_set_object_member(config, name, json_object_new());
        return json_object_get_object_member(config, name);
}

static void add_env(JsonObject *config, const char *value) {
        if (!json_object_has_member(config, "Env"))
                json_object_set_array_member(config, "Env", json_array_new());
        json_array_add_string_element(json_object_get_array_member(config, "Env"), value);
}

static bool apply_change(JsonObject *config, const char *change, GError **error) {
        size_t n = strcspn(change, " =");
        g_autofree char *word = g_ascii_strup(change, (gssize) n);
        const char *value = change + n + (change[n] ? 1 : 0);
        value += strspn(value, " ");
        if (g_str_equal(word, "CMD"))
                return set_command(config, "Cmd", value, error);
        if (g_str_equal(word, "ENTRYPOINT"))
                return set_command(config, "Entrypoint", value, error);
        if (g_str_equal(word, "ENV")) {
                add_env(config, value);
        } else if (g_str_equal(word, "EXPOSE")) {
                g_autofree char *port = strchr(value, '/') ? g_strdup(value)
                                                           : g_strconcat(value, "/tcp", NULL);
                json_object_set_object_member(
                                inner_object(config, "ExposedPorts"), port, json_object_new());
        } else if (g_str_equal(word, "VOLUME")) {
                json_object_set_object_member(
                                inner_object(config, "Volumes"), value, json_object_new());
        } else if (g_str_equal(word, "LABEL")) {
                const char *equal = strchr(value, '=');
                g_autofree char *key = equal ? g_strndup(value, (size_t) (equal - value))
                                             : g_strdup(value);
                json_object_set_string_member(
                                inner_object(config, "Labels"), key, equal ? equal + 1 : "");
        } else if (g_str_equal(word, "USER")) {
                json_object_set_string_member(config, "User", value);
        } else if (g_str_equal(word, "WORKDIR")) {
                json_object_set_string_member(config, "WorkingDir", value);
        } else if (g_str_equal(word, "STOPSIGNAL")) {
                json_object_set_string_member(config, "StopSignal", value);
        } else {
                return error_set_invalid(error, "--change: '%s' is not supported", word);
        }
        return true;
}

static GBytes *
make_config(const LayerResult *layer,
            const char *created,
            const char *const *changes,
            const char *message,
            GError **error) {
        OciPlatformWish host = oci_platform_host();
        g_autoptr(JsonObject) root = json_object_new();
        JsonObject *config = json_object_new(), *rootfs = json_object_new();
        JsonObject *entry = json_object_new();
        JsonArray *history = json_array_new();
        const char *diff_ids[] = { layer->diff_id, NULL };
        json_object_set_string_member(root, "created", created);
        json_object_set_string_member(root, "architecture", host.architecture);
        json_object_set_string_member(root, "os", host.os);
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
                if (!apply_change(config, *change, error))
                        return NULL;
        char *text = json_format_object(root, false);
        return g_bytes_new_take(text, strlen(text));
}

static char *bytes_digest(GBytes *bytes, int64_t *ret_size) {
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        *ret_size = (int64_t) size;
        return digest_of_bytes(data, size);
}

static StoreNewImage *
make_image(const LayerResult *layer, const char *staged, const char *created, GBytes *config) {
        int64_t config_size, manifest_size;
        g_autofree char *config_digest = bytes_digest(config, &config_size);
        g_autoptr(ManifestWriter) writer = manifest_writer_new(false, config_digest, config_size);
        manifest_writer_layer(
                        writer, layer->digest, layer->size, layer->compression == INFLATE_GZIP);
        g_autoptr(GBytes) manifest = manifest_writer_finish(writer);

        StoreNewLayer *fresh = g_new0(StoreNewLayer, 1);
        fresh->id = store_chain_id(NULL, layer->diff_id);
        fresh->staged = g_strdup(staged);
        fresh->diff_id = g_strdup(layer->diff_id);
        fresh->digest = g_strdup(layer->digest);
        fresh->diff_size = layer->diff_size;
        fresh->size = layer->size;
        fresh->compression = (int) layer->compression;
        fresh->uids = g_array_ref(layer->uids);
        fresh->gids = g_array_ref(layer->gids);

        StoreNewImage *image = store_new_image_new();
        image->id = g_strdup(digest_hex(config_digest));
        image->digest = bytes_digest(manifest, &manifest_size);
        image->created = g_strdup(created);
        g_ptr_array_add(image->layers, fresh);
        g_autofree char *key = g_strconcat("manifest-", image->digest, NULL);
        store_new_image_add_item(image, config_digest, config);
        store_new_image_add_item(image, key, manifest);
        store_new_image_add_item(image, "manifest", manifest);
        return image;
}

bool import_tar(Store *store,
                int fd,
                const char *name,
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
        if (directory_fd < 0 || !read_layer(fd, directory_fd, &layer, error))
                return false;
        g_autofree char *created = text_format_time(g_get_real_time() * 1000);
        g_autoptr(GBytes) config = make_config(&layer, created, changes, message, error);
        g_autoptr(StoreNewImage) image =
                        config ? make_image(&layer, staged, created, config) : NULL;
        layer_result_clear(&layer);
        if (!image)
                return false;
        if (name)
                g_ptr_array_add(image->names, g_strdup(name));
        if (!store_commit(store, stage, image, error))
                return false;
        *ret_id = g_strdup(image->id);
        return true;
}
