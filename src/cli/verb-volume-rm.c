/* SPDX-License-Identifier: Apache-2.0 */
/* berth volume rm, prune */
#include <stdio.h>

#include "base/error.h"
#include "cli/confirm.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "cli/volume-filter.h"
#include "runtime/event.h"
#include "runtime/rootless.h"

typedef struct RmOptions {
        bool all, force;
        int64_t time;
        GPtrArray *filters;
} RmOptions;

/* With --force the containers that use it go first. */
static bool
free_volume(Runtime *runtime, const Volume *volume, const RmOptions *options, GError **error) {
        g_autoptr(GPtrArray) users = volume_users(runtime, volume, error);
        if (!users)
                return false;
        if (users->len > 0 && !options->force) {
                g_ptr_array_add(users, NULL);
                g_autofree char *ids = g_strjoinv(", ", (char **) users->pdata);
                return error_set(
                                error, VOLUME_ERROR, VOLUME_ERROR_IN_USE,
                                "volume %s is being used by the following container(s): %s: volume "
                                "is being used",
                                volume->name, ids);
        }
        for (guint i = 0; i < users->len; i++) {
                g_autoptr(ContainerRecord) record =
                                record_find(runtime->records, users->pdata[i], error);
                if (!record || !container_remove(runtime, record, true, true, options->time, error))
                        return false;
        }
        return true;
}

static bool
remove_one(Runtime *runtime, const Volume *volume, const RmOptions *options, GError **error) {
        g_autofree char *path = volumes_path_of(runtime);
        if (!free_volume(runtime, volume, options, error) || !rootless_enter(error) ||
            !volume_remove(path, volume->name, error))
                return false;
        runtime_event(runtime, "volume", "remove", NULL, volume->name);
        return true;
}

/* Podman's: 1 when one was not there, 2 when one is in use, else 125. */
static int exit_status_of(const GError *error) {
        return g_error_matches(error, VOLUME_ERROR, VOLUME_ERROR_NOT_FOUND) ? 1
               : g_error_matches(error, VOLUME_ERROR, VOLUME_ERROR_IN_USE)  ? 2
                                                                            : EXIT_STATUS_ERROR;
}

static int remove_named(Runtime *runtime, char **names, const RmOptions *options) {
        g_autofree char *path = volumes_path_of(runtime);
        int status = EXIT_STATUS_OK;
        for (char **name = names; *name; name++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(Volume) volume = volume_find(path, *name, &error);
                if (!volume && options->force &&
                    g_error_matches(error, VOLUME_ERROR, VOLUME_ERROR_NOT_FOUND))
                        continue;
                if (volume && remove_one(runtime, volume, options, &error)) {
                        printf("%s\n", volume->name);
                        continue;
                }
                status = exit_status_of(error);
                (void) verb_fail(&error);
        }
        return status;
}

static int remove_list(Runtime *runtime, GPtrArray *volumes, const RmOptions *options) {
        int status = EXIT_STATUS_OK;
        for (guint i = 0; i < volumes->len; i++) {
                const Volume *volume = volumes->pdata[i];
                g_autoptr(GError) error = NULL;
                if (remove_one(runtime, volume, options, &error)) {
                        printf("%s\n", volume->name);
                        continue;
                }
                status = exit_status_of(error);
                (void) verb_fail(&error);
        }
        return status;
}

int verb_volume_rm(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "all", 'a', OPTION_BOOL, offsetof(RmOptions, all), NULL, "All volumes" },
                { "force", 'f', OPTION_BOOL, offsetof(RmOptions, force), NULL,
                  "Containers that use it, too; an unknown name is no error" },
                { "time", 't', OPTION_INT, offsetof(RmOptions, time), "SECONDS",
                  "Time before SIGKILL" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth volume rm [options] VOLUME...",
                .description = "Remove volumes",
                .rows = rows,
                .operands_max = -1,
        };
        RmOptions options = { .time = -1 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &status))
                return status;
        if (options.all == (names[0] != NULL)) {
                error_set_invalid(
                                &error, options.all ? "no arguments are needed with --all"
                                                    : "choose either one or more volumes or all");
                return verb_fail(&error);
        }
        if (!options.all)
                return remove_named(&runtime, names, &options);
        g_autofree char *path = volumes_path_of(&runtime);
        g_autoptr(GPtrArray) volumes = volume_list(path, &error);
        return volumes ? remove_list(&runtime, volumes, &options) : verb_fail(&error);
}

int verb_volume_prune(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "filter", 0, OPTION_LIST, offsetof(RmOptions, filters), "FILTER",
                  "Only those that pass: label=, until=, …" },
                { "force", 'f', OPTION_BOOL, offsetof(RmOptions, force), NULL, "Do not ask" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth volume prune [options]",
                .description = "Remove volumes of ours that no container uses",
                .rows = rows,
        };
        RmOptions options = { .time = -1 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        bool go_on = cli_begin(&table, argc, argv, &options, &operands, &runtime, &status);
        g_autoptr(GPtrArray) filters = options.filters;
        if (!go_on)
                return status;
        g_autofree char *path = volumes_path_of(&runtime);
        g_autoptr(GPtrArray) volumes = volume_list(path, &error);
        if (!volumes || !volume_filter(&runtime, volumes, filters, &error))
                return verb_fail(&error);
        /* what Podman made, only Podman knows the users of */
        for (guint i = volumes->len; i > 0; i--) {
                const Volume *volume = volumes->pdata[i - 1];
                g_autoptr(GPtrArray) users = volume_users(&runtime, volume, &error);
                if (!users)
                        return verb_fail(&error);
                if (!volume->is_ours || users->len > 0)
                        g_ptr_array_remove_index(volumes, i - 1);
        }
        if (!options.force && volumes->len > 0 &&
            !confirm("WARNING! This will remove all volumes not used by at least one container."))
                return EXIT_STATUS_OK;
        RmOptions gentle = { .time = -1 };
        return remove_list(&runtime, volumes, &gentle);
}
