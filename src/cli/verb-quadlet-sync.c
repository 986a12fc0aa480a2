/* SPDX-License-Identifier: Apache-2.0 */
/* berth quadlet sync: brings unit files, stubs and the manager together. Run by berth-units.path
 * whenever a folder of unit files changes.
 *
 * A unit file with [Install] gets a stub, which systemctl can enable; the first time, the presets
 * of the host decide, and without a preset [Install] means enabled, as it always did in Quadlet.
 * After that the links are the administrator's. The manager is reloaded only when what the
 * generator would make now is not what it made. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/systemctl.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "generator/output.h"
#include "generator/set.h"
#include "generator/stub.h"

#define ROUNDS_MAX          5 /* files may change while we look */
#define GENERATED_SIZE_MAX  (4 * 1024 * 1024)
#define GENERATED_HEAD_SIZE 256

typedef struct Sync {
        bool user;
        char *folder;      /* of the stubs */
        char *generated;   /* the generator's output folder */
        GHashTable *stubs; /* those that are there */
        GPtrArray *added;  /* names */
        GPtrArray *changed;
        GPtrArray *removed;
} Sync;

typedef struct SyncOptions {
        bool user;
} SyncOptions;

static const OptionRow rows[] = {
        { "user", 0, OPTION_BOOL, offsetof(SyncOptions, user), NULL, "Of this user's manager" },
        { NULL },
};

static char *generated_folder(bool user) {
        if (!user)
                return g_strdup("/run/systemd/generator");
        return g_build_filename(g_get_user_runtime_dir(), "systemd/generator", NULL);
}

static char *read_or_null(const char *folder, const char *name) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        char *text = NULL;
        return file_read_text(AT_FDCWD, path, GENERATED_SIZE_MAX, &text, NULL) ? text : NULL;
}

static bool write_stub(Sync *s, const char *service, const char *text, GError **error) {
        g_autofree char *old = read_or_null(s->folder, service);
        bool present = g_hash_table_contains(s->stubs, service);
        if (old && !present) {
                log_warning("%s/%s is not ours, leaving it alone", s->folder, service);
                return true;
        }
        if (present && g_strcmp0(old, text) == 0)
                return true;
        g_autofree char *path = g_build_filename(s->folder, service, NULL);
        if (!file_make_directories(AT_FDCWD, s->folder, 0755, error) ||
            !file_replace(AT_FDCWD, path, text, strlen(text), 0644, FILE_DURABLE, error))
                return false;
        g_ptr_array_add(present ? s->changed : s->added, g_strdup(service));
        return true;
}

/* Writes the stubs that are wanted and lists those that are not. */
static bool write_stubs(Sync *s, const QuadletSet *set, GError **error) {
        g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (guint i = 0; i < set->items->len; i++) {
                Quadlet *q = set->items->pdata[i];
                g_autofree char *text = q->unwritable ? NULL : stub_format(q);
                if (!text)
                        continue;
                g_hash_table_add(wanted, g_strdup(q->service));
                if (!write_stub(s, q->service, text, error))
                        return false;
        }
        GHashTableIter iter;
        gpointer name;
        g_hash_table_iter_init(&iter, s->stubs);
        while (g_hash_table_iter_next(&iter, &name, NULL))
                if (!g_hash_table_contains(wanted, name))
                        g_ptr_array_add(s->removed, g_strdup(name));
        return true;
}

/* systemctl VERB --no-reload NAMES... */
static bool apply(const Sync *s, const char *verb, const GPtrArray *names, GError **error) {
        if (names->len == 0)
                return true;
        g_autoptr(GPtrArray) args = g_ptr_array_new();
        g_ptr_array_add(args, (char *) verb);
        g_ptr_array_add(args, (char *) "--no-reload");
        g_ptr_array_add(args, (char *) "--quiet");
        for (guint i = 0; i < names->len; i++)
                g_ptr_array_add(args, names->pdata[i]);
        g_ptr_array_add(args, NULL);
        return systemctl_run(s->user, (const char *const *) args->pdata, error);
}

/* A stub whose [Install] was edited: new links, but only where there were links. */
static bool reenable(const Sync *s, GError **error) {
        g_autoptr(GPtrArray) enabled = g_ptr_array_new();
        for (guint i = 0; i < s->changed->len; i++) {
                const char *args[] = { "is-enabled", "--quiet", s->changed->pdata[i], NULL };
                int status = 1;
                g_autofree char *out = systemctl_read(s->user, args, &status, error);
                if (!out)
                        return false;
                if (status == 0)
                        g_ptr_array_add(enabled, s->changed->pdata[i]);
        }
        return apply(s, "reenable", enabled, error);
}

/* The links go before the stub: without it systemctl does not know them any more. */
static bool remove_stubs(const Sync *s, GError **error) {
        if (!apply(s, "disable", s->removed, error))
                return false;
        for (guint i = 0; i < s->removed->len; i++) {
                g_autofree char *path = g_build_filename(s->folder, s->removed->pdata[i], NULL);
                if (unlink(path) < 0 && errno != ENOENT)
                        return error_set_errno(error, errno, "Cannot remove '%s'", path);
        }
        return true;
}

static bool is_left_over(const Sync *s, const char *name, const Output *output) {
        for (guint i = 0; i < output->files->len; i++)
                if (strcmp(((OutputFile *) output->files->pdata[i])->name, name) == 0)
                        return false;
        g_autofree char *text = read_or_null(s->generated, name);
        if (!text)
                return false;
        g_autofree char *head = g_strndup(text, GENERATED_HEAD_SIZE);
        return strstr(head, OUTPUT_MARK) != NULL;
}

/* Whether the generator would make something else now than it did. */
static bool is_stale(const Sync *s, const Output *output) {
        for (guint i = 0; i < output->files->len; i++) {
                const OutputFile *file = output->files->pdata[i];
                g_autofree char *old = read_or_null(s->generated, file->name);
                if (g_strcmp0(file->text, old) != 0)
                        return true;
        }
        g_autoptr(GDir) dir = g_dir_open(s->generated, 0, NULL);
        for (const char *name; dir && (name = g_dir_read_name(dir));)
                if (is_left_over(s, name, output))
                        return true;
        return false;
}

static void sync_clear(Sync *s) {
        g_free(s->folder);
        g_free(s->generated);
        g_clear_pointer(&s->stubs, g_hash_table_unref);
        g_clear_pointer(&s->added, g_ptr_array_unref);
        g_clear_pointer(&s->changed, g_ptr_array_unref);
        g_clear_pointer(&s->removed, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sync, sync_clear)

/* One round; *ret_reloaded says that something had changed. */
static bool sync_once(bool user, bool *ret_reloaded, GError **error) {
        g_auto(Sync) s = {
                .user = user,
                .folder = stub_folder(user),
                .generated = generated_folder(user),
                .added = g_ptr_array_new_with_free_func(g_free),
                .changed = g_ptr_array_new_with_free_func(g_free),
                .removed = g_ptr_array_new_with_free_func(g_free),
        };
        if (!s.folder)
                return error_set_invalid(error, "HOME is not set, there is no place for stubs");
        s.stubs = stub_list(s.folder);
        UnitSearchOptions where = unit_search_options(user);
        g_autoptr(QuadletSet) set = quadlet_set_new(user, NULL);
        g_autoptr(UnitSearch) search = unit_search(&where, quadlet_is_file_name, set->diagnostics);
        quadlet_set_load(set, search);
        if (!where.unit_dirs)
                quadlet_set_watch(set, search);
        if (!write_stubs(&s, set, error) || !apply(&s, "preset", s.added, error) ||
            !reenable(&s, error) || !remove_stubs(&s, error))
                return false;
        set->stubs = stub_list(s.folder);
        g_autoptr(Output) output = output_make(set);
        *ret_reloaded = s.added->len + s.changed->len + s.removed->len > 0 || is_stale(&s, output);
        static const char *const reload[] = { "daemon-reload", NULL };
        if (!*ret_reloaded)
                return true;
        log_info("Unit files changed: %u new, %u changed and %u removed stubs; reloading",
                 s.added->len, s.changed->len, s.removed->len);
        return systemctl_run(user, reload, error);
}

int verb_quadlet_sync(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth quadlet sync [--user]",
                .description = "Make stubs for systemctl enable, and reload the manager when unit "
                               "files have changed",
                .rows = rows,
        };
        SyncOptions options = { .user = getuid() != 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR)
                return verb_fail(&error);
        bool reloaded = true;
        for (int i = 0; i < ROUNDS_MAX && reloaded; i++)
                if (!sync_once(options.user, &reloaded, &error))
                        return verb_fail(&error);
        return EXIT_STATUS_OK;
}
