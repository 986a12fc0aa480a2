/* SPDX-License-Identifier: Apache-2.0 */
/* berth mount, unmount */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/user.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/event.h"
#include "runtime/mount-point.h"

typedef struct MountOptions {
        Selection selection;
        char *format;
        bool no_trunc, force;
} MountOptions;

/* The mount would be in a namespace of this command's own, and end with it. */
static bool check_root(const char *verb, GError **error) {
        return user_is_root() ||
               error_set_invalid(
                               error,
                               "cannot run command \"berth %s\" in rootless mode: the mount would "
                               "end with the command; `berth cp` and `berth export` read the files",
                               verb);
}

static bool mount_one(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        g_autofree char *path = NULL;
        if (!mount_point_take(runtime, record, &path, error))
                return false;
        container_event(runtime, record, "mount");
        printf("%s\n", path);
        return true;
}

static bool list(Runtime *runtime, const MountOptions *options, GError **error) {
        g_autoptr(GPtrArray) records = record_list(runtime->records, error);
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        bool json = options->format && *options->format;
        if (json && strcmp(options->format, "json") != 0)
                return error_set_invalid(
                                error, "unknown --format argument: \"%s\"", options->format);
        for (guint i = 0; records && i < records->len; i++) {
                const ContainerRecord *record = records->pdata[i];
                const char *const names[] = { record->name, NULL };
                g_autofree char *path = mount_point_path(runtime, record);
                if (!mount_point_is_mounted(path))
                        continue;
                JsonObject *object = json_object_new();
                g_ptr_array_add(objects, object);
                json_object_set_string_member(object, "id", record->id);
                json_set_strings(object, "Names", names);
                json_object_set_string_member(object, "mountpoint", path);
                if (!json)
                        printf("%.*s  %s\n", options->no_trunc ? 64 : 12, record->id, path);
        }
        if (json && records)
                template_print_json(objects);
        return records;
}

int verb_mount(int argc, char **argv) {
        static const OptionRow rows[] = {
                SELECTION_ROW_ALL(MountOptions, "All containers"),
                { "format", 0, OPTION_STRING, offsetof(MountOptions, format), "FORMAT",
                  "Of the list: json" },
                SELECTION_ROW_LATEST(MountOptions),
                { "no-trunc", 0, OPTION_BOOL, offsetof(MountOptions, no_trunc), NULL, "Whole ids" },
                { "notruncate", 0, OPTION_BOOL, offsetof(MountOptions, no_trunc), NULL, NULL },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth mount [options] [CONTAINER...]",
                .description = "Mount containers' files and print where, or list what is mounted",
                .rows = rows,
                .operands_max = -1,
        };
        MountOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status;
        if (!cli_begin(&table, argc, argv, &options, &names, &runtime, &status))
                return status;
        options.selection.names = names;
        bool by_flag = options.selection.all || options.selection.latest;
        bool ok = check_root("mount", &error) &&
                  (!by_flag || !names[0] ||
                   error_set_invalid(
                                   &error, "when using the --all switch, you may not pass any "
                                           "container names or IDs"));
        if (!ok)
                status = verb_fail(&error);
        else if (by_flag || names[0])
                status = selection_run(&runtime, &options.selection, false, mount_one, &options);
        else if (!list(&runtime, &options, &error))
                status = verb_fail(&error);
        g_free(options.format);
        return status;
}

static bool check_unmount(void *data, GError **error) {
        (void) data;
        return check_root("unmount", error);
}

static bool unmount_one(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        const MountOptions *options = data;
        g_autofree char *path = mount_point_path(runtime, record);
        bool mounted = mount_point_is_mounted(path);
        if (!mount_point_release(runtime, record, options->force || options->selection.all, error))
                return false;
        if (mounted)
                container_event(runtime, record, "unmount");
        if (mounted || !options->selection.all)
                printf("%s\n", options->selection.all ? record->id : record->name);
        return true;
}

int verb_unmount(int argc, char **argv) {
        static const OptionRow rows[] = {
                SELECTION_ROW_ALL(MountOptions, "All that are mounted"),
                { "force", 'f', OPTION_BOOL, offsetof(MountOptions, force), NULL,
                  "However often it was mounted" },
                SELECTION_ROW_LATEST(MountOptions),
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth unmount [options] CONTAINER...",
                .description = "Undo `berth mount`",
                .rows = rows,
                .operands_max = -1,
        };
        MountOptions options = { 0 };
        return selection_verb(
                        &table, argc, argv, &options, &options.selection, check_unmount, false,
                        unmount_one);
}
