/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "oci/spec.h"

/* Only what belongs to a namespace that the container has, and only one line for one parameter. */
bool sysctl_check(const char *name, const char *value, const OciSpec *spec, GError **error);
