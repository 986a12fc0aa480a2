/* SPDX-License-Identifier: Apache-2.0 */
/* The search path of Quadlet files, walked depth first, and drop-in look-up.
 *
 * The walk lists every folder once and notes all "*.d" folders it passes, so that a unit without
 * drop-ins costs no system call. */
#include "unit/search.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "unit/name.h"

#define SYSTEM_USERS_ETC "/etc/containers/systemd/users"
#define SYSTEM_USERS_USR "/usr/share/containers/systemd/users"

UnitSearchOptions unit_search_options(bool user) {
        return (UnitSearchOptions){
                .user = user,
                .uid = getuid(),
                .unit_dirs = getenv("QUADLET_UNIT_DIRS"),
                .runtime_dir = getenv("XDG_RUNTIME_DIR"),
                .config_home = getenv("XDG_CONFIG_HOME"),
                .home = getenv("HOME"),
        };
}

static bool is_set(const char *text) {
        return text && *text;
}

static void
warn(Diagnostics *diagnostics, const char *code, const char *path, const char *text, int r) {
        if (r > 0)
                diagnostics_add(diagnostics, DIAGNOSTIC_WARNING, code, path, 0, 0, NULL, "%s: %s",
                                text, g_strerror(r));
        else
                diagnostics_add(diagnostics, DIAGNOSTIC_WARNING, code, path, 0, 0, NULL, "%s",
                                text);
}

static void add_listed(GPtrArray *path, const char *list, Diagnostics *diagnostics) {
        g_auto(GStrv) entries = g_strsplit(list, ":", 256);
        for (char **e = entries; *e; e++) {
                if (**e == '\0')
                        continue;
                if (!g_path_is_absolute(*e)) {
                        warn(diagnostics, "search-path", *e,
                             "QUADLET_UNIT_DIRS: not an absolute path, ignoring the rest of the "
                             "list",
                             0);
                        return;
                }
                g_ptr_array_add(path, g_strdup(*e));
        }
}

static void add_user(GPtrArray *path, const UnitSearchOptions *o, Diagnostics *diagnostics) {
        static const char tail[] = "containers/systemd";
        if (is_set(o->runtime_dir))
                g_ptr_array_add(path, g_build_filename(o->runtime_dir, tail, NULL));
        if (is_set(o->config_home))
                g_ptr_array_add(path, g_build_filename(o->config_home, tail, NULL));
        else if (is_set(o->home))
                g_ptr_array_add(path, g_build_filename(o->home, ".config", tail, NULL));
        else
                warn(diagnostics, "search-path", "~/.config",
                     "Neither HOME nor XDG_CONFIG_HOME is set, the user's own folder is not "
                     "searched",
                     0);
        /* podman-systemd.unit(5) lists the folder of the one user before that of all */
        static const char *const shared[] = { SYSTEM_USERS_ETC, SYSTEM_USERS_USR };
        for (size_t i = 0; i < G_N_ELEMENTS(shared); i++) {
                g_ptr_array_add(path, g_strdup_printf("%s/%u", shared[i], (unsigned int) o->uid));
                g_ptr_array_add(path, g_strdup(shared[i]));
        }
}

char **unit_search_path(const UnitSearchOptions *o, Diagnostics *diagnostics) {
        GPtrArray *path = g_ptr_array_new();
        if (is_set(o->unit_dirs))
                add_listed(path, o->unit_dirs, diagnostics);
        else if (o->user)
                add_user(path, o, diagnostics);
        else {
                g_ptr_array_add(path, g_strdup("/run/containers/systemd"));
                g_ptr_array_add(path, g_strdup("/etc/containers/systemd"));
                g_ptr_array_add(path, g_strdup("/usr/share/containers/systemd"));
        }
        g_ptr_array_add(path, NULL);
        return (char **) g_ptr_array_free(path, FALSE);
}

UnitSearch *unit_search_new(void) {
        UnitSearch *s = g_new0(UnitSearch, 1);
        s->folders = g_ptr_array_new_with_free_func(g_free);
        s->files = g_ptr_array_new_with_free_func(g_free);
        s->names = g_hash_table_new(g_str_hash, g_str_equal);
        s->drop_ins = g_hash_table_new_full(
                        g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
        s->folders_seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        return s;
}

void unit_search_free(UnitSearch *search) {
        if (!search)
                return;
        g_ptr_array_unref(search->folders);
        g_hash_table_unref(search->names);
        g_ptr_array_unref(search->files);
        g_hash_table_unref(search->drop_ins);
        g_hash_table_unref(search->folders_seen);
        g_free(search);
}

typedef struct Walk {
        UnitSearch *search;
        const UnitSearchOptions *options; /* NULL: no rules about users */
        UnitNameFilter wanted;
        Diagnostics *diagnostics;
} Walk;

/* Files of other users are neither units of the system nor of this user. */
static bool is_foreign(const Walk *walk, const char *path) {
        if (!walk->options || is_set(walk->options->unit_dirs))
                return false;
        static const char *const shared[] = { SYSTEM_USERS_ETC, SYSTEM_USERS_USR };
        for (size_t i = 0; i < G_N_ELEMENTS(shared); i++) {
                size_t n = strlen(shared[i]);
                if (strncmp(path, shared[i], n) != 0 || (path[n] != '/' && path[n] != '\0'))
                        continue;
                if (!walk->options->user)
                        return true;
                const char *name = strrchr(path, '/') + 1;
                g_autofree char *own = g_strdup_printf("%u", (unsigned int) walk->options->uid);
                return path[n] == '/' && strspn(name, "0123456789") == strlen(name) &&
                       strcmp(name, own) != 0;
        }
        return false;
}

static gint compare_names(gconstpointer a, gconstpointer b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Sorted names of a folder, "." and ".." left out, sub-folders (links to them too) with a '/'
 * behind; NULL with errno set. */
static GPtrArray *list_folder(const char *path, unsigned int limit) {
        DIR *dir = opendir(path);
        if (!dir)
                return NULL;
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        for (struct dirent *e; (e = readdir(dir)) && names->len < limit;) {
                if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
                        continue;
                bool is_folder = e->d_type == DT_DIR;
                struct stat st;
                if ((e->d_type == DT_LNK || e->d_type == DT_UNKNOWN) &&
                    fstatat(dirfd(dir), e->d_name, &st, 0) == 0)
                        is_folder = S_ISDIR(st.st_mode);
                g_ptr_array_add(names, g_strconcat(e->d_name, is_folder ? "/" : NULL, NULL));
        }
        closedir(dir);
        g_ptr_array_sort(names, compare_names);
        return g_steal_pointer(&names);
}

static void add_file(UnitSearch *search, char *path) {
        const char *name = strrchr(path, '/');
        name = name ? name + 1 : path;
        if (g_hash_table_contains(search->names, name) ||
            search->files->len >= UNIT_SEARCH_FILES_MAX) {
                g_free(path);
                return;
        }
        g_ptr_array_add(search->files, path);
        g_hash_table_insert(search->names, (gpointer) name, path);
}

static void add_drop_in_folder(UnitSearch *search, const char *folder, const char *name) {
        GPtrArray *paths = g_hash_table_lookup(search->drop_ins, name);
        if (!paths) {
                paths = g_ptr_array_new_with_free_func(g_free);
                g_hash_table_insert(search->drop_ins, g_strdup(name), paths);
        }
        g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
}

/* True when this folder was not walked yet; *ret_path is where it really is. */
static bool enter_folder(Walk *walk, const char *path, char **ret_path) {
        UnitSearch *search = walk->search;
        struct stat st;
        int r = stat(path, &st) < 0 ? errno : !S_ISDIR(st.st_mode) ? ENOTDIR : 0;
        if (r != 0) {
                if (r != ENOENT && r != ENOTDIR)
                        warn(walk->diagnostics, "search-path", path, "Cannot search folder", r);
                return false;
        }
        g_autofree char *id = g_strdup_printf(
                        "%u:%u:%ju", major(st.st_dev), minor(st.st_dev), (uintmax_t) st.st_ino);
        if (search->folders->len >= UNIT_SEARCH_FOLDERS_MAX ||
            !g_hash_table_add(search->folders_seen, g_steal_pointer(&id)))
                return false;
        g_autofree char *real = realpath(path, NULL);
        *ret_path = g_strdup(real ? real : path);
        return true;
}

static void walk_folder(Walk *walk, const char *given) {
        if (is_foreign(walk, given))
                return;
        char *path = NULL;
        if (!enter_folder(walk, given, &path))
                return;
        g_ptr_array_add(walk->search->folders, path);
        g_autoptr(GPtrArray) names = list_folder(path, UNIT_SEARCH_FILES_MAX);
        if (!names) {
                warn(walk->diagnostics, "search-path", path, "Cannot search folder", errno);
                return;
        }
        g_autoptr(GPtrArray) below = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < names->len; i++) {
                char *name = names->pdata[i];
                size_t n = strlen(name);
                if (name[n - 1] != '/') {
                        if (walk->wanted(name))
                                add_file(walk->search, g_strconcat(path, "/", name, NULL));
                        continue;
                }
                name[n - 1] = '\0';
                if (g_str_has_suffix(name, ".d"))
                        add_drop_in_folder(walk->search, path, name);
                else
                        g_ptr_array_add(below, g_build_filename(path, name, NULL));
        }
        for (guint i = 0; i < below->len; i++)
                walk_folder(walk, below->pdata[i]);
}

UnitSearch *
unit_search(const UnitSearchOptions *options, UnitNameFilter wanted, Diagnostics *diagnostics) {
        UnitSearch *search = unit_search_new();
        Walk walk = { search, options, wanted, diagnostics };
        g_auto(GStrv) path = unit_search_path(options, diagnostics);
        for (char **p = path; *p; p++)
                walk_folder(&walk, *p);
        return search;
}

void unit_search_add_folder(
                UnitSearch *search,
                const char *path,
                UnitNameFilter wanted,
                Diagnostics *diagnostics) {
        Walk walk = { search, NULL, wanted, diagnostics };
        walk_folder(&walk, path);
}

void unit_search_add_file(UnitSearch *search, const char *path) {
        add_file(search, g_strdup(path));
}

/* Names of the drop-in folders of a unit, most specific first: "a-b@i.container.d",
 * "a-b@.container.d", "a-@.container.d", "a-.container.d", "container.d". Like systemd.unit(5), but
 * with the unit's own suffix. */
static GPtrArray *drop_in_names(const char *file_name) {
        GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
        g_auto(UnitName) name = { 0 };
        if (!unit_name_parse(file_name, &name))
                return names;
        g_ptr_array_add(names, g_strdup_printf("%s.d", file_name));
        if (name.instance && *name.instance)
                g_ptr_array_add(names, g_strdup_printf("%s@.%s.d", name.prefix, name.suffix));
        for (int template = name.instance ? 1 : 0; template >= 0; template --) {
                g_autofree char *stem = g_strdup(name.prefix);
                for (;;) {
                        size_t n = strlen(stem);
                        if (n > 0 && stem[n - 1] == '-')
                                stem[n - 1] = '\0';
                        char *dash = strrchr(stem, '-');
                        if (!dash)
                                break;
                        dash[1] = '\0';
                        g_ptr_array_add(names, g_strdup_printf("%s%s.%s.d", stem,
                                                               template ? "@" : "", name.suffix));
                }
        }
        g_ptr_array_add(names, g_strdup_printf("%s.d", name.suffix));
        return names;
}

static gint compare_base_names(gconstpointer a, gconstpointer b) {
        return strcmp(strrchr(*(const char *const *) a, '/'),
                      strrchr(*(const char *const *) b, '/'));
}

static void
collect_conf(const char *folder, GHashTable *taken, GPtrArray *paths, Diagnostics *diagnostics) {
        g_autoptr(GPtrArray) names = list_folder(folder, UNIT_DROP_INS_MAX);
        if (!names) {
                warn(diagnostics, "drop-in", folder, "Cannot read drop-in folder", errno);
                return;
        }
        for (guint i = 0; i < names->len && paths->len < UNIT_DROP_INS_MAX; i++) {
                const char *name = names->pdata[i];
                if (!g_str_has_suffix(name, ".conf"))
                        continue;
                char *path = g_build_filename(folder, name, NULL);
                if (g_hash_table_add(taken, g_strdup(name)))
                        g_ptr_array_add(paths, path);
                else
                        g_free(path);
        }
}

GPtrArray *
unit_search_drop_ins(const UnitSearch *search, const char *file_name, Diagnostics *diagnostics) {
        GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
        if (g_hash_table_size(search->drop_ins) == 0)
                return paths;
        g_autoptr(GPtrArray) names = drop_in_names(file_name);
        g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (guint i = 0; i < names->len; i++) {
                GPtrArray *folders = g_hash_table_lookup(search->drop_ins, names->pdata[i]);
                for (guint j = 0; folders && j < folders->len; j++)
                        collect_conf(folders->pdata[j], taken, paths, diagnostics);
        }
        g_ptr_array_sort(paths, compare_base_names);
        return paths;
}
