/* SPDX-License-Identifier: Apache-2.0 */
/* Containers by name, --all, --latest. */
#include "cli/select.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/container-filter.h"
#include "cli/exit.h"
#include "cli/start.h"
#include "cli/verb.h"

void selection_clear(Selection *selection) {
        g_clear_pointer(&selection->filters, g_ptr_array_unref);
        g_clear_pointer(&selection->cidfiles, g_ptr_array_unref);
}

static GPtrArray *resolve_all(Runtime *runtime, const Selection *selection, GError **error) {
        g_autoptr(GPtrArray) all = record_list(runtime->records, error);
        if (!all || !container_filter(runtime, all, selection->filters, error))
                return NULL;
        for (guint i = all->len; i > 0 && selection->running_only && !selection->latest; i--)
                if (record_status(all->pdata[i - 1]) != CONTAINER_RUNNING)
                        g_ptr_array_remove_index(all, i - 1);
        if (selection->latest && all->len > 1)
                g_ptr_array_remove_range(all, 0, all->len - 1);
        return g_steal_pointer(&all);
}

/* The operands and the ids in files; a file that is not there is an error like an unknown name. */
static bool gather_names(const Selection *selection, GPtrArray *names, GError **error) {
        for (char **name = selection->names; name && *name; name++)
                g_ptr_array_add(names, g_strdup(*name));
        for (guint i = 0; selection->cidfiles && i < selection->cidfiles->len; i++) {
                g_autofree char *id = NULL;
                GError *inner = NULL;
                if (file_read_text(AT_FDCWD, selection->cidfiles->pdata[i], 256, &id, &inner)) {
                        g_ptr_array_add(names, g_strdup(g_strstrip(id)));
                        continue;
                }
                bool absent = g_error_matches(inner, ERROR_ERRNO, ENOENT);
                if (!absent || !selection->ignore) {
                        g_propagate_prefixed_error(error, inner, "reading CIDFile: ");
                        return false;
                }
                g_error_free(inner);
        }
        return true;
}

bool selection_means(const char *given, const char *name, const char *id) {
        return !getenv("SERVICE_RESULT") || strcmp(given, name) == 0 || strcmp(given, id) == 0;
}

GPtrArray *selection_resolve(Runtime *runtime, const Selection *selection, GError **error) {
        if (selection->all || selection->latest || selection->filters)
                return resolve_all(runtime, selection, error);
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        if (!gather_names(selection, names, error))
                return NULL;
        if (names->len == 0 && !(selection->ignore && selection->cidfiles)) {
                error_set_invalid(error, "you must provide at least one name or id");
                return NULL;
        }
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) record_free);
        for (guint i = 0; i < names->len; i++) {
                GError *inner = NULL;
                ContainerRecord *record = record_find(runtime->records, names->pdata[i], &inner);
                if (record && selection->ignore &&
                    !selection_means(names->pdata[i], record->name, record->id)) {
                        record_free(record);
                        continue;
                }
                if (record) {
                        g_ptr_array_add(list, record);
                        continue;
                }
                if (!selection->ignore ||
                    !g_error_matches(inner, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER)) {
                        g_propagate_error(error, inner);
                        return NULL;
                }
                g_error_free(inner);
        }
        return g_steal_pointer(&list);
}

static int fail(const Selection *selection, GError **error) {
        bool unknown = g_error_matches(*error, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER);
        bool in_use = g_error_matches(*error, RUNTIME_ERROR, RUNTIME_ERROR_STATE);
        int status = verb_fail(error);
        return !selection->fine_statuses ? status : unknown ? 1 : in_use ? 2 : status;
}

int selection_run(
                Runtime *runtime,
                const Selection *selection,
                bool print,
                ContainerAct act,
                void *data) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) list = selection_resolve(runtime, selection, &error);
        if (!list)
                return fail(selection, &error);
        bool by_name = !selection->all && !selection->latest && !selection->filters &&
                       !selection->cidfiles;
        bool same_length = by_name && g_strv_length(selection->names) == list->len;
        int status = EXIT_STATUS_OK;
        for (guint i = 0; i < list->len; i++) {
                ContainerRecord *record = list->pdata[i];
                g_autofree char *shown = g_strdup(same_length ? selection->names[i] : record->id);
                if (!act(runtime, record, data, &error))
                        status = fail(selection, &error);
                else if (print && !selection->quiet)
                        printf("%s\n", shown);
        }
        return status;
}

int selection_verb(
                const OptionTable *table,
                int argc,
                char **argv,
                void *options,
                Selection *selection,
                bool (*check)(void *options, GError **error),
                bool print,
                ContainerAct act) {
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        OptionResult r = options_parse(table, argc, argv, options, &names, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        selection->names = names;
        if (r == OPTION_RESULT_ERROR || (check && !check(options, &error)) ||
            !cli_runtime_open(&runtime, &error))
                return verb_fail(&error);
        bool by_flag = selection->all || selection->latest;
        if (by_flag && names[0]) {
                error_set_invalid(
                                &error, "no arguments are needed with --%s",
                                selection->all ? "all" : "latest");
                return verb_fail(&error);
        }
        if (selection->all && selection->latest) {
                error_set_invalid(&error, "--all and --latest cannot be used together");
                return verb_fail(&error);
        }
        return selection_run(&runtime, selection, print, act, options);
}
