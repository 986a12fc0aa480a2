/* SPDX-License-Identifier: Apache-2.0 */
/* berth image mount, berth image unmount */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/exit.h"
#include "cli/image-event.h"
#include "cli/options.h"
#include "cli/store-open.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/mount-point.h"

#define OPTIONS_SIZE_MAX 4096 /* mount(2) takes one page */

typedef struct MountOptions {
        bool all, force;
        char *format;
        GPtrArray *mounted; /* of JsonObject, with --format */
} MountOptions;

static const OptionRow mount_rows[] = {
        { "all", 'a', OPTION_BOOL, offsetof(MountOptions, all), NULL, "All images" },
        { "format", 0, OPTION_STRING, offsetof(MountOptions, format), "FORMAT", "json" },
        { NULL },
};

static const OptionRow unmount_rows[] = {
        { "all", 'a', OPTION_BOOL, offsetof(MountOptions, all), NULL, "All images" },
        { "force", 'f', OPTION_BOOL, offsetof(MountOptions, force), NULL, NULL },
        { NULL },
};

static char *mount_point(Store *store, const StoreImage *image) {
        return g_build_filename(store_run_root(store), "berth-mounts", image->id, NULL);
}

/* Relative to a layer's "../": "l/SHORT", which keeps many layers below one page of options. */
static char *short_lower(const char *diff_path) {
        g_autofree char *layer = g_path_get_dirname(diff_path);
        g_autofree char *link_path = g_build_filename(layer, "link", NULL);
        g_autofree char *name = NULL;
        g_autofree char *overlay = g_path_get_dirname(layer);
        if (!file_read_text(AT_FDCWD, link_path, 64, &name, NULL) || strchr(name, '/'))
                return g_strdup(diff_path);
        g_autofree char *link = g_build_filename(overlay, "l", name, NULL);
        return access(link, F_OK) == 0 ? g_strconcat("l/", name, NULL) : g_strdup(diff_path);
}

static char *lower_option(Store *store, char **paths) {
        g_autofree char *overlay = g_build_filename(store_graph_root(store), "overlay", NULL);
        g_autoptr(GString) text = g_string_new("lowerdir=");
        guint n = g_strv_length(paths);
        for (guint i = 0; i < n; i++) {
                g_autofree char *lower = g_str_has_prefix(paths[i], overlay) ? short_lower(paths[i])
                                                                             : g_strdup(paths[i]);
                g_string_append_printf(text, "%s%s", i > 0 ? ":" : "", lower);
        }
        return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool mount_layers(Store *store, char **paths, const char *target, GError **error) {
        if (!paths[0])
                return error_set_invalid(error, "the image has no layers");
        if (!paths[1]) /* overlayfs wants two lower directories; one layer is simply bound */
                return (mount(paths[0], target, NULL, MS_BIND, NULL) == 0 &&
                        mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0) ||
                       error_set_errno(error, errno, "Cannot mount '%s'", target);
        g_autofree char *options = lower_option(store, paths);
        g_autofree char *overlay = g_build_filename(store_graph_root(store), "overlay", NULL);
        if (strlen(options) >= OPTIONS_SIZE_MAX)
                return error_set_invalid(error, "the image has too many layers to mount");
        if (chdir(overlay) < 0 ||
            mount("overlay", target, "overlay", MS_RDONLY | MS_NODEV, options) < 0)
                return error_set_errno(error, errno, "Cannot mount '%s'", target);
        return true;
}

/* With Podman's names of the members. */
static JsonObject *mounted_json(const StoreImage *image, const char *target) {
        const char *digests[] = { image->digest, NULL };
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "id", image->id);
        json_set_strings(object, "Names", digests);
        json_set_strings(object, "Repositories", (const char *const *) image->names);
        json_object_set_string_member(object, "mountpoint", target);
        return object;
}

static bool
mount_image(Store *store, const char *name, const MountOptions *options, GError **error) {
        g_autoptr(StoreImage) image = NULL;
        g_auto(GStrv) paths = NULL;
        if (!store_image_find(store, name, &image, error) ||
            !store_image_layer_paths(store, image, &paths, error))
                return false;
        g_autofree char *target = mount_point(store, image);
        if (!mount_point_is_mounted(target) &&
            (!file_make_directories(AT_FDCWD, target, 0700, error) ||
             !mount_layers(store, paths, target, error)))
                return false;
        if (options->mounted)
                g_ptr_array_add(options->mounted, mounted_json(image, target));
        else
                printf("%s\n", target);
        image_event("mount", image->id, NULL);
        return true;
}

static bool
unmount_image(Store *store, const char *name, const MountOptions *options, GError **error) {
        g_autoptr(StoreImage) image = NULL;
        if (!store_image_find(store, name, &image, error))
                return false;
        g_autofree char *target = mount_point(store, image);
        if (!mount_point_is_mounted(target))
                return error_set_invalid(error, "image %s is not mounted", name);
        if (umount2(target, UMOUNT_NOFOLLOW) < 0)
                return error_set_errno(error, errno, "Cannot unmount '%s'", target);
        (void) rmdir(target); /* an empty directory on a tmpfs */
        printf("%s\n", image->id);
        image_event("unmount", image->id, NULL);
        return true;
}

typedef bool (*Act)(Store *store, const char *name, const MountOptions *options, GError **error);

/* Without an image: the ones that are mounted. */
static bool each(Store *store, char **names, const MountOptions *options, Act act, GError **error) {
        for (char **name = names; *name; name++)
                if (!act(store, *name, options, error))
                        return false;
        if (names[0])
                return true;
        g_autoptr(GPtrArray) images = NULL;
        if (!store_image_list(store, &images, error))
                return false;
        for (guint i = 0; i < images->len; i++) {
                const StoreImage *image = images->pdata[i];
                g_autofree char *target = mount_point(store, image);
                if (!mount_point_is_mounted(target) && !(options->all && act == mount_image))
                        continue;
                if (act == mount_image && !options->all && options->mounted)
                        g_ptr_array_add(options->mounted, mounted_json(image, target));
                else if (act == mount_image && !options->all)
                        printf("%s  %s\n", image->names[0] ? image->names[0] : image->id, target);
                else if (!act(store, image->id, options, error))
                        return false;
        }
        return true;
}

static bool check(const MountOptions *options, char **names, Act act, GError **error) {
        if (act == unmount_image && !names[0] && !options->all)
                return error_set_invalid(error, "at least one image or --all is needed");
        return !options->format || template_is_json(options->format) ||
               error_set_invalid(error, "only supported value for '--format' is 'json'");
}

static int run(const OptionTable *table, int argc, char **argv, Act act) {
        MountOptions options = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        OptionResult r = options_parse(table, argc, argv, &options, &names, &error);
        g_autofree char *format = options.format;
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        g_autoptr(Store) store = r == OPTION_RESULT_OK && check(&options, names, act, &error)
                                                 ? cli_store_open(&error)
                                                 : NULL;
        g_autoptr(GPtrArray) mounted =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        options.mounted = format ? mounted : NULL;
        if (!store || !each(store, names, &options, act, &error))
                return verb_fail(&error);
        if (format)
                template_print_json(mounted);
        return EXIT_STATUS_OK;
}

int verb_image_mount(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth image mount [options] [IMAGE...]",
                .description = "Mount images read-only and print where",
                .rows = mount_rows,
                .operands_max = -1,
        };
        return run(&table, argc, argv, mount_image);
}

int verb_image_unmount(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth image unmount [options] IMAGE [IMAGE...]",
                .description = "Unmount images",
                .rows = unmount_rows,
                .operands_max = -1,
        };
        return run(&table, argc, argv, unmount_image);
}
