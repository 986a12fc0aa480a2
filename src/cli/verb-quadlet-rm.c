/* SPDX-License-Identifier: Apache-2.0 */
/* berth quadlet rm: removes unit files, with everything that was installed together with them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/quadlet-app.h"
#include "cli/systemctl.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "generator/set.h"

typedef struct RmOptions {
        bool force;
        bool all;
        bool ignore;
        int reload;
} RmOptions;

static const OptionRow rows[] = {
        { "force", 'f', OPTION_BOOL, offsetof(RmOptions, force), NULL,
          "Stop running services first" },
        { "all", 'a', OPTION_BOOL, offsetof(RmOptions, all), NULL, "Remove all unit files" },
        { "ignore", 'i', OPTION_BOOL, offsetof(RmOptions, ignore), NULL,
          "Names that are not there are fine" },
        { "reload-systemd", 0, OPTION_TRISTATE, offsetof(RmOptions, reload), NULL,
          "Reload the manager afterwards (default true)" },
        { NULL },
};

typedef struct Rm {
        const RmOptions *options;
        const QuadletSet *set;
        bool user;
        unsigned int n_removed;
} Rm;

static bool is_running(const Rm *rm, const char *service) {
        const char *args[] = { "is-active", service, NULL };
        int status = 0;
        g_autofree char *out = systemctl_read(rm->user, args, &status, NULL);
        return out && (g_str_has_prefix(out, "active") || g_str_has_prefix(out, "activating") ||
                       g_str_has_prefix(out, "reloading"));
}

/* A template's own service never runs. */
static bool make_idle(const Rm *rm, const Quadlet *q, GError **error) {
        if (quadlet_is_template(q) || !is_running(rm, q->service))
                return true;
        if (!rm->options->force)
                return error_set_invalid(
                                error,
                                "quadlet %s is running and force is not set, refusing to "
                                "remove",
                                q->file_name);
        const char *args[] = { "stop", q->service, NULL };
        return systemctl_run(rm->user, args, error);
}

static bool remove_file(Rm *rm, const char *folder, const char *name, GError **error) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (unlink(path) < 0 && errno != ENOENT)
                return error_set_errno(error, errno, "Cannot remove '%s'", path);
        rm->n_removed++;
        return true;
}

/* "web.container" -> also ".web.container.asset", an older list of files beside a unit. */
static bool remove_assets(Rm *rm, const char *folder, const char *name, GError **error) {
        g_autofree char *list = g_strconcat(".", name, ".asset", NULL);
        g_autofree char *path = g_build_filename(folder, list, NULL);
        if (access(path, F_OK) < 0)
                return true;
        g_autofree char *text = NULL;
        if (!g_file_get_contents(path, &text, NULL, error))
                return false;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
                if (**line && !strchr(*line, '/') && !remove_file(rm, folder, *line, error))
                        return false;
        return remove_file(rm, folder, list, error);
}

static bool remove_app(Rm *rm, const char *folder, const char *app, GError **error) {
        g_autoptr(GPtrArray) files = quadlet_app_files(folder, app);
        g_assert(files);
        for (guint i = 0; i < files->len; i++) { /* all or nothing: first see that none runs */
                const Quadlet *q = quadlet_set_find(rm->set, files->pdata[i]);
                if (q && !make_idle(rm, q, error))
                        return false;
        }
        for (guint i = 0; i < files->len; i++) {
                if (!remove_assets(rm, folder, files->pdata[i], error) ||
                    !remove_file(rm, folder, files->pdata[i], error))
                        return false;
                if (quadlet_is_file_name(files->pdata[i]))
                        puts(files->pdata[i]);
        }
        return remove_file(rm, folder, app, error);
}

static bool remove_name(Rm *rm, const char *name, GError **error) {
        g_autofree char *folder = quadlet_install_folder(rm->user);
        if (folder && name[0] == '.' && g_str_has_suffix(name, ".app")) {
                g_autoptr(GPtrArray) files = quadlet_app_files(folder, name);
                if (files)
                        return remove_app(rm, folder, name, error);
        } else if (!quadlet_is_file_name(name))
                return error_set_invalid(error, "'%s' is not a supported Quadlet file type", name);
        const Quadlet *q = quadlet_set_find(rm->set, name);
        if (!q)
                return rm->options->ignore || error_set_invalid(error, "no such quadlet %s", name);
        g_autofree char *path = g_build_filename(q->folder, name, NULL);
        if (access(path, F_OK) < 0)
                return true; /* went with its application a moment ago */
        g_autofree char *app = quadlet_app_of(q->folder, name);
        if (app)
                return remove_app(rm, q->folder, app, error);
        if (!make_idle(rm, q, error) || !remove_assets(rm, q->folder, name, error) ||
            !remove_file(rm, q->folder, name, error))
                return false;
        puts(name);
        return true;
}

static bool remove_all(Rm *rm, char **names) {
        bool good = true;
        for (char **name = names; *name; name++) {
                g_autoptr(GError) error = NULL;
                if (!remove_name(rm, *name, &error)) {
                        (void) verb_fail(&error);
                        good = false;
                }
        }
        return good;
}

static char **all_names(const QuadletSet *set) {
        char **names = g_new0(char *, set->items->len + 1);
        for (guint i = 0; i < set->items->len; i++)
                names[i] = (char *) ((Quadlet *) set->items->pdata[i])->file_name;
        return names;
}

int verb_quadlet_rm(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth quadlet rm [options] NAME...",
                .description = "Remove unit files of containers",
                .rows = rows,
                .operands_max = -1,
        };
        RmOptions options = { .reload = 1 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_OK && !options.all && !operands[0])
                error_set_invalid(&error, "at least one quadlet file must be selected");
        if (error)
                return verb_fail(&error);
        bool user = getuid() != 0;
        UnitSearchOptions where = unit_search_options(user);
        g_autoptr(QuadletSet) set = quadlet_set_new(user, NULL);
        g_autoptr(UnitSearch) search = unit_search(&where, quadlet_is_file_name, set->diagnostics);
        quadlet_set_load(set, search);
        g_autofree char **all = options.all ? all_names(set) : NULL;
        Rm rm = { .options = &options, .set = set, .user = user };
        bool good = remove_all(&rm, all ? all : operands);
        static const char *const reload[] = { "daemon-reload", NULL };
        if (options.reload && rm.n_removed > 0 && !systemctl_run(user, reload, &error))
                return verb_fail(&error);
        return good ? EXIT_STATUS_OK : EXIT_STATUS_ERROR;
}
