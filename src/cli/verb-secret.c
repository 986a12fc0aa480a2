/* SPDX-License-Identifier: Apache-2.0 */
/* berth secret create, rm */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/secret-open.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"

typedef struct SecretOptions {
        char *driver;
        bool env, replace, all, ignore;
        GPtrArray *labels, *driver_opts;
} SecretOptions;

static void options_clear(SecretOptions *options) {
        g_free(options->driver);
        g_clear_pointer(&options->labels, g_ptr_array_unref);
        g_clear_pointer(&options->driver_opts, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SecretOptions, options_clear)

SecretStore *cli_secret_store(const Runtime *runtime) {
        g_autofree char *path = g_build_filename(store_graph_root(runtime->store), "secrets", NULL);
        return secret_store_new(path);
}

/* From a variable, a file, or with "-" from standard input; never from the command line. */
static GBytes *read_data(const SecretOptions *options, const char *source, GError **error) {
        if (options->env) {
                const char *value = getenv(source);
                if (!value) {
                        error_set_invalid(
                                        error,
                                        "cannot create store secret data: environment "
                                        "variable %s is not set",
                                        source);
                        return NULL;
                }
                return secret_bytes_new(g_strdup(value), strlen(value));
        }
        bool standard = strcmp(source, "-") == 0;
        autofd int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                 : open(source, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0) {
                error_set_errno(error, errno, "open %s", source);
                return NULL;
        }
        char *buffer = g_malloc(SECRET_SIZE_MAX);
        ssize_t n = fd_read_full(fd, buffer, SECRET_SIZE_MAX);
        if (n < 0) {
                g_free(buffer);
                error_set_errno(error, (int) n, "Cannot read '%s'", source);
                return NULL;
        }
        return secret_bytes_new(buffer, (size_t) n);
}

static bool
create(Runtime *runtime, const SecretOptions *options, char **operands, GError **error) {
        if (options->driver && *options->driver && strcmp(options->driver, "file") != 0)
                return error_set_invalid(
                                error,
                                "secret driver '%s' is not supported, only file; see "
                                "LoadCredentialEncrypted= for secrets sealed by the host",
                                options->driver);
        g_autoptr(GBytes) bytes = read_data(options, operands[1], error);
        if (!bytes)
                return false;
        g_autoptr(SecretStore) store = cli_secret_store(runtime);
        g_autoptr(GHashTable) labels = option_list_map(options->labels);
        g_autofree char *id = NULL;
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        if (!secret_create(store, operands[0], data, size, labels, options->replace, &id, error))
                return false;
        printf("%s\n", id);
        return true;
}

int verb_secret_create(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "driver", 'd', OPTION_STRING, offsetof(SecretOptions, driver), "DRIVER", "file" },
                { "env", 0, OPTION_BOOL, offsetof(SecretOptions, env), NULL,
                  "The second operand names an environment variable" },
                { "label", 'l', OPTION_LIST, offsetof(SecretOptions, labels), "KEY=VALUE",
                  "Label" },
                { "replace", 0, OPTION_BOOL, offsetof(SecretOptions, replace), NULL,
                  "Replace a secret of that name" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth secret create [options] NAME FILE|-",
                .description = "Keep a secret",
                .rows = rows,
                .operands_min = 2,
                .operands_max = 2,
        };
        g_auto(SecretOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        if (!cli_begin(&table, argc, argv, &options, &operands, &runtime, &status))
                return status;
        return create(&runtime, &options, operands, &error) ? EXIT_STATUS_OK : verb_fail(&error);
}

/* 1 when one was not there, as podman-secret-rm(1) has it. */
static int remove_one(SecretStore *store, const char *name, bool ignore) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Secret) secret = secret_find(store, name, &error);
        if (secret && secret_remove(store, secret, &error)) {
                printf("%s\n", secret->id);
                return EXIT_STATUS_OK;
        }
        bool absent = g_error_matches(error, SECRET_ERROR, SECRET_ERROR_NOT_FOUND);
        if (absent && ignore)
                return EXIT_STATUS_OK;
        (void) verb_fail(&error);
        return EXIT_STATUS_ERROR;
}

int verb_secret_rm(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "all", 'a', OPTION_BOOL, offsetof(SecretOptions, all), NULL, "All secrets" },
                { "ignore", 'i', OPTION_BOOL, offsetof(SecretOptions, ignore), NULL,
                  "No error for unknown names" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth secret rm [options] SECRET...",
                .description = "Remove secrets",
                .rows = rows,
                .operands_max = -1,
        };
        g_auto(SecretOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &status))
                return status;
        if (options.all == (names[0] != NULL)) {
                error_set_invalid(
                                &error,
                                "`berth secret rm` requires one argument, or the --all flag");
                return verb_fail(&error);
        }
        g_autoptr(SecretStore) store = cli_secret_store(&runtime);
        g_autoptr(GPtrArray) all = options.all ? secret_list(store, &error) : NULL;
        if (options.all && !all)
                return verb_fail(&error);
        for (guint i = 0; all && i < all->len; i++)
                status = MAX(status, remove_one(store, ((Secret *) all->pdata[i])->id, true));
        for (char **name = names; *name; name++)
                status = MAX(status, remove_one(store, *name, options.ignore));
        return status;
}
