/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "generator/keys.h"
#include "unit/file.h"
#include "unit/name.h"

/* One loaded unit file, and the readers of its keys. */

typedef struct QuadletSet QuadletSet;

typedef enum QuadletState {
        QUADLET_LOADED,
        QUADLET_CONVERTING,
        QUADLET_CONVERTED,
        QUADLET_FAILED,
} QuadletState;

typedef struct Quadlet {
        QuadletSet *set; /* borrowed, outlives us */
        const QuadletType *type;
        char *path;
        const char *file_name; /* borrowed from path */
        char *folder;
        char *base; /* the folder as values name it: '%' doubled, because systemd expands them */
        UnitName name;
        UnitFile *file;             /* drop-ins merged */
        const UnitSection *section; /* borrowed from file: that of the type; may be NULL */
        uint64_t present[2];        /* a bit for each row of the type's table that has a line */
        uint64_t initials; /* first letters of the keys there are: most look-ups end here */
        Diagnostics *diagnostics;
        QuadletState state;
        bool unwritable;        /* no service of that name can be written: taken, or no unit name */
        bool strict;            /* [Quadlet] Strict=yes: warnings about keys are errors */
        char *service;          /* "web.service" */
        char *resource;         /* name of the container, volume, …; may hold specifiers */
        GPtrArray *pod_members; /* of const char *: services, for a .pod; else NULL */
        UnitFile *unit;         /* the result */
} Quadlet;

Quadlet *quadlet_new(const char *path);
void quadlet_free(Quadlet *quadlet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Quadlet, quadlet_free)

bool quadlet_is_template(const Quadlet *quadlet);  /* "web@.container" */
bool quadlet_has_instance(const Quadlet *quadlet); /* "web@a.container" */

/* Findings. line may be NULL: the whole file. An error makes the unit unusable. */
void quadlet_error(
                Quadlet *quadlet,
                const UnitLine *line,
                const char *code,
                const char *suggestion,
                const char *format,
                ...) G_GNUC_PRINTF(5, 6);
void quadlet_warn(
                Quadlet *quadlet,
                const UnitLine *line,
                const char *code,
                const char *suggestion,
                const char *format,
                ...) G_GNUC_PRINTF(5, 6);

/* Readers of the type's own section. Each works as the key's row says. */

/* Notes that a key of this row is there: the readers find no other. */
void quadlet_index(Quadlet *quadlet, const KeyRow *row);

/* The first row from row on that has a line, or NULL. */
const KeyRow *quadlet_next_row(const Quadlet *quadlet, const KeyRow *row);

/* Whether the key is assigned at all. */
bool quadlet_has(const Quadlet *quadlet, const char *key);

/* The last assignment when it counts as set, else NULL. */
const UnitLine *quadlet_line(const Quadlet *quadlet, const char *key);

/* The value of a KEY_STRING; NULL when it is not set. Caller frees. */
char *quadlet_string(const Quadlet *quadlet, const char *key);

/* KEY_BOOL: the value, or otherwise when the key is not there. */
bool quadlet_bool(Quadlet *quadlet, const char *key, bool otherwise);

typedef struct QuadletValue {
        const char *text;     /* lives as long as the quadlet's file */
        const UnitLine *line; /* borrowed */
} QuadletValue;

const char *quadlet_value_text(const GPtrArray *values, guint i);

/* All values of a key of any kind that has several, in order. Lines that cannot be split give a
 * warning and no values. Elements are QuadletValue, borrowed; caller
 * unrefs the array. */
GPtrArray *quadlet_values(Quadlet *quadlet, const char *key);

/* The same for keys of other sections that hold plain words: [Install], [Unit]. */
GPtrArray *quadlet_section_words(Quadlet *quadlet, const char *section, const char *key);

/* Boolean of any section: 1, yes, true, on are true; what is no boolean at all is a warning. */
bool quadlet_section_bool(Quadlet *quadlet, const char *section, const char *key, bool otherwise);

/* The value of SourcePath=: '%' doubled, for systemd expands specifiers there. Caller frees. */
char *quadlet_source_path(const Quadlet *quadlet);

/* A path relative to the unit's folder, cleaned; NULL for texts that stay as they are (absolute,
 * or beginning with a specifier). Caller frees. */
char *quadlet_absolute_path(const Quadlet *quadlet, const char *path);

/* One pair of double quotes around value and trailing blanks removed. Caller frees. */
char *quadlet_unquote(const char *value);

/* A build context or YAML file that is not on this host. */
bool quadlet_is_url(const char *text);
