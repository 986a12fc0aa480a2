/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "base/file.h"

/* images.json, layers.json, containers.json: arrays of objects, each with an "id". Records are
 * edited as trees, never rebuilt from structs: members that only Podman knows survive our edits. */

#define RECORDS_SIZE_MAX (256u << 20)

/* An absent or empty file is an empty array. *ret_root holds an array of objects that all have a
 * valid id; the tree is immutable. */
bool records_load(const char *path, JsonNode **ret_root, GError **error);

/* The record with this id, borrowed, or NULL. */
JsonObject *records_find(JsonArray *records, const char *id);

/* A mutable array with the same (immutable) elements; caller owns. */
JsonArray *records_thaw(JsonArray *records);

/* A mutable object with the same members; caller owns. */
JsonObject *record_thaw(JsonObject *record);

/* Puts the record in place of the one with the same id, or at the end. Takes ownership. */
void records_put(JsonArray *records, JsonObject *record);

/* Removes by id; false when there is none. */
bool records_remove(JsonArray *records, const char *id);

/* Writes the file as c/storage does: one line, mode 0600, temp + sync + rename. */
bool records_save(const char *path, JsonArray *records, FileSync sync, GError **error);

/* The names under "names", a borrowed array, possibly NULL. */
JsonArray *record_names(JsonObject *record);

/* True when flags.incomplete is set: the layer must be treated as absent. */
bool record_is_incomplete(JsonObject *record);
