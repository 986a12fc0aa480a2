/* SPDX-License-Identifier: Apache-2.0 */
/* berth login, logout */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/exit.h"
#include "cli/image-verbs.h"
#include "cli/options.h"
#include "cli/registry-options.h"
#include "cli/store-open.h"
#include "cli/verb.h"
#include "config/auth-file.h"
#include "config/registries-conf.h"
#include "runtime/secret-store.h"

#define PASSWORD_SIZE_MAX 65536

typedef struct LoginOptions {
        RegistryFlags registry;
        char *user, *password, *secret, *compat_file;
        bool password_stdin, get_login, verbose, all;
} LoginOptions;

static const OptionRow login_rows[] = {
        { "username", 'u', OPTION_STRING, offsetof(LoginOptions, user), "NAME", "User name" },
        { "password", 'p', OPTION_STRING, offsetof(LoginOptions, password), "TEXT",
          "Password (better on standard input)" },
        { "password-stdin", 0, OPTION_BOOL, offsetof(LoginOptions, password_stdin), NULL,
          "Take the password from standard input" },
        { "secret", 0, OPTION_STRING, offsetof(LoginOptions, secret), "NAME",
          "Take the password from a secret; its name is the user's where none is given" },
        { "compat-auth-file", 0, OPTION_STRING, offsetof(LoginOptions, compat_file), "PATH",
          "Keep them in a file of Docker's instead" },
        { "get-login", 0, OPTION_BOOL, offsetof(LoginOptions, get_login), NULL,
          "Print who is logged in" },
        { "verbose", 'v', OPTION_BOOL, offsetof(LoginOptions, verbose), NULL,
          "Say which file was written" },
        REGISTRY_OPTION_ROWS(LoginOptions, registry),
        { NULL },
};

static const OptionRow logout_rows[] = {
        { "all", 'a', OPTION_BOOL, offsetof(LoginOptions, all), NULL, "All registries" },
        { "authfile", 0, OPTION_STRING, offsetof(LoginOptions, registry.auth_file), "PATH",
          "File with credentials" },
        { "compat-auth-file", 0, OPTION_STRING, offsetof(LoginOptions, compat_file), "PATH",
          "A file of Docker's instead" },
        { NULL },
};

static void wipe(char **text) {
        if (*text)
                explicit_bzero(*text, strlen(*text));
        g_clear_pointer(text, g_free);
}

static char *read_line(const char *prompt, bool hidden) {
        struct termios old, silent;
        bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &old) == 0;
        if (terminal) {
                fprintf(stderr, "%s", prompt);
                silent = old;
                silent.c_lflag &= ~(tcflag_t) ECHO;
                if (hidden)
                        (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        }
        char *line = NULL;
        size_t room = 0;
        ssize_t n = getline(&line, &room, stdin);
        if (terminal && hidden) {
                (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
                fputc('\n', stderr);
        }
        char *copy = n > 0 ? g_strndup(line, strcspn(line, "\r\n")) : NULL;
        if (line)
                explicit_bzero(line, room);
        free(line);
        return copy;
}

/* podman-login(1), --secret */
static bool read_stored(LoginOptions *options, GError **error) {
        if (options->password || options->password_stdin)
                return error_set_invalid(error, "--secret can not be used with --password options");
        g_autoptr(Store) store = cli_store_open(error);
        if (!store)
                return false;
        g_autofree char *path = g_build_filename(store_graph_root(store), "secrets", NULL);
        g_autoptr(SecretStore) secrets = secret_store_new(path);
        g_autoptr(Secret) secret = secret_find(secrets, options->secret, error);
        g_autoptr(GBytes) bytes = secret ? secret_read(secrets, secret, error) : NULL;
        if (!bytes)
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        options->password = g_strndup(text, size);
        if (!options->user)
                options->user = g_strdup(options->secret);
        return true;
}

static bool read_password(LoginOptions *options, GError **error) {
        if (options->secret)
                return read_stored(options, error);
        if (!options->user && !(options->user = read_line("Username: ", false)))
                return error_set_invalid(error, "no user name");
        if (options->password)
                return true;
        if (!options->password_stdin) {
                options->password = read_line("Password: ", true);
                return options->password || error_set_invalid(error, "no password");
        }
        g_autoptr(GBytes) bytes = NULL;
        if (!file_read_fd(STDIN_FILENO, "standard input", PASSWORD_SIZE_MAX, &bytes, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        options->password = g_strndup(text, size);
        options->password[strcspn(options->password, "\r\n")] = '\0';
        return true;
}

/* "https://host/v1" means the host. Docker's files know only hosts, no namespaces. */
static char *registry_key(const LoginOptions *options, const char *text) {
        const char *at = strstr(text, "://") ? strstr(text, "://") + 3 : text;
        size_t n = options->compat_file ? strcspn(at, "/") : strlen(at);
        while (n > 0 && at[n - 1] == '/')
                n--;
        return g_strndup(at, n);
}

/* Tries the credentials before they are kept. */
static bool try_login(const LoginOptions *options, const char *key, GError **error) {
        g_autofree char *text = strchr(key, '/') ? g_strdup(key) : g_strconcat(key, "/x", NULL);
        g_autoptr(OciReference) name = oci_reference_parse(text, error);
        g_autoptr(RegistriesConf) conf = name ? registries_conf_load(NULL, error) : NULL;
        if (!conf)
                return false;
        const RegistryRule *rule = registries_conf_rule(conf, key);
        g_autofree char *creds = g_strconcat(options->user, ":", options->password, NULL);
        PullSettings settings = registry_flags_settings(&options->registry);
        settings.registry.creds = creds;
        g_autoptr(Registry) registry =
                        registry_new(name, rule && rule->insecure, &settings.registry, error);
        bool ok = registry && registry_ping(registry, error);
        explicit_bzero(creds, strlen(creds));
        return ok;
}

static bool show_login(const LoginOptions *options, const char *key, GError **error) {
        g_auto(Credentials) found = { 0 };
        if (!auth_find(options->registry.auth_file, key, &found, error))
                return false;
        if (!found.user)
                return error_set_invalid(error, "not logged into %s", key);
        printf("%s\n", found.user);
        return true;
}

static bool login(LoginOptions *options, const char *text, GError **error) {
        g_autofree char *key = registry_key(options, text);
        if (options->get_login)
                return show_login(options, key, error);
        if (!read_password(options, error) || !try_login(options, key, error) ||
            !auth_store(options->registry.auth_file, key, options->user, options->password, error))
                return false;
        if (options->verbose) {
                g_autofree char *path = auth_write_path(options->registry.auth_file);
                printf("Used: %s\n", path);
        }
        printf("Login Succeeded!\n");
        return true;
}

static bool logout(LoginOptions *options, const char *text, GError **error) {
        g_autofree char *key = text ? registry_key(options, text) : NULL;
        bool found;
        if (!key && !options->all)
                return error_set_invalid(error, "a registry or --all is needed");
        if (!auth_erase(options->registry.auth_file, key, &found, error))
                return false;
        if (!found && key)
                return error_set_invalid(error, "not logged into %s", key);
        if (key)
                printf("Removed login credentials for %s\n", key);
        else
                printf("Removed login credentials for all registries\n");
        return true;
}

static bool choose_file(LoginOptions *options, GError **error) {
        if (!options->compat_file)
                return true;
        if (options->registry.auth_file)
                return error_set_invalid(
                                error, "options for paths to the credential file and to the "
                                       "Docker-compatible credential file can not be set "
                                       "simultaneously");
        options->registry.auth_file = g_strdup(options->compat_file);
        return true;
}

static int run(const OptionTable *table,
               int argc,
               char **argv,
               bool (*act)(LoginOptions *options, const char *text, GError **error)) {
        LoginOptions options = { .registry = { .tls_verify = -1 } };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(table, argc, argv, &options, &operands, &error);
        int status = EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR ||
            (r == OPTION_RESULT_OK &&
             (!choose_file(&options, &error) || !act(&options, operands[0], &error))))
                status = verb_fail(&error);
        g_free(options.secret);
        g_free(options.compat_file);
        registry_flags_clear(&options.registry);
        g_free(options.user);
        wipe(&options.password);
        return status;
}

int verb_login(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth login [options] REGISTRY",
                .description = "Check and keep credentials for a registry",
                .rows = login_rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        return run(&table, argc, argv, login);
}

int verb_logout(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth logout [options] REGISTRY",
                .description = "Forget credentials for a registry",
                .rows = logout_rows,
                .operands_max = 1,
        };
        return run(&table, argc, argv, logout);
}
