/* SPDX-License-Identifier: Apache-2.0 */
/* Pods by name, --all, --latest, --pod-id-file. */
#include "cli/pod-select.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/exit.h"
#include "cli/pod-filter.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"

#define ID_FILE_SIZE_MAX 256

void pod_selection_clear(PodSelection *selection) {
        g_clear_pointer(&selection->id_files, g_ptr_array_unref);
        g_clear_pointer(&selection->filters, g_ptr_array_unref);
}

char *pod_read_id_file(const char *path, GError **error) {
        char *id = NULL;
        if (!file_read_text(AT_FDCWD, path, ID_FILE_SIZE_MAX, &id, error)) {
                g_prefix_error(error, "reading pod ID file: ");
                return NULL;
        }
        return g_strstrip(id);
}

static bool is_absence(const GError *error) {
        return g_error_matches(error, POD_ERROR, POD_ERROR_NOT_FOUND) ||
               g_error_matches(error, ERROR_ERRNO, ENOENT);
}

static GPtrArray *named(Runtime *runtime, const PodSelection *s, GError **error) {
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) pod_free);
        guint n_names = s->names ? g_strv_length(s->names) : 0;
        guint n_files = s->id_files ? s->id_files->len : 0;
        for (guint i = 0; i < n_names + n_files; i++) {
                GError *inner = NULL;
                g_autofree char *name =
                                i < n_names ? g_strdup(s->names[i])
                                            : pod_read_id_file(
                                                              s->id_files->pdata[i - n_names],
                                                              &inner);
                Pod *pod = name ? pod_find(runtime->records, name, &inner) : NULL;
                if (pod && s->ignore && !selection_means(name, pod->name, pod->id)) {
                        pod_free(pod);
                } else if (pod) {
                        g_ptr_array_add(list, pod);
                } else if (s->ignore && is_absence(inner)) {
                        g_error_free(inner);
                } else {
                        g_propagate_error(error, inner);
                        return NULL;
                }
        }
        return g_steal_pointer(&list);
}

GPtrArray *pod_selection_resolve(Runtime *runtime, const PodSelection *s, GError **error) {
        if (!s->all && !s->latest && !s->filters) {
                if ((s->names && s->names[0]) || s->id_files)
                        return named(runtime, s, error);
                error_set_invalid(error, "you must provide at least one name or id");
                return NULL;
        }
        g_autoptr(GPtrArray) all = pod_list(runtime->records, error);
        if (!all || !pod_filter(runtime, all, s->filters, error))
                return NULL;
        if (s->latest && all->len > 1)
                g_ptr_array_remove_range(all, 0, all->len - 1);
        return g_steal_pointer(&all);
}

int pod_selection_verb(
                const OptionTable *table,
                int argc,
                char **argv,
                void *options,
                PodSelection *selection,
                bool (*check)(void *options, GError **error),
                bool by_name,
                PodAct act) {
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int status;
        if (!cli_begin(table, argc, argv, options, &names, &runtime, &status))
                return status;
        selection->names = names;
        if (check && !check(options, &error))
                return verb_fail(&error);
        g_autoptr(GPtrArray) list = pod_selection_resolve(&runtime, selection, &error);
        if (!list) {
                bool absent = g_error_matches(error, POD_ERROR, POD_ERROR_NOT_FOUND);
                status = verb_fail(&error);
                return absent && selection->absent_status ? selection->absent_status : status;
        }
        bool same = by_name && names && g_strv_length(names) == list->len;
        for (guint i = 0; i < list->len; i++) {
                Pod *pod = list->pdata[i];
                g_autofree char *shown = g_strdup(same ? names[i] : pod->id);
                if (act(&runtime, pod, options, &error))
                        printf("%s\n", shown);
                else
                        status = verb_fail(&error);
        }
        return status;
}
