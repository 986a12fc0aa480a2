/* SPDX-License-Identifier: Apache-2.0 */
/* Asking about short names. */
#include "image/short-name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "config/registries-conf.h"
#include "config/toml.h"
#include "store/lock.h"

bool short_name_ask(const char *name, GPtrArray *candidates, GError **error) {
        fprintf(stderr, "Please select an image for '%s':\n", name);
        for (guint i = 0; i < candidates->len; i++) {
                g_autofree char *text = oci_reference_format(candidates->pdata[i]);
                fprintf(stderr, "  %u) %s\n", i + 1, text);
        }
        fprintf(stderr, "Number: ");
        char *line = NULL;
        size_t room = 0;
        uint64_t number = 0;
        ssize_t n = getline(&line, &room, stdin);
        if (n > 0)
                line[strcspn(line, "\r\n")] = '\0';
        bool ok = n > 0 && text_parse_uint64(line, candidates->len, &number) && number > 0;
        free(line);
        if (!ok)
                return error_set_invalid(
                                error, "short-name \"%s\": none of the images was selected", name);
        OciReference *chosen = g_ptr_array_steal_index(candidates, (guint) number - 1);
        g_ptr_array_set_size(candidates, 0);
        g_ptr_array_add(candidates, chosen);
        return true;
}

static void add_line(GString *text, const char *name, const char *repository) {
        g_string_append_printf(text, "  \"%s\" = \"%s\"\n", name, repository);
}

/* The file is written by machines alone: what it has besides aliases is not kept. */
static bool load_aliases(const char *path, GHashTable **ret_aliases, GError **error) {
        g_autoptr(JsonNode) root = NULL;
        GError *inner = NULL;
        *ret_aliases = NULL;
        if (!toml_load(path, &root, &inner)) {
                if (!g_error_matches(inner, ERROR_ERRNO, ENOENT)) {
                        g_propagate_error(error, inner);
                        return false;
                }
                g_clear_error(&inner);
        } else if (!json_get_string_map(
                                   json_node_get_object(root), "aliases", ret_aliases, error)) {
                return false;
        }
        if (!*ret_aliases)
                *ret_aliases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        return true;
}

bool short_name_record(const char *name, const OciReference *reference, GError **error) {
        g_autofree char *path = registries_conf_recorded_path();
        g_autofree char *directory = g_path_get_dirname(path);
        g_autofree char *file = g_path_get_basename(path);
        g_autofree char *lock_path = g_strconcat(path, ".lock", NULL);
        const char *slash = strrchr(name, '/'), *last = slash ? slash : name;
        size_t size = (size_t) (last - name) + strcspn(last, ":@");
        g_autoptr(GHashTable) aliases = NULL;
        if (!file_make_directories(AT_FDCWD, directory, 0755, error))
                return false;
        autofd int lock = lock_take(lock_path, STORE_LOCK_WRITE, error);
        if (lock < 0 || !load_aliases(path, &aliases, error))
                return false;
        g_hash_table_replace(
                        aliases, g_strndup(name, size), oci_reference_format_repository(reference));
        g_autoptr(GString) text = g_string_new("[aliases]\n");
        g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(aliases), (GCompareFunc) strcmp);
        for (GList *at = names; at; at = at->next)
                add_line(text, at->data, g_hash_table_lookup(aliases, at->data));
        autofd int dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", directory);
        return file_replace(dir_fd, file, text->str, text->len, 0644, FILE_DURABLE, error);
}
