/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "generator/quadlet.h"

/* UserNS= and its relatives, and the deprecated Remap* keys in their place. */
void userns_add(GString *command, Quadlet *quadlet);
