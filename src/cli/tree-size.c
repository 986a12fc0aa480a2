/* SPDX-License-Identifier: Apache-2.0 */
/* How much a directory holds. */
#include "cli/tree-size.h"

#include <fts.h>
#include <stddef.h>
#include <sys/stat.h>

uint64_t tree_size(const char *path) {
        char *const paths[] = { (char *) path, NULL };
        uint64_t size = 0;
        FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
        for (FTSENT *entry; tree && (entry = fts_read(tree));)
                if (entry->fts_info == FTS_F)
                        size += (uint64_t) entry->fts_statp->st_size;
        if (tree)
                fts_close(tree);
        return size;
}
