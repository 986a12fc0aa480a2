/* SPDX-License-Identifier: Apache-2.0 */
/* Mount=: comma-separated options, where source= may name a unit or a relative path. */
#include "generator/mount.h"

#include <string.h>

#include "generator/reference.h"

static bool take_quoted(const char **at, GString *field) {
        const char *p = *at + 1;
        for (; *p; p++) {
                if (*p != '"') {
                        g_string_append_c(field, *p);
                        continue;
                }
                if (p[1] != '"')
                        break;
                g_string_append_c(field, '"');
                p++;
        }
        if (*p != '"' || (p[1] != '\0' && p[1] != ','))
                return false;
        *at = p + 1;
        return true;
}

GPtrArray *csv_split(const char *text) {
        g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(g_free);
        for (const char *at = text;;) {
                g_autoptr(GString) field = g_string_new(NULL);
                if (*at == '"') {
                        if (!take_quoted(&at, field))
                                return NULL;
                } else {
                        size_t n = strcspn(at, ",");
                        if (memchr(at, '"', n))
                                return NULL;
                        g_string_append_len(field, at, (gssize) n);
                        at += n;
                }
                g_ptr_array_add(fields, g_string_free(g_steal_pointer(&field), FALSE));
                if (*at == '\0')
                        return g_steal_pointer(&fields);
                at++;
        }
}

char *csv_join(const GPtrArray *fields) {
        GString *text = g_string_new(NULL);
        for (guint i = 0; i < fields->len; i++) {
                const char *field = fields->pdata[i];
                if (i > 0)
                        g_string_append_c(text, ',');
                if (!strpbrk(field, ",\"\n\r") && field[0] != ' ') {
                        g_string_append(text, field);
                        continue;
                }
                g_string_append_c(text, '"');
                for (const char *p = field; *p; p++) {
                        if (*p == '"')
                                g_string_append_c(text, '"');
                        g_string_append_c(text, *p);
                }
                g_string_append_c(text, '"');
        }
        return g_string_free(text, FALSE);
}

static bool has_name(const char *field, const char *name) {
        size_t n = strlen(name);
        return strncmp(field, name, n) == 0 && (field[n] == '=' || field[n] == '\0');
}

static bool is_source(const char *field) {
        return has_name(field, "source") || has_name(field, "src");
}

/* The type of the mount; its field is taken out. */
static char *take_type(GPtrArray *fields) {
        for (guint i = 0; i < fields->len; i++) {
                const char *field = fields->pdata[i];
                if (!g_str_has_prefix(field, "type="))
                        continue;
                char *type = g_strdup(field + strlen("type="));
                g_ptr_array_remove_index(fields, i);
                return type;
        }
        return g_strdup("volume");
}

static bool resolve_source(Quadlet *q, GPtrArray *fields, const char *type, const UnitLine *line) {
        for (guint i = 0; i < fields->len; i++) {
                const char *field = fields->pdata[i];
                if (!is_source(field))
                        continue;
                const char *equal = strchr(field, '=');
                if (!equal || equal[1] == '\0') {
                        quadlet_error(q, line, "invalid-value", NULL,
                                      "source parameter does not include a value");
                        return false;
                }
                g_autofree char *source = reference_source(q, equal + 1, true, line);
                if (!source)
                        return false;
                g_free(fields->pdata[i]);
                fields->pdata[i] = g_strconcat("source=", source, NULL);
                return true;
        }
        if (strcmp(type, "volume") == 0)
                return true; /* an anonymous volume */
        quadlet_error(q, line, "invalid-value", "add source=", "Mount= of type %s has no source",
                      type);
        return false;
}

char *mount_resolve(Quadlet *q, const char *value, const UnitLine *line) {
        static const char *const resolved_types[] = { "volume", "bind",     "glob",
                                                      "image",  "artifact", NULL };
        g_autoptr(GPtrArray) fields = csv_split(value);
        if (!fields) {
                quadlet_error(q, line, "invalid-value", "write a quote inside quotes twice",
                              "Mount= is not in CSV form: %s", value);
                return NULL;
        }
        g_autofree char *type = take_type(fields);
        if (!g_strv_contains(resolved_types, type))
                return g_strdup(value);
        if (!resolve_source(q, fields, type, line))
                return NULL;
        g_ptr_array_insert(fields, 0, g_strconcat("type=", type, NULL));
        return csv_join(fields);
}
