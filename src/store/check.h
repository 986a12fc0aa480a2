/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "store/store.h"

/* What is wrong with the main store, as far as records and directories tell; contents are checked
 * against digests by berth-image. */

typedef enum StoreProblemKind {
        STORE_PROBLEM_IMAGE,       /* an image without its documents or layers */
        STORE_PROBLEM_LAYER,       /* a layer's record without its directory, or half made */
        STORE_PROBLEM_LINK,        /* a layer without its short name */
        STORE_PROBLEM_ORPHAN,      /* a directory without a record */
        STORE_PROBLEM_UNUSED_LAYER /* complete, but nothing stands on it */
} StoreProblemKind;

typedef struct StoreProblem {
        StoreProblemKind kind;
        char *id;   /* of image or layer */
        char *path; /* of an orphan */
        char *text;
} StoreProblem;

/* StoreProblem, owned by the array. NULL only when the records cannot be read at all. */
GPtrArray *store_check(Store *store, GError **error);

/* Puts right what can be: links are made again, orphans, unused and half-made layers removed,
 * damaged images removed with the layers that only they use. *ret_fixed: how many. */
bool store_repair(Store *store, GPtrArray *problems, unsigned int *ret_fixed, GError **error);

StoreProblem *store_problem_new(StoreProblemKind kind, const char *id, const char *format, ...)
                G_GNUC_PRINTF(3, 4);
void store_problem_free(StoreProblem *problem);
