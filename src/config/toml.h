/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

/* A strict TOML 1.0 reader for containers' configuration files. The result is the same tree that
 * base/json.h reads, so every getter there works on it; dates come out as strings. A key or table
 * given twice is an error, as the specification wants. Errors are "path:line: why". */

#define TOML_SIZE_MAX  (4u << 20)
#define TOML_DEPTH_MAX 32

bool toml_parse(const char *text, const char *path, JsonNode **ret_root, GError **error);

/* Reads and parses a file. ENOENT is reported as it is (ERROR_ERRNO). */
bool toml_load(const char *path, JsonNode **ret_root, GError **error);
