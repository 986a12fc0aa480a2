/* SPDX-License-Identifier: Apache-2.0 */
/* berth volume snapshot, restore */
#include <stdio.h>

#include "base/error.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "cli/volume-json.h"
#include "cli/volume-snapshot.h"
#include "runtime/event.h"
#include "runtime/rootless.h"

static const OptionRow rows[] = { { NULL } };

static bool check_device(const Volume *volume, GError **error) {
        return !volume_has_device(volume) ||
               error_set_invalid(
                               error,
                               "volume %s is mounted by type and device: it has no snapshots",
                               volume->name);
}

/* What somebody writes to cannot be put back as a whole. */
static bool check_unused(Runtime *runtime, const Volume *volume, GError **error) {
        g_autoptr(GPtrArray) users = volume_users(runtime, volume, error);
        for (guint i = 0; users && i < users->len; i++) {
                g_autoptr(ContainerRecord) record =
                                record_find(runtime->records, users->pdata[i], NULL);
                if (record && record_status(record) == CONTAINER_RUNNING)
                        return error_set(
                                        error, VOLUME_ERROR, VOLUME_ERROR_IN_USE,
                                        "container %s runs with volume %s: stop it first",
                                        record->name, volume->name);
        }
        return users;
}

static bool snapshot(Runtime *runtime, const Volume *volume, const char *id, GError **error) {
        g_autofree char *made = NULL;
        if (!volume_snapshot_take(volume, NULL, NULL, &made, error))
                return false;
        puts(made);
        return true;
}

static bool restore(Runtime *runtime, const Volume *volume, const char *id, GError **error) {
        g_autofree char *restored = NULL, *saved = NULL;
        if (!check_unused(runtime, volume, error) ||
            !volume_snapshot_restore(volume, id, &restored, &saved, error))
                return false;
        printf("%s\n", restored);
        fprintf(stderr, "What was there before is snapshot %s\n", saved);
        return true;
}

static int
run(const OptionTable *table,
    int argc,
    char **argv,
    bool (*act)(Runtime *runtime, const Volume *volume, const char *id, GError **error)) {
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        char nothing;
        int status;
        if (!cli_begin(table, argc, argv, &nothing, &names, &runtime, &status))
                return status;
        g_autofree char *path = volumes_path_of(&runtime);
        g_autoptr(Volume) volume = volume_find(path, names[0], &error);
        return volume && check_device(volume, &error) && rootless_enter(&error) &&
                                               act(&runtime, volume, names[1], &error)
                               ? EXIT_STATUS_OK
                               : verb_fail(&error);
}

int verb_volume_snapshot(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth volume snapshot VOLUME",
                .description = "Copy a volume's data, to be restored",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        return run(&table, argc, argv, snapshot);
}

int verb_volume_restore(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth volume restore VOLUME [SNAPSHOT]",
                .description = "Put a volume's data back as it was in a snapshot, else the newest",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 2,
        };
        return run(&table, argc, argv, restore);
}
