/* SPDX-License-Identifier: Apache-2.0 */
/* berth rmi, berth image rm */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/event.h"
#include "runtime/pin.h"
#include "runtime/rootfs-mapped.h"
#include "runtime/rootless.h"
#include "store/writer.h"

typedef struct RmiOptions {
        bool all, force, ignore, no_prune;
} RmiOptions;

static const OptionRow rows[] = {
        { "all", 'a', OPTION_BOOL, offsetof(RmiOptions, all), NULL, "Remove all images" },
        { "force", 'f', OPTION_BOOL, offsetof(RmiOptions, force), NULL,
          "Remove an image with several names, and the containers that use it" },
        { "ignore", 'i', OPTION_BOOL, offsetof(RmiOptions, ignore), NULL,
          "An image that is not there is no error" },
        { "no-prune", 0, OPTION_BOOL, offsetof(RmiOptions, no_prune), NULL, NULL },
        { NULL },
};

static bool is_id(const StoreImage *image, const char *text) {
        return g_str_has_prefix(image->id, text) ||
               (g_str_has_prefix(text, "sha256:") && g_str_has_prefix(image->id, text + 7));
}

/* The name of the image that the text means: the one it is found by. */
static const char *meant_name(const StoreImage *image, const char *text) {
        for (char **name = image->names; *name; name++) {
                size_t n = strlen(*name), n_text = strlen(text);
                if (g_str_equal(*name, text))
                        return *name;
                /* "x" means ".../x:latest", "x:1" means ".../x:1" */
                const char *at = strstr(*name, text);
                while (at && at != *name && at[-1] != '/')
                        at = strstr(at + 1, text);
                if (at && (at + n_text == *name + n || g_str_equal(at + n_text, ":latest")))
                        return *name;
        }
        return NULL;
}

/* Our own containers: in the way, or with --force the first to go. */
static bool
free_image(Runtime *runtime, const char *image_id, const RmiOptions *options, GError **error) {
        g_autoptr(GPtrArray) users = pin_users(runtime, image_id, error);
        if (!users)
                return false;
        for (guint i = 0; i < users->len; i++) {
                ContainerRecord *record = users->pdata[i];
                if (!options->force)
                        return error_set(
                                        error, STORE_ERROR, STORE_ERROR_IN_USE,
                                        "image used by %s: image is in use by a container: "
                                        "consider listing external containers and force-removing "
                                        "image",
                                        record->id);
                if (!container_remove(runtime, record, true, true, -1, error))
                        return false;
        }
        return pin_release(runtime, image_id, error);
}

static bool
remove_image(Runtime *runtime, const StoreImage *image, const RmiOptions *options, GError **error) {
        if (!free_image(runtime, image->id, options, error) ||
            !store_image_remove(runtime->store, image->id, error) ||
            !rootfs_mapped_forget(store_graph_root(runtime->store), image->id, error))
                return false;
        for (char **at = image->names; *at; at++) {
                printf("Untagged: %s\n", *at);
                runtime_event(runtime, "image", "untag", image->id, *at);
        }
        runtime_event(runtime, "image", "remove", image->id,
                      image->names[0] ? image->names[0] : "");
        printf("Deleted: %s\n", image->id);
        return true;
}

/* A name of an image that has others is only taken away. */
static bool
remove_one(Runtime *runtime, const char *text, const RmiOptions *options, GError **error) {
        g_autoptr(StoreImage) image = NULL;
        if (!store_image_find(runtime->store, text, &image, error))
                return false;
        if (image->read_only)
                return error_set(
                                error, STORE_ERROR, STORE_ERROR_READ_ONLY,
                                "cannot remove read-only image \"%s\"", image->id);
        guint n_names = g_strv_length(image->names);
        bool by_id = is_id(image, text);
        if (by_id && n_names > 1 && !options->force)
                return error_set_invalid(
                                error,
                                "unable to delete image \"%s\" by ID with more than one tag (%u "
                                "tags): please force removal",
                                image->id, n_names);
        const char *name = by_id ? NULL : meant_name(image, text);
        if (!name || n_names <= 1)
                return remove_image(runtime, image, options, error);
        if (!store_image_untag(runtime->store, image->id, name, error))
                return false;
        printf("Untagged: %s\n", name);
        runtime_event(runtime, "image", "untag", image->id, name);
        runtime_event(runtime, "image", "remove", image->id, name);
        return true;
}

/* podman-rmi(1): 1 an image was not there, 2 one is in use, 125 anything else. */
static int exit_status_of(const GError *error, int before) {
        if (g_error_matches(error, STORE_ERROR, STORE_ERROR_NOT_FOUND))
                return before == EXIT_STATUS_OK ? 1 : before;
        if (g_error_matches(error, STORE_ERROR, STORE_ERROR_IN_USE))
                return before == EXIT_STATUS_OK || before == 1 ? 2 : before;
        return EXIT_STATUS_ERROR;
}

static int remove_all(Runtime *runtime, const RmiOptions *options, GError **error) {
        g_autoptr(GPtrArray) images = NULL;
        if (!store_image_list(runtime->store, &images, error))
                return verb_fail(error);
        int status = EXIT_STATUS_OK;
        for (guint i = 0; i < images->len; i++) {
                const StoreImage *image = images->pdata[i];
                if (image->read_only || remove_image(runtime, image, options, error))
                        continue;
                status = exit_status_of(*error, status);
                (void) verb_fail(error);
        }
        return status;
}

int verb_rmi(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth rmi [options] IMAGE [IMAGE...]",
                .description = "Remove images",
                .rows = rows,
                .operands_max = -1,
        };
        RmiOptions options = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &names, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_OK && !names[0] && !options.all) {
                error_set_invalid(&error, "image name or ID must be specified");
                return verb_fail(&error);
        }
        g_auto(Runtime) runtime = { 0 };
        if (r != OPTION_RESULT_OK || !rootless_enter(&error) || !cli_runtime_open(&runtime, &error))
                return verb_fail(&error);
        if (options.all)
                return remove_all(&runtime, &options, &error);
        int status = EXIT_STATUS_OK;
        for (char **name = names; *name; name++) {
                if (remove_one(&runtime, *name, &options, &error))
                        continue;
                bool absent = g_error_matches(error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
                if (absent && (options.ignore || options.force)) {
                        g_clear_error(&error);
                        continue;
                }
                status = exit_status_of(error, status);
                (void) verb_fail(&error);
        }
        return status;
}
