/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

/* One YAML document into the tree that base/json.h reads. Mappings with string keys, sequences,
 * scalars; plain scalars become booleans, integers or null as YAML's core schema says. Anchors,
 * aliases and a key given twice are refused. An empty document is an empty mapping. */

#define YAML_SIZE_MAX  (4u << 20)
#define YAML_DEPTH_MAX 64

bool yaml_tree_parse(const char *text, const char *path, JsonNode **ret_root, GError **error);
bool yaml_tree_load(const char *path, JsonNode **ret_root, GError **error);
