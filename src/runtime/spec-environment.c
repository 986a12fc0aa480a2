/* SPDX-License-Identifier: Apache-2.0 */
/* The payload's environment: image, files, flags, in rising precedence. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/spec-build.h"

#define ENV_FILE_SIZE_MAX (4u << 20)

extern char **environ;

/* Order of first appearance is kept, as Podman and Docker show it. */
typedef struct Environment {
        GPtrArray *names; /* owned by the table's keys */
        GHashTable *values;
} Environment;

static void set(Environment *env, const char *name, const char *value) {
        char *key = g_strdup(name);
        if (!g_hash_table_contains(env->values, name))
                g_ptr_array_add(env->names, g_strdup(name));
        g_hash_table_insert(env->values, key, g_strdup(value));
}

static void set_default(Environment *env, const char *name, const char *value) {
        if (!g_hash_table_contains(env->values, name))
                set(env, name, value);
}

/* "K=V"; "K" takes the launcher's value if it has one; "K*" takes all that begin so. */
static bool set_word(Environment *env, const char *word, const char *what, GError **error) {
        const char *equal = strchr(word, '=');
        if (equal == word || *word == '\0')
                return error_set_invalid(error, "%s: '%s' has no variable name", what, word);
        if (equal) {
                g_autofree char *name = g_strndup(word, (gsize) (equal - word));
                set(env, name, equal + 1);
                return true;
        }
        size_t n = strlen(word);
        if (word[n - 1] == '*') {
                for (char **row = environ; *row; row++)
                        if (strncmp(*row, word, n - 1) == 0 && !set_word(env, *row, what, error))
                                return false;
                return true;
        }
        const char *value = getenv(word);
        if (value)
                set(env, word, value);
        return true;
}

/* podman-run(1) --env-file: one assignment a line, # comments, no quoting. */
typedef bool (*WordAct)(void *data, const char *word, const char *what, GError **error);
static bool read_file(const char *path, WordAct act, void *data, GError **error) {
        g_autofree char *text = NULL;
        if (!file_read_text(AT_FDCWD, path, ENV_FILE_SIZE_MAX, &text, error))
                return false;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (guint i = 0; lines[i]; i++) {
                g_autofree char *what = g_strdup_printf("%s:%u", path, i + 1);
                g_strchomp(lines[i]);
                const char *line = lines[i];
                while (*line == ' ' || *line == '\t')
                        line++;
                if (*line == '\0' || *line == '#')
                        continue;
                if (!act(data, line, what, error))
                        return false;
        }
        return true;
}

static bool set_word_of_file(void *env, const char *word, const char *what, GError **error) {
        return set_word(env, word, what, error);
}

static bool add_file(Environment *env, const char *path, GError **error) {
        return read_file(path, set_word_of_file, env, error);
}

static bool keep_word(void *words, const char *word, const char *what, GError **error) {
        if (*word == '=')
                return error_set_invalid(error, "%s: '%s' has no variable name", what, word);
        g_ptr_array_add(words, g_strdup(word));
        return true;
}

bool spec_read_environment_file(const char *path, GPtrArray *words, GError **error) {
        return read_file(path, keep_word, words, error);
}

/* podman-run(1) --http-proxy: what the launcher has, below everything else. */
static void set_proxies(Environment *env) {
        static const char *const names[] = { "http_proxy", "https_proxy", "ftp_proxy", "no_proxy",
                                             "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY" };
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                const char *value = getenv(names[i]);
                if (value && *value)
                        set_default(env, names[i], value);
        }
}

/* "${NAME}" and "$NAME" become what the variable has so far, or nothing. */
static char *expand(const Environment *env, const char *text) {
        GString *out = g_string_new(NULL);
        while (*text) {
                bool braces = g_str_has_prefix(text, "${");
                size_t begin = braces ? 2 : 1;
                size_t n = *text == '$' ? strspn(text + begin,
                                                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                                                 "XYZ0123456789_")
                                        : 0;
                if (n == 0 || (braces && text[begin + n] != '}')) {
                        g_string_append_c(out, *text++);
                        continue;
                }
                g_autofree char *name = g_strndup(text + begin, n);
                const char *value = g_hash_table_lookup(env->values, name);
                g_string_append(out, value ? value : "");
                text += begin + n + (braces ? 1 : 0);
        }
        return g_string_free(out, FALSE);
}

static bool merge_word(Environment *env, const char *word, GError **error) {
        const char *equal = strchr(word, '=');
        if (!equal || equal == word)
                return error_set_invalid(error, "--env-merge: '%s' is not NAME=VALUE", word);
        g_autofree char *name = g_strndup(word, (gsize) (equal - word));
        g_autofree char *value = expand(env, equal + 1);
        set(env, name, value);
        return true;
}

static bool
fill(Environment *env, const SpecRequest *request, const OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        if (o->env_host)
                for (char **row = environ; *row; row++)
                        if (strchr(*row, '=') > *row && !set_word(env, *row, "--env-host", error))
                                return false;
        set(env, "container",
            "podman"); /* what payloads look for, systemd's ConditionVirtualization= too */
        char **image = request->image && !o->unset_env_all ? request->image->env : NULL;
        for (char **row = image; row && *row; row++)
                if (!set_word(env, *row, "environment of the image", error))
                        return false;
        if (o->http_proxy != 0)
                set_proxies(env);
        if (o->tty)
                set_default(env, "TERM", "xterm");
        for (guint i = 0; o->env_file && i < o->env_file->len; i++)
                if (!add_file(env, o->env_file->pdata[i], error))
                        return false;
        for (guint i = 0; o->env && i < o->env->len; i++)
                if (!set_word(env, o->env->pdata[i], "--env", error))
                        return false;
        for (guint i = 0; o->env_merge && i < o->env_merge->len; i++)
                if (!merge_word(env, o->env_merge->pdata[i], error))
                        return false;
        return true;
}

static void unset(Environment *env, const char *name) {
        g_hash_table_remove(env->values, name);
}

bool spec_build_environment(
                const SpecRequest *request, const char *home, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        Environment env = {
                .names = g_ptr_array_new_with_free_func(g_free),
                .values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
        };
        g_autoptr(GPtrArray) names = env.names;
        g_autoptr(GHashTable) values = env.values;
        if (!fill(&env, request, spec, error))
                return false;
        set_default(&env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        set_default(&env, "HOSTNAME", spec->hostname);
        set_default(&env, "HOME", home);
        for (guint i = 0; o->unset_env && i < o->unset_env->len; i++)
                unset(&env, o->unset_env->pdata[i]);

        g_autoptr(GPtrArray) rows = g_ptr_array_new();
        for (guint i = 0; i < names->len; i++) {
                const char *value = g_hash_table_lookup(values, names->pdata[i]);
                if (value)
                        g_ptr_array_add(rows, g_strconcat(names->pdata[i], "=", value, NULL));
        }
        g_ptr_array_add(rows, NULL);
        spec->env = (char **) g_ptr_array_free(g_steal_pointer(&rows), FALSE);
        return true;
}
