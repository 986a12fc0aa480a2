/* SPDX-License-Identifier: Apache-2.0 */
/* berth quadlet install: unit files from files, folders, bundles and URLs into the folder that the
 * generator reads. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/quadlet-app.h"
#include "cli/systemctl.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "generator/keys.h"

#define INSTALL_SIZE_MAX (1024 * 1024)
#define INSTALL_SIZE_ARG "1048576"

typedef struct InstallOptions {
        bool replace;
        int reload;
} InstallOptions;

static const OptionRow rows[] = {
        { "replace", 'r', OPTION_BOOL, offsetof(InstallOptions, replace), NULL,
          "Overwrite files that are there" },
        { "reload-systemd", 0, OPTION_TRISTATE, offsetof(InstallOptions, reload), NULL,
          "Reload the manager afterwards (default true)" },
        { NULL },
};

typedef struct Install {
        char *folder;
        bool replace;
        char *app;        /* fixed by the first argument; NULL until then */
        GPtrArray *names; /* installed so far */
} Install;

static void install_clear(Install *in) {
        g_free(in->folder);
        g_free(in->app);
        g_clear_pointer(&in->names, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Install, install_clear)

static bool put(Install *in, const char *name, const char *text, GError **error) {
        g_autofree char *path = g_build_filename(in->folder, name, NULL);
        if (!in->replace && access(path, F_OK) == 0)
                return error_set_errno(
                                error, EEXIST,
                                "a Quadlet with name %s already exists, refusing to overwrite",
                                name);
        if (!file_replace(AT_FDCWD, path, text, strlen(text), 0644, FILE_DURABLE, error))
                return false;
        g_ptr_array_add(in->names, g_strdup(name));
        puts(path);
        return true;
}

static bool put_bundle(Install *in, const char *path, const char *text, GError **error) {
        g_autoptr(GPtrArray) parts = bundle_split(path, text, error);
        for (guint i = 0; parts && i < parts->len; i++) {
                const BundlePart *part = parts->pdata[i];
                if (!put(in, part->name, part->text, error))
                        return false;
        }
        return parts != NULL;
}

static bool put_file(Install *in, const char *path, GError **error) {
        g_autofree char *text = NULL;
        if (!file_read_text(AT_FDCWD, path, INSTALL_SIZE_MAX, &text, error))
                return false;
        if (g_str_has_suffix(path, ".quadlets"))
                return put_bundle(in, path, text, error);
        g_autofree char *name = g_path_get_basename(path);
        return put(in, name, text, error);
}

/* Prints "Error: …" and goes on: what worked stays. */
static bool complain(GError **error) {
        (void) verb_fail(error);
        return false;
}

static gint compare_names(gconstpointer a, gconstpointer b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static bool put_folder(Install *in, const char *path, GError **error) {
        g_autoptr(GDir) dir = g_dir_open(path, 0, error);
        if (!dir)
                return false;
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        for (const char *name; (name = g_dir_read_name(dir));)
                g_ptr_array_add(names, g_strdup(name));
        g_ptr_array_sort(names, compare_names);
        bool good = true;
        for (guint i = 0; i < names->len; i++) {
                g_autofree char *file = g_build_filename(path, names->pdata[i], NULL);
                g_autoptr(GError) e = NULL;
                if (g_file_test(file, G_FILE_TEST_IS_REGULAR) && !put_file(in, file, &e))
                        good = complain(&e);
        }
        return good || error_set_invalid(error, "some files of '%s' were not installed", path);
}

static bool is_url(const char *text) {
        return g_str_has_prefix(text, "http://") || g_str_has_prefix(text, "https://");
}

/* curl(1) and not libcurl: this program is on the start path of every container. */
static bool put_url(Install *in, const char *url, GError **error) {
        const char *argv[] = {
                "curl",           "-fsSL", "--proto", "=http,https", "--max-filesize",
                INSTALL_SIZE_ARG, "--",    url,       NULL
        };
        g_autofree char *out = NULL, *err = NULL;
        int status;
        if (!g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                          &status, error))
                return false;
        if (!g_spawn_check_wait_status(status, NULL))
                return error_set_invalid(error, "Cannot download '%s': %s", url, g_strstrip(err));
        if (strlen(out) > INSTALL_SIZE_MAX)
                return error_set_errno(error, EFBIG, "Cannot install '%s'", url);
        g_autofree char *path = g_strndup(url, strcspn(url, "?#"));
        g_autofree char *name = g_path_get_basename(path);
        return put(in, name, out, error);
}

/* The application of the first argument: the folder's name, the bundle's stem, the file's name. */
static bool choose_app(Install *in, const char *path, GError **error) {
        g_autofree char *trimmed =
                        g_strndup(path, is_url(path) ? strcspn(path, "?#") : strlen(path));
        g_autofree char *name = g_path_get_basename(trimmed);
        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
                g_autofree char *absolute = g_canonicalize_filename(path, NULL);
                in->app = g_path_get_basename(absolute);
        } else if (g_str_has_suffix(name, ".quadlets") && !is_url(path))
                in->app = g_strndup(name, strlen(name) - strlen(".quadlets"));
        else if (quadlet_is_file_name(name))
                in->app = g_strdup(name);
        else
                return error_set_invalid(error, "'%s' is not a supported Quadlet file type", name);
        return true;
}

static bool install_one(Install *in, const char *path, GError **error) {
        if (!in->app && !choose_app(in, path, error))
                return false;
        if (is_url(path))
                return put_url(in, path, error);
        return g_file_test(path, G_FILE_TEST_IS_DIR) ? put_folder(in, path, error)
                                                     : put_file(in, path, error);
}

int verb_quadlet_install(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth quadlet install [options] PATH|URL...",
                .description = "Install unit files for containers",
                .rows = rows,
                .operands_min = 1,
                .operands_max = -1,
        };
        InstallOptions options = { .reload = 1 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR)
                return verb_fail(&error);
        bool user = getuid() != 0;
        g_auto(Install) in = { .folder = quadlet_install_folder(user),
                               .replace = options.replace,
                               .names = g_ptr_array_new_with_free_func(g_free) };
        if (!in.folder)
                error_set_invalid(&error, "HOME is not set");
        if (error || !file_make_directories(AT_FDCWD, in.folder, 0755, &error))
                return verb_fail(&error);
        bool good = true;
        for (char **path = operands; *path; path++) {
                g_autoptr(GError) e = NULL;
                if (!install_one(&in, *path, &e))
                        good = complain(&e);
        }
        if (in.names->len > 0 && !quadlet_app_add(in.folder, in.app, in.names, &error))
                good = complain(&error);
        static const char *const reload[] = { "daemon-reload", NULL };
        if (options.reload && in.names->len > 0 && !systemctl_run(user, reload, &error))
                good = complain(&error);
        return good ? EXIT_STATUS_OK : EXIT_STATUS_ERROR;
}
