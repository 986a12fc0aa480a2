/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* The one table of unit types and keys. It serves the generator, lint, completion and the check of
 * the man pages; a new key is one row here, plus code only when its group is GROUP_OWN. */

typedef enum QuadletKind {
        QUADLET_CONTAINER,
        QUADLET_POD,
        QUADLET_VOLUME,
        QUADLET_NETWORK,
        QUADLET_IMAGE,
        QUADLET_BUILD,
        QUADLET_KUBE,
        QUADLET_ARTIFACT,
} QuadletKind;
#define QUADLET_N_KINDS 8

typedef enum KeyKind { /* how assignments become words */
        KEY_STRING,    /* the last assignment, one pair of double quotes around it removed */
        KEY_LIST,      /* every assignment is one value, verbatim */
        KEY_WORDS,     /* words of every assignment; quotes group */
        KEY_ARGS,      /* the same, with C escapes */
        KEY_PAIRS,     /* the same, each NAME=VALUE; sorted by name, the last of a name counts */
        KEY_BOOL,      /* the last assignment */
        KEY_NUMBER,    /* the last assignment */
        KEY_COMMAND,   /* words, with C escapes, of the last assignment only */
} KeyKind;

typedef enum KeyGroup { /* where on the command line; rows of a group stand together, in order */
        GROUP_OWN,      /* the code of the unit type handles it */
        GROUP_HEAD,
        GROUP_LOG,
        GROUP_SINGLE,
        GROUP_LIST,
        GROUP_BOOL,
        GROUP_SECURITY,
        GROUP_RIGHTS,
        GROUP_USERNS,
        GROUP_PORTS,
        GROUP_PAIRS,
        GROUP_MASKS,
        GROUP_SECRETS,
        GROUP_HEALTH,
} KeyGroup;

typedef enum KeyFlags {
        KEY_EMPTY_IS_SET = 1 << 0, /* an empty last assignment is a value */
        KEY_TRUE_ONLY = 1 << 1,    /* a false boolean says nothing */
        KEY_LOWER_CASE = 1 << 2,
        KEY_DEPRECATED = 1 << 3,
        KEY_BERTH = 1 << 4, /* our own: no Podman release has it */
} KeyFlags;

typedef struct KeyRow {
        const char *name;
        KeyKind kind;
        KeyGroup group;
        unsigned int flags;
        const char *flag;   /* "--dns": the value is the next word; "--pull=": of the same word */
        const char *prefix; /* put before the value: "label=type:"; may be NULL */
        const char *since;  /* the Podman release that brought it */
} KeyRow;

typedef struct QuadletType {
        QuadletKind kind;
        const char *suffix;      /* "volume": the ending of the file name */
        const char *section;     /* "Volume" */
        const char *x_section;   /* "X-Volume": what the section is called in the service */
        const char *name_suffix; /* "-volume": between the stem and ".service" */
        const char *since;
        const KeyRow *rows; /* ends with a row without a name */
} QuadletType;

/* All types, indexed by QuadletKind. */
const QuadletType *quadlet_types(void);

/* By file name; NULL when the ending is none of ours. */
const QuadletType *quadlet_type_of_file(const char *file_name);
bool quadlet_is_file_name(const char *file_name);

/* Whether a name of a unit file may be in the value: false is certain. */
bool quadlet_may_name_file(const char *value);

/* Keys of [Quadlet], the same for all types. */
const KeyRow *quadlet_section_rows(void);

const KeyRow *key_find(const KeyRow *rows, const char *name);

/* The key of rows that name is probably meant to be, or NULL. */
const char *key_nearest(const KeyRow *rows, const char *name);

/* The keys of [Unit] whose words may be Quadlet file names. NULL-terminated. */
extern const char *const unit_dependency_keys[];
