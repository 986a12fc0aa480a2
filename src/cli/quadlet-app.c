/* SPDX-License-Identifier: Apache-2.0 */
/* Applications and bundles of unit files. */
#include "cli/quadlet-app.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "generator/keys.h"

#define APP_SIZE_MAX     (1024 * 1024)
#define BUNDLE_PARTS_MAX 1000

char *quadlet_install_folder(bool user) {
        if (!user)
                return g_strdup("/etc/containers/systemd");
        const char *config = getenv("XDG_CONFIG_HOME");
        if (config && *config)
                return g_build_filename(config, "containers/systemd", NULL);
        const char *home = getenv("HOME");
        return home && *home ? g_build_filename(home, ".config/containers/systemd", NULL) : NULL;
}

static char *list_path(const char *folder, const char *app) {
        bool full = app[0] == '.' && g_str_has_suffix(app, ".app");
        g_autofree char *name = full ? g_strdup(app) : g_strconcat(".", app, ".app", NULL);
        return g_build_filename(folder, name, NULL);
}

static bool has_text(const GPtrArray *texts, const char *text) {
        for (guint i = 0; i < texts->len; i++)
                if (strcmp(texts->pdata[i], text) == 0)
                        return true;
        return false;
}

GPtrArray *quadlet_app_files(const char *folder, const char *app) {
        g_autofree char *path = list_path(folder, app);
        g_autofree char *text = NULL;
        if (strchr(app, '/') || !file_read_text(AT_FDCWD, path, APP_SIZE_MAX, &text, NULL))
                return NULL;
        GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                g_strstrip(*line);
                /* a list names files beside it, nothing else may be removed through it */
                if (**line && !strchr(*line, '/') && strcmp(*line, "..") != 0 &&
                    strcmp(*line, ".") != 0)
                        g_ptr_array_add(names, g_strdup(*line));
        }
        return names;
}

bool quadlet_app_add(const char *folder, const char *app, const GPtrArray *names, GError **error) {
        g_autoptr(GPtrArray) all = quadlet_app_files(folder, app);
        if (!all)
                all = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < names->len; i++) {
                /* a file that came with another application stays a member of that one */
                g_autofree char *other = quadlet_app_of(folder, names->pdata[i]);
                if (!other)
                        g_ptr_array_add(all, g_strdup(names->pdata[i]));
        }
        if (all->len == 0)
                return true;
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint i = 0; i < all->len; i++)
                g_string_append_printf(text, "%s\n", (char *) all->pdata[i]);
        g_autofree char *path = list_path(folder, app);
        return file_replace(AT_FDCWD, path, text->str, text->len, 0644, FILE_DURABLE, error);
}

char *quadlet_app_of(const char *folder, const char *file) {
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        for (const char *name; dir && (name = g_dir_read_name(dir));) {
                if (name[0] != '.' || !g_str_has_suffix(name, ".app"))
                        continue;
                g_autoptr(GPtrArray) files = quadlet_app_files(folder, name);
                if (files && has_text(files, file))
                        return g_strdup(name);
        }
        return NULL;
}

static void part_free(gpointer data) {
        BundlePart *part = data;
        g_free(part->name);
        g_free(part->text);
        g_free(part);
}

static char *find_file_name(char **lines) {
        for (char **line = lines; *line; line++) {
                g_autofree char *text = g_strdup(*line);
                g_strstrip(text);
                if (text[0] != '#')
                        continue;
                char *comment = g_strchug(text + 1);
                if (g_str_has_prefix(comment, "FileName="))
                        return g_strdup(g_strstrip(comment + strlen("FileName=")));
        }
        return NULL;
}

static const char *find_suffix(char **lines) {
        for (char **line = lines; *line; line++) {
                g_autofree char *text = g_strdup(*line);
                g_strstrip(text);
                size_t n = strlen(text);
                if (n < 3 || text[0] != '[' || text[n - 1] != ']')
                        continue;
                text[n - 1] = '\0';
                for (size_t i = 0; i < QUADLET_N_KINDS; i++)
                        if (g_ascii_strcasecmp(text + 1, quadlet_types()[i].section) == 0)
                                return quadlet_types()[i].suffix;
        }
        return NULL;
}

/* lines: one part; NULL-terminated by the caller. */
static bool
add_part(GPtrArray *parts, const char *path, unsigned int number, char **lines, GError **error) {
        g_autofree char *joined = g_strjoinv("\n", lines);
        g_strstrip(joined);
        if (joined[0] == '\0')
                return true;
        g_autofree char *name = find_file_name(lines);
        const char *suffix = find_suffix(lines);
        if (!name || !*name)
                return error_set_invalid(
                                error, "'%s', section %u: missing required '# FileName=<name>'",
                                path, number);
        if (strpbrk(name, "/\\"))
                return error_set_invalid(
                                error, "'%s', section %u: FileName '%s' is a path", path, number,
                                name);
        if (!suffix)
                return error_set_invalid(
                                error,
                                "'%s', section %u: no section tells the type, such as "
                                "[Container]",
                                path, number);
        BundlePart *part = g_new0(BundlePart, 1);
        part->name = g_strconcat(name, ".", suffix, NULL);
        part->text = g_strconcat(joined, "\n", NULL);
        g_ptr_array_add(parts, part);
        return true;
}

GPtrArray *bundle_split(const char *path, const char *text, GError **error) {
        g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(part_free);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        unsigned int number = 0;
        char **from = lines;
        for (char **line = lines;; line++) {
                g_autofree char *trimmed = g_strdup(*line ? *line : "---");
                if (strcmp(g_strstrip(trimmed), "---") != 0)
                        continue;
                if (++number > BUNDLE_PARTS_MAX) {
                        error_set_invalid(error, "'%s' has too many sections", path);
                        return NULL;
                }
                char *end = *line;
                *line = NULL; /* the part ends here */
                bool ok = add_part(parts, path, number, from, error);
                *line = end;
                if (!ok)
                        return NULL;
                if (!end)
                        break;
                from = line + 1;
        }
        if (parts->len == 0) {
                error_set_invalid(error, "'%s' has no unit file in it", path);
                return NULL;
        }
        return g_steal_pointer(&parts);
}
