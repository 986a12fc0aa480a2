/* SPDX-License-Identifier: Apache-2.0 */
/* berth diff */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/layer-diff.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/rootfs.h"
#include "runtime/rootless.h"

typedef struct DiffOptions {
        char *format;
        Selection selection;
} DiffOptions;

static const OptionRow rows[] = {
        { "format", 0, OPTION_STRING, offsetof(DiffOptions, format), "FORMAT", "json" },
        SELECTION_ROW_LATEST(DiffOptions),
        { NULL },
};

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

/* All layers of the image as one tree. One layer is that already, and overlayfs wants two. */
static bool
open_lower(Runtime *runtime, const ContainerRecord *record, int *ret_fd, GError **error) {
        g_autoptr(StoreImage) image = NULL;
        g_auto(GStrv) layers = NULL;
        if (!store_image_find(runtime->store, record->image_id, &image, error) ||
            !store_image_layer_paths(runtime->store, image, &layers, error))
                return false;
        if (!layers[0])
                return error_set_invalid(error, "image '%s' has no layers", image->id);
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

static void print_json(GHashTable *changes, GList *paths) {
        static const struct {
                const char *name;
                LayerChange change;
        } kinds[] = {
                { "changed", LAYER_CHANGED },
                { "added", LAYER_ADDED },
                { "deleted", LAYER_DELETED },
        };
        g_autoptr(JsonObject) object = json_object_new();
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                JsonArray *list = json_array_new();
                for (GList *p = paths; p; p = p->next)
                        if (GPOINTER_TO_INT(g_hash_table_lookup(changes, p->data)) ==
                            (int) kinds[i].change)
                                json_array_add_string_element(list, p->data);
                if (json_array_get_length(list) > 0)
                        json_object_set_array_member(object, kinds[i].name, list);
                else
                        json_array_unref(list);
        }
        g_autofree char *text = json_format_object(object, true);
        printf("%s\n", text);
}

static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const DiffOptions *options = data;
        if (!record->image_id)
                return error_set_invalid(
                                error,
                                "container '%s' has no layer of its own: it uses a "
                                "directory as root (--rootfs)",
                                record->name);
        g_autofree char *path = record_data_path(runtime->records, record);
        g_autofree char *upper = g_build_filename(path, "upper", NULL);
        autofd int lower_fd = -1;
        if (!open_lower(runtime, record, &lower_fd, error))
                return false;
        autofd int upper_fd = open(upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (upper_fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", upper);
        g_autoptr(GHashTable) changes = layer_diff(upper_fd, lower_fd, error);
        if (!changes)
                return false;
        for (const char *const *made = made_by_us; *made; made++)
                g_hash_table_remove(changes, *made);
        GList *paths = g_list_sort(g_hash_table_get_keys(changes), (GCompareFunc) strcmp);
        if (options->format)
                print_json(changes, paths);
        for (GList *p = options->format ? NULL : paths; p; p = p->next) {
                g_autofree char *shown = text_sanitize(p->data);
                printf("%c %s\n", GPOINTER_TO_INT(g_hash_table_lookup(changes, p->data)), shown);
        }
        g_list_free(paths);
        return true;
}

static bool check(void *data, GError **error) {
        const DiffOptions *options = data;
        if (options->format && strcmp(options->format, "json") != 0)
                return error_set_invalid(error, "only supported value for '--format' is 'json'");
        return rootless_enter(error); /* the layers' owners are only known there */
}

int verb_diff(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth diff [options] CONTAINER",
                .description = "Show which files of a container differ from its image",
                .rows = rows,
                .operands_max = 1,
        };
        DiffOptions options = { 0 };
        return selection_verb(&table, argc, argv, &options, &options.selection, check, false, act);
}
