/* SPDX-License-Identifier: Apache-2.0 */
/* Loading all files of a run: bytes, drop-ins, keys that nobody knows, and names. */
#include "generator/set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "build-config.h"
#include "generator/parallel.h"
#include "unit/parse.h"

#define READ_SIZE 4096

QuadletSet *quadlet_set_new(bool user, const char *program) {
        const char *given = program ? program : getenv("BERTH");
        QuadletSet *set = g_new0(QuadletSet, 1);
        set->user = user;
        set->program = g_strdup(given && *given ? given : BERTH_BINDIR "/berth");
        set->items = g_ptr_array_new_with_free_func((GDestroyNotify) quadlet_free);
        set->by_name = g_hash_table_new(g_str_hash, g_str_equal);
        set->diagnostics = diagnostics_new();
        return set;
}

void quadlet_set_free(QuadletSet *set) {
        if (!set)
                return;
        g_free(set->program);
        g_clear_pointer(&set->nested, g_ptr_array_unref);
        g_clear_pointer(&set->stubs, g_hash_table_unref);
        g_hash_table_unref(set->by_name);
        g_ptr_array_unref(set->items);
        diagnostics_free(set->diagnostics);
        g_free(set);
}

Quadlet *quadlet_set_find(const QuadletSet *set, const char *file_name) {
        return g_hash_table_lookup(set->by_name, file_name);
}

static void add(QuadletSet *set, Quadlet *q) {
        q->set = set;
        g_ptr_array_add(set->items, q);
        g_hash_table_insert(set->by_name, (gpointer) q->file_name, q);
}

Quadlet *quadlet_set_add(QuadletSet *set, const char *path, const char *bytes, size_t size) {
        Quadlet *q = quadlet_new(path);
        q->file = unit_parse(path, bytes, size, q->diagnostics);
        add(set, q);
        return q;
}

/* A drop-in that cannot be used is left out and the unit is made from the rest: Quadlet's rule. */
static void load_drop_in(Quadlet *q, const char *path) {
        Diagnostics *diagnostics = q->set->diagnostics;
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(GError) error = NULL;
        if (!file_read(AT_FDCWD, path, UNIT_FILE_SIZE_MAX, &bytes, &error)) {
                diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, "drop-in", path, 0, 0, NULL,
                                "Drop-in cannot be used, ignoring it: %s", error->message);
                return;
        }
        gsize size;
        const char *data = g_bytes_get_data(bytes, &size);
        unsigned int before = diagnostics->n_errors;
        g_autoptr(UnitFile) drop_in = unit_parse(path, data ? data : "", size, diagnostics);
        if (diagnostics->n_errors == before)
                unit_file_merge(q->file, drop_in);
}

/* Most unit files are there after one read of a small buffer. False with *ret_masked for a link to
 * /dev/null, which masks, as everywhere in systemd. */
static bool parse_unit(Quadlet *q, int fd, bool *ret_masked, GError **error) {
        char buffer[READ_SIZE];
        ssize_t n = read(fd, buffer, sizeof buffer);
        struct stat st;
        if (n == 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode)) {
                *ret_masked = true;
                return false;
        }
        if (n >= 0 && n < (ssize_t) sizeof buffer) {
                q->file = unit_parse(q->path, buffer, (size_t) n, q->diagnostics);
                return true;
        }
        g_autoptr(GBytes) bytes = NULL;
        if (lseek(fd, 0, SEEK_SET) < 0)
                return error_set_errno(error, errno, "Cannot read '%s'", q->path);
        if (!file_read_fd(fd, q->path, UNIT_FILE_SIZE_MAX, &bytes, error))
                return false;
        gsize size;
        const char *data = g_bytes_get_data(bytes, &size);
        q->file = unit_parse(q->path, data ? data : "", size, q->diagnostics);
        return true;
}

typedef struct Load {
        const UnitSearch *search;
        Quadlet **loaded; /* NULL where a file is masked */
} Load;

static void load_one(guint i, void *data) {
        Load *load = data;
        const char *path = load->search->files->pdata[i];
        g_autoptr(Quadlet) q = quadlet_new(path);
        g_autoptr(GError) error = NULL;
        bool masked = false;
        autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                error_set_errno(&error, errno, "Cannot open '%s'", path);
        else
                (void) parse_unit(q, fd, &masked, &error); /* error is set */
        if (masked)
                return;
        if (error) {
                q->file = unit_file_new(path);
                quadlet_error(q, NULL, "unreadable", NULL, "%s", error->message);
                q->state = QUADLET_FAILED; /* whatever else is missing follows from that */
        }
        load->loaded[i] = g_steal_pointer(&q);
}

static void unknown_key(Quadlet *q, const KeyRow *rows, const char *section, const UnitLine *line) {
        const char *near = key_nearest(rows, line->key);
        g_autofree char *hint = near ? g_strdup_printf("did you mean '%s='?", near) : NULL;
        UnitLine at = *line;
        at.value_column = line->column; /* the key is what is wrong */
        if (q->strict)
                quadlet_error(q, &at, "unknown-key", hint, "unsupported key '%s' in group '%s'",
                              line->key, section);
        else
                quadlet_warn(q, &at, "unknown-key", hint,
                             "unsupported key '%s' in group '%s', ignoring it", line->key, section);
}

static void check_quadlet_section(Quadlet *q) {
        const KeyRow *rows = quadlet_section_rows();
        const UnitSection *s = unit_file_find(q->file, "Quadlet");
        for (guint i = 0; s && i < s->lines->len; i++) {
                const UnitLine *line = s->lines->pdata[i];
                if (line->key && !key_find(rows, line->key))
                        unknown_key(q, rows, "Quadlet", line);
        }
}

/* Notes which keys of the type's own section there are, and tells of those that nobody knows. */
static void index_section(Quadlet *q) {
        q->section = unit_file_find(q->file, q->type->section);
        for (guint i = 0; q->section && i < q->section->lines->len; i++) {
                const UnitLine *line = q->section->lines->pdata[i];
                const KeyRow *row = line->key ? key_find(q->type->rows, line->key) : NULL;
                if (row)
                        quadlet_index(q, row);
                else if (line->key)
                        unknown_key(q, q->type->rows, q->type->section, line);
        }
}

static bool valid_service_name(const char *name) {
        g_autofree char *service = g_strconcat(name, ".service", NULL);
        return !strchr(name, '/') && unit_name_is_valid(service);
}

static char *service_name(Quadlet *q) {
        g_autofree char *given = quadlet_string(q, "ServiceName");
        if (given && valid_service_name(given))
                return g_strconcat(given, ".service", NULL);
        if (given)
                quadlet_error(q, quadlet_line(q, "ServiceName"), "invalid-value", NULL,
                              "ServiceName=%s is not the name of a unit", given);
        /* the suffix goes before the '@', so that %i stays the instance */
        return g_strconcat(
                        q->name.prefix, q->type->name_suffix, q->name.instance ? "@" : "",
                        q->name.instance ? q->name.instance : "", ".service", NULL);
}

static bool has_control(const char *text) {
        for (; *text; text++)
                if (g_ascii_iscntrl(*text))
                        return true;
        return false;
}

/* systemd overlooks unit files whose names are not unit names, and a line break in a path would
 * begin a line of its own in the unit: nothing is written then. */
static void check_name(Quadlet *q) {
        if (unit_name_is_valid(q->service) && !has_control(q->path))
                return;
        quadlet_error(q, NULL, "invalid-name", "rename the file",
                      "'%s' cannot be the name of a unit: use letters, digits and ':-_.\\@'",
                      q->service);
        q->unwritable = true;
}

static const char *name_key(const Quadlet *q) {
        static const char *const keys[QUADLET_N_KINDS] = {
                [QUADLET_CONTAINER] = "ContainerName", [QUADLET_POD] = "PodName",
                [QUADLET_VOLUME] = "VolumeName",       [QUADLET_NETWORK] = "NetworkName",
                [QUADLET_IMAGE] = "ImageTag",          [QUADLET_ARTIFACT] = "Artifact",
        };
        return keys[q->type->kind];
}

static char *default_resource(Quadlet *q) {
        switch (q->type->kind) {
        case QUADLET_CONTAINER:
        case QUADLET_KUBE:
                return g_strdup(q->name.instance ? "systemd-%p_%i" : "systemd-%N");
        case QUADLET_POD:
        case QUADLET_VOLUME:
        case QUADLET_NETWORK:
                return g_strconcat("systemd-", q->name.prefix, q->name.instance ? "-%i" : "", NULL);
        case QUADLET_IMAGE:
                return quadlet_string(q, "Image");
        case QUADLET_BUILD: {
                g_autoptr(GPtrArray) tags = quadlet_values(q, "ImageTag");
                return tags->len > 0 ? g_strdup(quadlet_value_text(tags, 0)) : NULL;
        }
        default:
                return NULL;
        }
}

static void settle_names(guint i, void *data) {
        Quadlet *q = ((QuadletSet *) data)->items->pdata[i];
        q->strict = quadlet_section_bool(q, "Quadlet", "Strict", false);
        index_section(q);
        check_quadlet_section(q);
        q->service = service_name(q);
        check_name(q);
        const char *key = name_key(q);
        q->resource = key ? quadlet_string(q, key) : NULL;
        if (!q->resource)
                q->resource = default_resource(q);
        if (q->type->kind == QUADLET_POD)
                q->pod_members = g_ptr_array_new();
}

/* Two files for one service: the first by name has it, the other one can only say so. */
static void settle_clashes(QuadletSet *set) {
        g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
        for (guint i = 0; i < set->items->len; i++) {
                Quadlet *q = set->items->pdata[i];
                const Quadlet *other = g_hash_table_lookup(taken, q->service);
                if (!other) {
                        g_hash_table_insert(taken, q->service, q);
                        continue;
                }
                quadlet_error(q, quadlet_line(q, "ServiceName"), "duplicate-service",
                              "rename one of the files, or use ServiceName=",
                              "%s is made from %s already", q->service, other->path);
                q->unwritable = true;
        }
}

static void join_pod(Quadlet *q) {
        if (q->type->kind != QUADLET_CONTAINER || quadlet_is_template(q))
                return;
        g_autofree char *pod_name = quadlet_string(q, "Pod");
        Quadlet *pod = pod_name ? quadlet_set_find(q->set, pod_name) : NULL;
        if (pod && pod->pod_members && quadlet_bool(q, "StartWithPod", true))
                g_ptr_array_add(pod->pod_members, q->service);
}

static gint compare_items(gconstpointer a, gconstpointer b) {
        const Quadlet *x = *(const Quadlet *const *) a;
        const Quadlet *y = *(const Quadlet *const *) b;
        return strcmp(x->file_name, y->file_name);
}

void quadlet_set_settle(QuadletSet *set) {
        g_ptr_array_sort(set->items, compare_items);
        parallel_for(set->items->len, settle_names, set);
        settle_clashes(set);
        for (guint i = 0; i < set->items->len; i++)
                join_pod(set->items->pdata[i]);
}

void quadlet_set_load(QuadletSet *set, const UnitSearch *search) {
        g_autofree Quadlet **loaded = g_new0(Quadlet *, search->files->len + 1);
        Load load = { search, loaded };
        parallel_for(search->files->len, load_one, &load);
        for (guint i = 0; i < search->files->len; i++)
                if (loaded[i])
                        add(set, loaded[i]);
        for (guint i = 0; i < set->items->len; i++) {
                Quadlet *q = set->items->pdata[i];
                g_autoptr(GPtrArray) drop_ins =
                                unit_search_drop_ins(search, q->file_name, set->diagnostics);
                for (guint j = 0; j < drop_ins->len; j++)
                        load_drop_in(q, drop_ins->pdata[j]);
        }
        quadlet_set_settle(set);
}

static gint compare_texts(gconstpointer a, gconstpointer b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

void quadlet_set_watch(QuadletSet *set, const UnitSearch *search) {
        set->nested = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < search->folders->len; i++) {
                const char *folder = search->folders->pdata[i];
                for (guint j = 0; j < search->folders->len; j++) {
                        const char *other = search->folders->pdata[j];
                        size_t n = strlen(other);
                        if (strncmp(folder, other, n) != 0 || folder[n] != '/')
                                continue;
                        g_ptr_array_add(set->nested, g_strdup(folder));
                        break;
                }
        }
        GHashTableIter iter;
        gpointer folders;
        g_hash_table_iter_init(&iter, search->drop_ins);
        while (g_hash_table_iter_next(&iter, NULL, &folders))
                for (guint i = 0; i < ((GPtrArray *) folders)->len; i++)
                        g_ptr_array_add(set->nested, g_strdup(((GPtrArray *) folders)->pdata[i]));
        g_ptr_array_sort(set->nested, compare_texts);
}
