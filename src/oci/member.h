/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

/* An optional string member as a copy: NULL when absent or null. */
bool oci_member_text(JsonObject *object, const char *name, char **ret_value, GError **error);
