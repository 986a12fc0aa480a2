/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "oci/reference.h"

/* policy.json (containers-policy.json(5)): which images may come in. Read strictly: an unknown
 * member is an error, because a typing mistake must not open the door. */

typedef enum RequirementType {
        REQUIREMENT_ACCEPT, /* insecureAcceptAnything */
        REQUIREMENT_REJECT,
        REQUIREMENT_SIGNED_BY,
        REQUIREMENT_SIGSTORE,
} RequirementType;

typedef enum IdentityMatch {
        IDENTITY_EXACT,
        IDENTITY_REPO_DIGEST_OR_EXACT, /* default */
        IDENTITY_REPOSITORY,
        IDENTITY_EXACT_REFERENCE,
        IDENTITY_EXACT_REPOSITORY,
        IDENTITY_REMAP,
} IdentityMatch;

typedef struct PolicyFulcio {
        GBytes *ca;
        char *issuer, *email;
} PolicyFulcio;

/* A CA of one's own ("BYO-PKI"). */
typedef struct PolicyPki {
        GBytes *roots, *intermediates; /* PEM; intermediates may be NULL */
        char *email, *hostname;        /* at least one */
} PolicyPki;

typedef struct PolicyRequirement {
        RequirementType type;
        GPtrArray *keys;      /* of GBytes: key rings or PEM keys */
        char **key_names;     /* where they came from, for `trust explain` */
        PolicyFulcio *fulcio; /* or NULL */
        PolicyPki *pki;       /* or NULL; key_names says where its roots came from */
        GPtrArray *rekor;     /* of GBytes: PEM keys of transparency logs; may be empty */
        IdentityMatch match;
        char *match_value;  /* exactReference, exactRepository, remapIdentity's prefix */
        char *match_signed; /* remapIdentity's signedPrefix */
} PolicyRequirement;

typedef struct Policy {
        char *path; /* "(built in)" when there is no file */
        JsonNode *root;
} Policy;

void policy_free(Policy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Policy, policy_free)

/* path: --signature-policy, or NULL for the user's, /etc's or /usr/share's. Without any of these
 * it is an error: a policy that got lost must not let everything in. */
Policy *policy_load(const char *path, GError **error);

/* Which list of requirements is for this name, and under which scope it stands ("default",
 * "docker: host/ns"). transport: "docker", "oci", …; name: NULL except for docker. */
typedef struct PolicyChoice {
        char *scope;
        GPtrArray *requirements; /* of PolicyRequirement, never empty */
} PolicyChoice;

void policy_choice_clear(PolicyChoice *choice);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PolicyChoice, policy_choice_clear)

bool policy_choose(
                const Policy *policy,
                const char *transport,
                const char *identity,
                PolicyChoice *ret_choice,
                GError **error);

const char *requirement_type_to_text(RequirementType type);
