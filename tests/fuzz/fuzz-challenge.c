/* SPDX-License-Identifier: Apache-2.0 */
/* WWW-Authenticate headers. */
#include <stdint.h>

#include "image/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autofree char *text = g_strndup((const char *) data, size);
        g_auto(Challenge) challenge = { 0 };
        if (challenge_parse(text, &challenge))
                g_assert_true(challenge.scheme == CHALLENGE_BASIC ||
                              (challenge.scheme == CHALLENGE_BEARER && challenge.realm));
        return 0;
}
