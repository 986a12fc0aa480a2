/* SPDX-License-Identifier: Apache-2.0 */
/* berth system fsck */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/exit.h"
#include "cli/image-verbs.h"
#include "cli/options.h"
#include "cli/store-open.h"
#include "cli/verb.h"
#include "image/hash.h"
#include "image/tar-join.h"
#include "store/check.h"

typedef struct FsckOptions {
        bool repair, quick;
} FsckOptions;

static const OptionRow rows[] = {
        { "quick", 'q', OPTION_BOOL, offsetof(FsckOptions, quick), NULL,
          "Do not read the layers' files" },
        { "repair", 'r', OPTION_BOOL, offsetof(FsckOptions, repair), NULL,
          "Put right what can be; damaged images are removed and can be pulled again" },
        { NULL },
};

static bool hash_bytes(void *data, const void *bytes, size_t size, GError **error) {
        hash_update(data, bytes, size);
        return true;
}

/* The exact tar must come out of the files again. */
static bool layer_is_whole(const StoreLayer *layer, GError **error) {
        if (!layer->diff_digest)
                return true; /* a container's own */
        g_autoptr(Hash) hash = hash_new_for(layer->diff_digest);
        if (!tar_join(layer, hash_bytes, hash, error))
                return false;
        g_autofree char *digest = hash_finish(hash);
        return g_str_equal(digest, layer->diff_digest) ||
               error_set_invalid(error, "layer '%s' was changed", layer->id);
}

static bool check_contents(Store *store, GPtrArray *problems, GError **error) {
        g_autoptr(GPtrArray) images = NULL;
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        if (!store_image_list(store, &images, error))
                return false;
        for (guint i = 0; i < images->len; i++) {
                const StoreImage *image = images->pdata[i];
                g_autoptr(GPtrArray) chain = NULL;
                if (image->read_only || !store_layer_chain(store, image->layer, &chain, NULL))
                        continue; /* said already */
                for (guint k = 0; k < chain->len; k++) {
                        const StoreLayer *layer = chain->pdata[k];
                        g_autoptr(GError) why = NULL;
                        if (!g_hash_table_add(seen, g_strdup(layer->id)) ||
                            layer_is_whole(layer, &why))
                                continue;
                        g_ptr_array_add(problems, store_problem_new(
                                                                  STORE_PROBLEM_IMAGE, image->id,
                                                                  "image %.12s: %s", image->id,
                                                                  why->message));
                }
        }
        return true;
}

static bool run(const FsckOptions *options, bool *ret_clean, GError **error) {
        g_autoptr(Store) store = cli_store_open(error);
        g_autoptr(GPtrArray) problems = store ? store_check(store, error) : NULL;
        if (!problems || (!options->quick && !check_contents(store, problems, error)))
                return false;
        for (guint i = 0; i < problems->len; i++)
                printf("%s\n", ((StoreProblem *) problems->pdata[i])->text);
        *ret_clean = problems->len == 0;
        if (!options->repair || *ret_clean)
                return true;
        unsigned int fixed;
        if (!store_repair(store, problems, &fixed, error))
                return false;
        printf("%u repaired\n", fixed);
        *ret_clean = true;
        return true;
}

int verb_fsck(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth system fsck [options]",
                .description = "Check the store against its records and digests",
                .rows = rows,
        };
        FsckOptions options = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        bool clean = false;
        if (r == OPTION_RESULT_ERROR || !run(&options, &clean, &error))
                return verb_fail(&error);
        return clean ? EXIT_STATUS_OK : EXIT_STATUS_FALSE;
}
