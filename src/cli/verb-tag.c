/* SPDX-License-Identifier: Apache-2.0 */
/* berth tag, untag */
#include "base/error.h"
#include "cli/exit.h"
#include "cli/image-event.h"
#include "cli/options.h"
#include "cli/store-open.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "oci/reference.h"
#include "store/writer.h"

static const OptionRow rows[] = { { NULL } };

static bool tag_all(Store *store, const StoreImage *image, char **names, GError **error) {
        for (; *names; names++) {
                g_autofree char *name = oci_reference_given_name(*names, error);
                if (!name || !store_image_tag(store, image->id, name, error))
                        return false;
                image_event("tag", image->id, name);
        }
        return true;
}

/* Names are taken away as they stand, or as they would have been given. */
static bool untag_all(Store *store, const StoreImage *image, char **names, GError **error) {
        for (; *names; names++) {
                const char *const *have = (const char *const *) image->names;
                g_autofree char *local = oci_reference_given_name(*names, error);
                g_autoptr(OciReference) hub = oci_reference_parse_tagged(*names, NULL);
                g_autofree char *other = hub ? oci_reference_format_stored(hub) : NULL;
                if (!local)
                        return false;
                const char *name = g_strv_contains(have, local) ? local : other;
                if (!name || !g_strv_contains(have, name))
                        return error_set(
                                        error, STORE_ERROR, STORE_ERROR_NOT_FOUND,
                                        "%s: tag not known", *names);
                if (!store_image_untag(store, image->id, name, error))
                        return false;
                image_event("untag", image->id, name);
        }
        return true;
}

typedef bool (*Change)(Store *store, const StoreImage *image, char **names, GError **error);

static int run(const OptionTable *table, int argc, char **argv, Change change) {
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(table, argc, argv, NULL, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        g_autoptr(Store) store = r == OPTION_RESULT_OK ? cli_store_open(&error) : NULL;
        g_autoptr(StoreImage) image = NULL;
        if (!store || !store_image_find(store, operands[0], &image, &error))
                return verb_fail(&error);
        bool all = change == untag_all && !operands[1];
        if (!change(store, image, all ? image->names : operands + 1, &error))
                return verb_fail(&error);
        return EXIT_STATUS_OK;
}

int verb_tag(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth tag IMAGE NAME [NAME...]",
                .description = "Give an image further names",
                .rows = rows,
                .operands_min = 2,
                .operands_max = -1,
        };
        return run(&table, argc, argv, tag_all);
}

int verb_untag(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth untag IMAGE [NAME...]",
                .description = "Take names from an image (all, when none is given)",
                .rows = rows,
                .operands_min = 1,
                .operands_max = -1,
        };
        return run(&table, argc, argv, untag_all);
}
