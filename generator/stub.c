/* SPDX-License-Identifier: Apache-2.0 */
/* What a stub looks like, and which there are. */
#include "generator/stub.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "generator/socket.h"
#include "unit/words.h"

#define STUB_SIZE_MAX (64 * 1024)
#define STUB_MARK     "# Made by berth quadlet sync"

char *stub_folder(bool user) {
        const char *given = getenv("BERTH_STUB_DIR");
        if (given && *given)
                return g_strdup(given);
        if (!user)
                return g_strdup("/etc/systemd/system.attached");
        const char *data = getenv("XDG_DATA_HOME");
        if (data && *data == '/')
                return g_build_filename(data, "systemd/user", NULL);
        const char *home = getenv("HOME");
        return home && *home ? g_build_filename(home, ".local/share/systemd/user", NULL) : NULL;
}

static bool is_ours(const char *folder, const char *name) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *text = NULL;
        return file_read_text(AT_FDCWD, path, STUB_SIZE_MAX, &text, NULL) &&
               g_str_has_prefix(text, STUB_MARK);
}

GHashTable *stub_list(const char *folder) {
        GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GDir) dir = folder ? g_dir_open(folder, 0, NULL) : NULL;
        for (const char *name; dir && (name = g_dir_read_name(dir));)
                if (g_str_has_suffix(name, ".service") && is_ours(folder, name))
                        g_hash_table_add(names, g_strdup(name));
        return names;
}

/* The words that are for the service to be enabled by; NULL: none. Caller frees. */
static char *install_words(Quadlet *q, const UnitLine *line) {
        g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
        if (!strstr(line->value, SOCKETS_TARGET) ||
            !words_split(line->value, WORDS_PLAIN, words, NULL))
                return g_strdup(line->value);
        for (guint i = words->len; i > 0; i--)
                if (socket_is_wanted_by(q, words->pdata[i - 1]))
                        g_ptr_array_remove_index(words, i - 1);
        return words->len > 0 ? words_join_quoted(words) : NULL;
}

char *stub_format(Quadlet *q) {
        const UnitSection *section = unit_file_find(q->file, "Install");
        g_autoptr(UnitFile) stub = unit_file_new(q->path);
        bool any = false;
        for (guint i = 0; section && i < section->lines->len; i++) {
                const UnitLine *line = section->lines->pdata[i];
                g_autofree char *value = line->key ? install_words(q, line) : NULL;
                if (value)
                        unit_file_add(stub, "Install", line->key, value);
                any = any || value;
        }
        if (!any)
                return NULL;
        g_autofree char *install = unit_file_format(stub);
        g_autofree char *source = quadlet_source_path(q);
        return g_strconcat(
                        STUB_MARK ", so that systemctl can enable and disable this service.\n"
                                  "# berth-generator makes the rest of it from the file below.\n"
                                  "[Unit]\nSourcePath=",
                        source, "\n\n", install, NULL);
}
