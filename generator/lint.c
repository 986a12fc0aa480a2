/* SPDX-License-Identifier: Apache-2.0 */
/* Lint: the generator's own findings plus checks that would be noise at boot. */
#include "generator/lint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "generator/output.h"

static const LintCode codes[] = {
        { "broken-reference", "Another unit file that this one needs has errors itself." },
        { "circular-reference", "Unit files need each other in a circle." },
        { "conflicting-keys", "Keys that exclude each other, or one that undoes the other." },
        { "continuation", "A line is joined to the one above it by a trailing backslash." },
        { "deprecated-key", "The key still works, but there is a better one." },
        { "drop-in", "A drop-in file or folder cannot be used." },
        { "duplicate-service", "Two unit files make the same service." },
        { "invalid-name", "The file's name cannot be that of a unit." },
        { "invalid-value", "The value is not one that the key takes." },
        { "missing-key", "A key that the unit type or another key needs is not there." },
        { "missing-path", "A path beside the unit file does not exist." },
        { "missing-reference", "There is no unit file of that name." },
        { "no-effect", "The key does nothing for a container." },
        { "output", "The generated file cannot be written." },
        { "repeated-key", "The key has one value, and an earlier one in this file is lost." },
        { "search-path", "A folder of the search path cannot be used." },
        { "service-user",
          "User=, Group= or DynamicUser= in [Service]: Podman does not support it." },
        { "short-name", "The image name does not say which registry it comes from." },
        { "syntax", "The file is not in the syntax of unit files." },
        { "too-deep", "References go over too many unit files." },
        { "unknown-key", "There is no such key; probably misspelt." },
        { "unknown-section", "There is no such section; probably misspelt." },
        { "unknown-specifier", "systemd does not know this % specifier." },
        { "unreadable", "The file cannot be read." },
        { "unsupported-key", "The target release does not know the key." },
        { NULL },
};

const LintCode *lint_codes(void) {
        return codes;
}

static bool parse_release(const char *text, LintTarget *ret_target) {
        g_auto(GStrv) parts = g_strsplit(text, ".", 3);
        uint64_t major, minor;
        if (g_strv_length(parts) != 2 || !text_parse_uint64(parts[0], 99, &major) ||
            !text_parse_uint64(parts[1], 99, &minor))
                return false;
        *ret_target = (LintTarget){ (unsigned int) major, (unsigned int) minor };
        return true;
}

bool lint_target_parse(const char *text, LintTarget *ret_target) {
        if (strcmp(text, "berth") == 0) {
                *ret_target = (LintTarget){ 0 };
                return true;
        }
        return g_str_has_prefix(text, "podman-") &&
               parse_release(text + strlen("podman-"), ret_target) &&
               (ret_target->major > 4 || (ret_target->major == 4 && ret_target->minor >= 4));
}

static bool is_newer(const char *since, LintTarget target) {
        LintTarget release;
        if (target.major == 0)
                return false;
        if (!parse_release(since, &release))
                return true; /* our own */
        return release.major > target.major ||
               (release.major == target.major && release.minor > target.minor);
}

static void
unsupported(Quadlet *q, const UnitLine *line, const char *what, const char *since, LintTarget t) {
        UnitLine at = *line;
        at.value_column = line->column;
        if (strcmp(since, "berth") == 0)
                quadlet_error(q, &at, "unsupported-key", NULL,
                              "%s is berth's own, Podman refuses it", what);
        else
                quadlet_error(q, &at, "unsupported-key", NULL,
                              "%s came with Podman %s, the target is %u.%u", what, since, t.major,
                              t.minor);
}

static void check_release(Quadlet *q, const char *section, const KeyRow *rows, LintTarget target) {
        const UnitSection *s = unit_file_find(q->file, section);
        for (guint i = 0; s && i < s->lines->len; i++) {
                const UnitLine *line = s->lines->pdata[i];
                const KeyRow *row = line->key ? key_find(rows, line->key) : NULL;
                if (!row || !is_newer(row->since, target))
                        continue;
                g_autofree char *what = g_strdup_printf("%s=", row->name);
                unsupported(q, line, what, row->since, target);
        }
}

static void check_target(Quadlet *q, LintTarget target) {
        if (target.major == 0)
                return;
        if (is_newer(q->type->since, target)) {
                quadlet_error(q, NULL, "unsupported-key", NULL,
                              ".%s files came with Podman %s, the target is %u.%u", q->type->suffix,
                              q->type->since, target.major, target.minor);
                return;
        }
        check_release(q, q->type->section, q->type->rows, target);
        check_release(q, "Quadlet", quadlet_section_rows(), target);
}

static void check_sections(Quadlet *q) {
        const char *known[] = { "Unit", "Service", "Install", "Quadlet", q->type->section, NULL };
        for (guint i = 0; i < q->file->sections->len; i++) {
                const UnitSection *s = q->file->sections->pdata[i];
                if (!s->name || g_str_has_prefix(s->name, "X-") || g_strv_contains(known, s->name))
                        continue;
                const char *near = diagnostic_nearest(s->name, known);
                g_autofree char *hint = near ? g_strdup_printf("did you mean [%s]?", near) : NULL;
                const UnitLine at = { .path = q->path, .line = s->line, .value_column = s->column };
                quadlet_warn(q, &at, "unknown-section", hint, "unknown section [%s]", s->name);
        }
}

static void check_line(Quadlet *q, const UnitLine *line, const KeyRow *row) {
        size_t offset = 0;
        char letter = unit_name_unknown_specifier(line->value, &offset);
        if (letter) {
                UnitLine at = *line;
                at.value_column += (unsigned int) offset;
                quadlet_warn(q, &at, "unknown-specifier", "write '%%' for a percent sign",
                             "'%%%c' in %s= is no specifier that systemd knows", letter, line->key);
        }
        if (row->flags & KEY_DEPRECATED)
                quadlet_warn(q, line, "deprecated-key",
                             strcmp(row->name, "VolatileTmp") == 0
                                             ? "use Tmpfs=/tmp"
                                             : "use UserNS=, UIDMap=, GIDMap=",
                             "%s= is deprecated", row->name);
}

static bool has_one_value(const KeyRow *row) {
        return row->kind == KEY_STRING || row->kind == KEY_BOOL || row->kind == KEY_NUMBER ||
               row->kind == KEY_COMMAND;
}

static void check_repeated(Quadlet *q, guint i, const KeyRow *row) {
        const UnitLine *line = q->section->lines->pdata[i];
        for (guint j = i + 1; has_one_value(row) && j < q->section->lines->len; j++) {
                const UnitLine *later = q->section->lines->pdata[j];
                /* a drop-in is there to change values */
                if (later->key && strcmp(later->key, line->key) == 0 && later->path == line->path) {
                        quadlet_warn(q, line, "repeated-key", "remove one of the lines",
                                     "%s= is set again in line %u, this value is lost", row->name,
                                     later->line);
                        return;
                }
        }
}

static void check_lines(Quadlet *q) {
        for (guint i = 0; q->section && i < q->section->lines->len; i++) {
                const UnitLine *line = q->section->lines->pdata[i];
                const KeyRow *row = line->key ? key_find(q->type->rows, line->key) : NULL;
                if (!row)
                        continue;
                check_line(q, line, row);
                check_repeated(q, i, row);
        }
}

static void check_path(Quadlet *q, const UnitLine *line, const char *path) {
        g_autofree char *absolute = quadlet_absolute_path(q, path);
        if (absolute && !strchr(absolute, '%') && access(absolute, F_OK) < 0)
                quadlet_warn(q, line, "missing-path", NULL, "%s=: there is no '%s'", line->key,
                             absolute);
}

/* Paths that are read relative to the unit file. */
static void check_paths(Quadlet *q) {
        static const char *const keys[] = { "EnvironmentFile", "Yaml", "ConfigMap", "Volume" };
        for (size_t k = 0; k < G_N_ELEMENTS(keys); k++) {
                if (!key_find(q->type->rows, keys[k]))
                        continue;
                g_autoptr(GPtrArray) values = quadlet_values(q, keys[k]);
                bool dotted = strcmp(keys[k], "Volume") == 0;
                for (guint i = 0; i < values->len; i++) {
                        const QuadletValue *value = values->pdata[i];
                        g_autofree char *path =
                                        g_strndup(value->text, dotted ? strcspn(value->text, ":")
                                                                      : strlen(value->text));
                        if (dotted ? path[0] == '.' : !quadlet_is_url(path))
                                check_path(q, value->line, path);
                }
        }
}

typedef struct Pair {
        const char *key;
        const char *value; /* NULL: any */
        const char *other;
        bool needed; /* other has to be there; else it must not */
        const char *text;
} Pair;

static const Pair container_pairs[] = {
        { "Network", "host", "PublishPort", false, "with Network=host ports are not published" },
        { "Network", "none", "PublishPort", false, "with Network=none ports are not published" },
        { "Pod", NULL, "PublishPort", false, "ports of a pod are published by the .pod file" },
        { "Pod", NULL, "Network", false, "the network of a pod is set in the .pod file" },
        { "Pod", NULL, "UserNS", false, "the user namespace of a pod is set in the .pod file" },
        { "Pod", NULL, "IP", false, "the address of a pod is set in the .pod file" },
        { "Notify", "healthy", "HealthCmd", true, "Notify=healthy waits for HealthCmd=" },
        { "HealthInterval", NULL, "HealthCmd", true, "HealthInterval= without HealthCmd=" },
        { "HealthOnFailure", NULL, "HealthCmd", true, "HealthOnFailure= without HealthCmd=" },
        { "HealthStartupCmd", NULL, "HealthCmd", true, "HealthStartupCmd= without HealthCmd=" },
        { "PublishSocket", NULL, "PublishPort", true, "PublishSocket= without PublishPort=" },
        { "Pod", NULL, "PublishSocket", false, "ports of a pod are published by the .pod file" },
        { "StartWithPod", NULL, "Pod", true, "StartWithPod= without Pod=" },
        { "ReadOnlyTmpfs", NULL, "ReadOnly", true, "ReadOnlyTmpfs= without ReadOnly=" },
};

static void check_pairs(Quadlet *q) {
        for (size_t i = 0; q->type->kind == QUADLET_CONTAINER && i < G_N_ELEMENTS(container_pairs);
             i++) {
                const Pair *pair = &container_pairs[i];
                const UnitLine *line = quadlet_line(q, pair->key);
                if (!line || (pair->value && g_ascii_strcasecmp(line->value, pair->value) != 0))
                        continue;
                const UnitLine *other = quadlet_line(q, pair->other);
                if (pair->needed == (other != NULL))
                        continue;
                g_autofree char *hint = g_strdup_printf(
                                pair->needed ? "add %s=" : "remove %s=", pair->other);
                quadlet_warn(q, other ? other : line,
                             pair->needed ? "missing-key" : "conflicting-keys", hint, "%s",
                             pair->text);
        }
}

/* Keys of systemd.exec(5) that shape the file system of a process: a container brings its own, and
 * our launcher runs with '+'. */
static const char *const no_effect[] = {
        "InaccessiblePaths", "PrivateDevices",        "PrivateTmp",           "PrivateUsers",
        "ProtectClock",      "ProtectControlGroups",  "ProtectHome",          "ProtectKernelLogs",
        "ProtectProc",       "ProtectKernelTunables", "ProtectKernelModules", "ProtectSystem",
        "ReadOnlyPaths",     "ReadWritePaths",        "RootDirectory",        "RootImage",
};

static void check_service(Quadlet *q) {
        bool runs = q->type->kind == QUADLET_CONTAINER || q->type->kind == QUADLET_KUBE;
        for (size_t i = 0; runs && i < G_N_ELEMENTS(no_effect); i++) {
                const UnitLine *line = unit_file_last(q->file, "Service", no_effect[i]);
                if (line)
                        quadlet_warn(q, line, "no-effect", "use the keys of the unit type",
                                     "%s= does not reach into a container", no_effect[i]);
        }
        const UnitLine *start = unit_file_last(q->file, "Service", "ExecStart");
        const UnitLine *type = unit_file_last(q->file, "Service", "Type");
        if (start && !(type && strcmp(type->value, "oneshot") == 0))
                quadlet_error(q, start, "conflicting-keys", "remove ExecStart=",
                              "ExecStart= is made from this file; systemd refuses a second one");
}

static gint compare(gconstpointer a, gconstpointer b) {
        const Diagnostic *x = *(const Diagnostic *const *) a;
        const Diagnostic *y = *(const Diagnostic *const *) b;
        int r = strcmp(x->path, y->path);
        if (r != 0)
                return r;
        if (x->line != y->line)
                return x->line < y->line ? -1 : 1;
        if (x->column != y->column)
                return x->column < y->column ? -1 : 1;
        return strcmp(x->text, y->text);
}

static void take(Diagnostics *all, const Diagnostics *from) {
        for (guint i = 0; i < from->items->len; i++) {
                const Diagnostic *d = from->items->pdata[i];
                diagnostics_add(all, d->severity, d->code, d->path, d->line, d->column,
                                d->suggestion, "%s", d->text);
        }
}

Diagnostics *lint(QuadletSet *set, LintTarget target, GHashTable *paths) {
        g_autoptr(Output) output = output_make(set);
        Diagnostics *all = diagnostics_new();
        take(all, set->diagnostics);
        for (guint i = 0; i < set->items->len; i++) {
                Quadlet *q = set->items->pdata[i];
                if (paths && !g_hash_table_contains(paths, q->path))
                        continue;
                check_target(q, target);
                check_sections(q);
                check_lines(q);
                check_paths(q);
                check_pairs(q);
                check_service(q);
                take(all, q->diagnostics);
        }
        g_ptr_array_sort(all->items, compare);
        return all;
}
