/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/diagnostics.h"
#include "unit/arena.h"

/* A unit file in memory: sections in the order of the file, comments kept, and for every assignment
 * the place it came from, so that each finding can name line and column. */

/* Lines do not change once they are in a file: copies of a file share them. All text lives in the
 * arena of the file. */
typedef struct UnitLine {
        const char *key;   /* NULL: a comment or an empty line, kept for the output */
        const char *value; /* of a comment: the whole line */
        const char *path;  /* borrowed, interned: the file or drop-in it was read from */
        unsigned int key_size;
        unsigned int value_size;
        unsigned int line;
        unsigned int column;       /* of the key */
        unsigned int value_column; /* of the value; the key's when the value is empty */
} UnitLine;

typedef struct UnitSection {
        const char *name; /* NULL: what stands before the first section */
        GPtrArray *lines; /* of UnitLine, in the arena */
        unsigned int line;
        unsigned int column;
} UnitSection;

typedef struct UnitFile {
        const char *path;    /* borrowed, interned */
        GPtrArray *sections; /* of UnitSection, owned; no two have the same name */
        Arena *arena;
} UnitFile;

/* A line that is in no section yet; key and value are copied. */
UnitLine *unit_line_new(UnitFile *file, const char *key, const char *value);

UnitFile *unit_file_new(const char *path);
UnitFile *unit_file_copy(const UnitFile *file);
void unit_file_free(UnitFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UnitFile, unit_file_free)

/* Appends the lines of a drop-in to the sections of file. */
void unit_file_merge(UnitFile *file, const UnitFile *drop_in);

UnitSection *unit_file_find(const UnitFile *file, const char *section);
UnitSection *unit_file_ensure(UnitFile *file, const char *section);

/* Gives a section another name; when that one exists already it absorbs the lines. */
void unit_file_rename(UnitFile *file, const char *section, const char *name);

void unit_file_remove_section(UnitFile *file, const char *section);

/* The last assignment of key, or NULL. */
const UnitLine *unit_file_last(const UnitFile *file, const char *section, const char *key);

const UnitLine *unit_section_last(const UnitSection *section, const char *key);

/* All assignments of key since the last empty one, in order; the container is the caller's, the
 * lines are borrowed. */
GPtrArray *unit_file_all(const UnitFile *file, const char *section, const char *key);

bool unit_file_has(const UnitFile *file, const char *section, const char *key);

/* Whether an assignment of key is empty: it resets the list. */
bool unit_file_has_empty(const UnitFile *file, const char *section, const char *key);

/* Writers. Missing sections are made at the end of the file. */
void unit_file_add(UnitFile *file, const char *section, const char *key, const char *value);
void unit_file_add_first(UnitFile *file, const char *section, const char *key, const char *value);
void unit_file_set(UnitFile *file, const char *section, const char *key, const char *value);
void unit_file_set_default(UnitFile *file, const char *section, const char *key, const char *value);
void unit_file_remove(UnitFile *file, const char *section, const char *key);

/* The text of the unit, comments included. Caller frees. */
char *unit_file_format(const UnitFile *file);
