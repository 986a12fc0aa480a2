/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "oci/spec.h"

/* Sandbox keys of [Service], which the launcher (a "+" command) does not get, on the payload:
 * systemd.exec(5). */

/* Reads them of the unit and changes spec by those that it can say: capability sets (what both
 * allow), no_new_privs, limits, umask. *ret_filters: programs for the rest, of GBytes, perhaps
 * none. */
bool hardening_apply(const char *unit, OciSpec *spec, GPtrArray **ret_filters, GError **error);
