/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "oci/reference.h"

/* registries.conf version 2 with its drop-ins (containers-registries.conf(5)): where an image's
 * bytes really are, and what a short name means. */

typedef enum MirrorUse {
        MIRROR_ALL,
        MIRROR_DIGEST_ONLY,
        MIRROR_TAG_ONLY,
} MirrorUse;

typedef struct RegistryMirror {
        char *location;
        bool insecure;
        MirrorUse use;
} RegistryMirror;

typedef struct RegistryRule {
        char *prefix;
        char *location; /* "" only for "*." prefixes: no rewriting */
        bool insecure, blocked, mirror_by_digest_only;
        GPtrArray *mirrors; /* of RegistryMirror */
} RegistryRule;

typedef enum ShortNameMode {
        SHORT_NAME_ENFORCING,
        SHORT_NAME_PERMISSIVE,
        SHORT_NAME_DISABLED,
} ShortNameMode;

typedef struct RegistriesConf {
        GPtrArray *rules;    /* of RegistryRule */
        char **search;       /* unqualified-search-registries */
        char **helpers;      /* credential-helpers */
        ShortNameMode mode;  /* permissive unless set */
        GHashTable *aliases; /* short name -> repository */
} RegistriesConf;

/* path: --registries-conf, or NULL for $CONTAINERS_REGISTRIES_CONF and the usual places. */
RegistriesConf *registries_conf_load(const char *path, GError **error);
void registries_conf_free(RegistriesConf *conf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RegistriesConf, registries_conf_free)

/* One place to try, in order. */
typedef struct RegistryEndpoint {
        OciReference *reference; /* the physical name */
        bool insecure;
} RegistryEndpoint;

/* Mirrors first, then the registry itself (RegistryEndpoint, owned by the array). A blocked
 * registry is an error before any traffic. */
GPtrArray *
registries_conf_endpoints(const RegistriesConf *conf, const OciReference *name, GError **error);

/* The longest matching rule, borrowed, or NULL. */
const RegistryRule *registries_conf_rule(const RegistriesConf *conf, const char *name);

/* What a short name may mean, in the order to try (OciReference, owned). Without a terminal (and
 * with several candidates) "enforcing" is an error. A name with a registry stands for itself. */
GPtrArray *registries_conf_candidates(
                const RegistriesConf *conf, const char *name, bool has_terminal, GError **error);

/* The file of aliases that answers to prompts made. Caller frees. */
char *registries_conf_recorded_path(void);
