/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* The text of a parsed template for one value. Caller frees; NULL on error. */
char *template_evaluate(const GPtrArray *nodes, JsonNode *root, GError **error);
