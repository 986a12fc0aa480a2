/* SPDX-License-Identifier: Apache-2.0 */
/* Containers by name, --all, --latest. */
#include "cli/select.h"

#include <stdio.h>

#include "base/error.h"
#include "cli/exit.h"
#include "cli/verb.h"

static GPtrArray *resolve_all(Runtime *runtime, const Selection *selection, GError **error) {
        g_autoptr(GPtrArray) all = record_list(runtime->records, error);
        if (!all)
                return NULL;
        for (guint i = all->len; i > 0; i--) {
                const ContainerRecord *record = all->pdata[i - 1];
                bool keep = selection->latest ? i == all->len
                                              : !selection->running_only ||
                                                                record_status(record) ==
                                                                                CONTAINER_RUNNING;
                if (!keep)
                        g_ptr_array_remove_index(all, i - 1);
                else if (selection->latest)
                        g_ptr_array_set_size(all, (int) all->len);
        }
        return g_steal_pointer(&all);
}

GPtrArray *selection_resolve(Runtime *runtime, const Selection *selection, GError **error) {
        if (selection->all || selection->latest)
                return resolve_all(runtime, selection, error);
        if (!selection->names || !selection->names[0]) {
                error_set_invalid(error, "you must provide at least one name or id");
                return NULL;
        }
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) record_free);
        for (char **name = selection->names; *name; name++) {
                GError *inner = NULL;
                ContainerRecord *record = record_find(runtime->records, *name, &inner);
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

int selection_run(
                Runtime *runtime,
                const Selection *selection,
                bool print,
                ContainerAct act,
                void *data) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) list = selection_resolve(runtime, selection, &error);
        if (!list)
                return verb_fail(&error);
        bool by_name = !selection->all && !selection->latest;
        bool same_length = by_name && g_strv_length(selection->names) == list->len;
        int status = EXIT_STATUS_OK;
        for (guint i = 0; i < list->len; i++) {
                ContainerRecord *record = list->pdata[i];
                g_autofree char *shown = g_strdup(same_length ? selection->names[i] : record->id);
                if (!act(runtime, record, data, &error))
                        status = verb_fail(&error);
                else if (print)
                        printf("%s\n", shown);
        }
        return status;
}
