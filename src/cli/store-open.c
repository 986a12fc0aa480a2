/* SPDX-License-Identifier: Apache-2.0 */
/* --root and --runroot -> a store. */
#include "cli/store-open.h"

#include "cli/verb.h"

Store *cli_store_open(GError **error) {
        StoreOptions options = {
                .graph_root = global_options()->root,
                .run_root = global_options()->runroot,
        };
        return store_open(&options, error);
}
