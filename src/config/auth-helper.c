/* SPDX-License-Identifier: Apache-2.0 */
/* docker-credential-<suffix> get: the host on standard input, JSON on standard output. */
#include "config/auth-helper.h"

#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/json.h"
#include "base/process.h"

#define REPLY_SIZE_MAX (1u << 20)

static bool suffix_is_valid(const char *suffix) {
        for (const char *c = suffix; *c; c++)
                if (!g_ascii_isalnum(*c) && !strchr("-_.", *c))
                        return false;
        return *suffix != '\0';
}

bool auth_helper_get(
                const char *suffix,
                const char *host,
                Credentials *ret_credentials,
                GError **error) {
        if (!suffix_is_valid(suffix))
                return error_set_invalid(error, "'%s' cannot name a credential helper", suffix);
        g_autofree char *program = g_strconcat("docker-credential-", suffix, NULL);
        g_autofree char *reply = NULL;
        int status;
        const char *const argv[] = { program, "get", NULL };
        if (!process_converse(argv, NULL, host, REPLY_SIZE_MAX, &reply, &status, error))
                return false;
        if (strstr(reply, "credentials not found"))
                return true;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return error_set_invalid(error, "'%s' failed: %.200s", program, g_strchomp(reply));
        g_autoptr(JsonNode) node = NULL;
        JsonObject *root;
        const char *user, *secret;
        if (!json_parse_object(
                            reply, strlen(reply), REPLY_SIZE_MAX, program, &node, &root, error) ||
            !json_need_string(root, "Username", &user, error) ||
            !json_need_string(root, "Secret", &secret, error))
                return false;
        explicit_bzero(reply, strlen(reply));
        if (g_str_equal(user, "<token>")) {
                ret_credentials->identity_token = g_strdup(secret);
                return true;
        }
        ret_credentials->user = g_strdup(user);
        ret_credentials->password = g_strdup(secret);
        return true;
}
