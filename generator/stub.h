/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "generator/set.h"

/* Stubs: unit files that hold only SourcePath= and [Install]. systemctl refuses to enable what a
 * generator made, but enables a stub, for which the generator then writes the rest as a drop-in.
 * `berth quadlet sync` makes them. */

#define STUB_DROP_IN "10-berth.conf"

/* Where stubs of this manager lie; NULL when that is not known ($HOME unset). Caller frees. */
char *stub_folder(bool user);

/* Service names of the stubs of ours in folder: a set of char *. A folder that is not there is an
 * empty set. */
GHashTable *stub_list(const char *folder);

/* The text of the quadlet's stub, or NULL when it has nothing to install. Caller frees. */
char *stub_format(Quadlet *quadlet);
