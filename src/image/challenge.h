/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* WWW-Authenticate (RFC 9110, 11.6.1): the scheme and its parameters. */

typedef enum ChallengeScheme {
        CHALLENGE_NONE,
        CHALLENGE_BASIC,
        CHALLENGE_BEARER,
} ChallengeScheme;

typedef struct Challenge {
        ChallengeScheme scheme;
        char *realm, *service, *scope, *error; /* or NULL */
} Challenge;

void challenge_clear(Challenge *challenge);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Challenge, challenge_clear)

/* The first challenge of a known scheme in one header value, which may hold several. False when
 * there is none. */
bool challenge_parse(const char *header, Challenge *ret_challenge);
