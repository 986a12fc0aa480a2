/* SPDX-License-Identifier: Apache-2.0 */
/* WWW-Authenticate. */
#include "image/challenge.h"

#include <string.h>

#define HEADER_SIZE_MAX 8192

void challenge_clear(Challenge *challenge) {
        g_free(challenge->realm);
        g_free(challenge->service);
        g_free(challenge->scope);
        g_free(challenge->error);
        *challenge = (Challenge){ 0 };
}

static bool is_token(char c) {
        return g_ascii_isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static void skip_separators(const char **at) {
        *at += strspn(*at, " \t,");
}

static char *read_token(const char **at) {
        const char *start = *at;
        while (is_token(**at))
                (*at)++;
        return g_strndup(start, (size_t) (*at - start));
}

/* "quoted \"text\"" or a token. */
static char *read_value(const char **at) {
        if (**at != '"') {
                size_t n = strcspn(*at, " \t,");
                char *value = g_strndup(*at, n);
                *at += n;
                return value;
        }
        GString *value = g_string_new(NULL);
        for ((*at)++; **at && **at != '"'; (*at)++) {
                if (**at == '\\' && (*at)[1])
                        (*at)++;
                g_string_append_c(value, **at);
        }
        if (**at == '"')
                (*at)++;
        return g_string_free(value, FALSE);
}

static void store(Challenge *challenge, const char *name, char *value) {
        char **slot = g_ascii_strcasecmp(name, "realm") == 0     ? &challenge->realm
                      : g_ascii_strcasecmp(name, "service") == 0 ? &challenge->service
                      : g_ascii_strcasecmp(name, "scope") == 0   ? &challenge->scope
                      : g_ascii_strcasecmp(name, "error") == 0   ? &challenge->error
                                                                 : NULL;
        if (slot && !*slot)
                *slot = value;
        else
                g_free(value);
}

static ChallengeScheme scheme_of(const char *name) {
        if (g_ascii_strcasecmp(name, "bearer") == 0)
                return CHALLENGE_BEARER;
        return g_ascii_strcasecmp(name, "basic") == 0 ? CHALLENGE_BASIC : CHALLENGE_NONE;
}

/* name=value pairs up to the next scheme (a token that no '=' follows). */
static void read_parameters(const char **at, Challenge *challenge) {
        for (;;) {
                const char *before = *at;
                skip_separators(at);
                g_autofree char *name = read_token(at);
                *at += strspn(*at, " \t");
                if (!*name || **at != '=') {
                        *at = before;
                        return;
                }
                (*at)++;
                *at += strspn(*at, " \t");
                store(challenge, name, read_value(at));
        }
}

bool challenge_parse(const char *header, Challenge *ret_challenge) {
        if (strlen(header) > HEADER_SIZE_MAX)
                return false;
        const char *at = header;
        for (;;) {
                skip_separators(&at);
                g_autofree char *name = read_token(&at);
                if (!*name)
                        return false;
                g_auto(Challenge) challenge = { .scheme = scheme_of(name) };
                read_parameters(&at, &challenge);
                bool usable = challenge.scheme == CHALLENGE_BASIC ||
                              (challenge.scheme == CHALLENGE_BEARER && challenge.realm);
                if (usable) {
                        *ret_challenge = challenge;
                        challenge = (Challenge){ 0 };
                        return true;
                }
        }
}
