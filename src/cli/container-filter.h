/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "runtime/container.h"

/* --filter KEY=VALUE of ps and of the verbs that act on containers: podman-ps(1). Filters of one
 * key are alternatives, different keys must all hold; labels must all hold. */

/* Takes away what does not pass. filters: of char *, may be NULL. */
bool container_filter(Runtime *runtime, GPtrArray *list, GPtrArray *filters, GError **error);

/* Whether one of the filters is about key. */
bool container_filter_has(GPtrArray *filters, const char *key);
