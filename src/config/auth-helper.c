/* SPDX-License-Identifier: Apache-2.0 */
/* docker-credential-<suffix> get: the host on standard input, JSON on standard output. */
#include "config/auth-helper.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"

#define REPLY_SIZE_MAX (1u << 20)

extern char **environ;

static bool suffix_is_valid(const char *suffix) {
        for (const char *c = suffix; *c; c++)
                if (!g_ascii_isalnum(*c) && !strchr("-_.", *c))
                        return false;
        return *suffix != '\0';
}

static bool spawn(const char *program, int in_fd, int out_fd, pid_t *ret_pid, GError **error) {
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
        char *argv[] = { (char *) program, "get", NULL };
        int r = posix_spawnp(ret_pid, program, &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        return r == 0 || error_set_errno(error, r, "Cannot run '%s'", program);
}

/* Reads all of the helper's answer; its exit status decides whether it counts. */
static bool
converse(const char *program, const char *host, char **ret_reply, int *ret_status, GError **error) {
        int in[2], out[2];
        if (pipe2(in, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot make a pipe");
        autofd int in_read = in[0], in_write = in[1];
        if (pipe2(out, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot make a pipe");
        autofd int out_read = out[0], out_write = out[1];
        pid_t pid;
        if (!spawn(program, in_read, out_write, &pid, error))
                return false;
        fd_close(&in_read);
        fd_close(&out_write);
        (void) fd_write_all(in_write, host, strlen(host)); /* a helper may not care to read */
        fd_close(&in_write);
        g_autofree char *reply = g_malloc(REPLY_SIZE_MAX + 1);
        ssize_t n = fd_read_full(out_read, reply, REPLY_SIZE_MAX);
        fd_close(&out_read);
        if (waitpid(pid, ret_status, 0) < 0 || n < 0)
                return error_set_errno(
                                error, n < 0 ? (int) n : errno, "Cannot read from '%s'", program);
        reply[n] = '\0';
        *ret_reply = g_steal_pointer(&reply);
        return true;
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
        if (!converse(program, host, &reply, &status, error))
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
